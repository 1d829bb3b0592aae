"""Train the network that reads whole lines: `python -m models.train_line DIR`, DIR a model of crops.

It learns from drawn strips, from strips composed of MNIST's digits, those that the network of crops
holds back left out, and from numbers and single digits in the frames of drawn forms. Interrupted, it
goes on where it stopped when called again.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import keras
import numpy as np

from models.calibrate import fit_temperature
from models.cards import write_card
from models.classifier import CARD, LINE_NETWORK
from models.digit_pair import pair_logits
from models.fit_reader import held_back
from models.labelled import Crops, hold_back
from models.learner import make_learner
from models.line_data import Line, gather_form_lines, gather_lines
from models.line_files import save_line_network
from models.line_layers import build_line_network
from models.line_network import LineNetwork
from models.line_training import LineBatches, ctc_loss, exact_rate, line_optimizer
from models.material import WORKERS, Glyphs
from models.mean_network import mean_weights, settle
from models.mnist import load_mnist
from models.network import Network
from pipeline.strings.picture import MAX_WIDTH

PART = 30_000  # strips drawn from one seed
HELD_STRIPS, HELD_SEED = 2_000, 2_000_001


@dataclass(frozen=True)
class LineRecipe:
    """How the network is trained.

    strips, forms : drawn. epochs, batch : as usual. rate : of learning at its peak; it is warmed up over a
        twentieth of the steps and then brought to zero along a cosine.
    averaged : momentum of the running mean of the weights that is kept.
    precision : of the arithmetic, `bfloat16` or `float32`; weights are float32 in either.
    start : a line.keras to go on from; a new network where it is empty.
    share : of what is reached in the weights that are kept; the rest is the start's. The mean of both reads
        unknown hands better than either (Wortsman et al., Robust fine-tuning of zero-shot models, 2022).
        Raises ValueError where it is not 1 and there is no start.
    """

    strips: int = 240_000
    forms: int = 4_000
    epochs: int = 6
    batch: int = 64
    rate: float = 2e-3
    decay: float = 0.01
    averaged: float = 0.998
    precision: str = "bfloat16"
    seed: int = 11
    start: str = ""
    share: float = 1.0

    def __post_init__(self) -> None:
        if self.share != 1.0 and not self.start:
            raise ValueError("--share: there is no start to keep a share of; give --start, or a share of 1")


def draw_data(recipe: LineRecipe, train: Glyphs, held: Glyphs) -> tuple[list[Line], list[Line]]:
    """Lines to learn from and lines held back; those too wide to be drawn in full are not learned from."""
    lines: list[Line] = []
    for part, first in enumerate(range(0, recipe.strips, PART)):
        count = min(PART, recipe.strips - first)
        lines += gather_lines(recipe.seed + part, count, train, WORKERS)
    lines += gather_form_lines(recipe.seed, recipe.forms, train, WORKERS)
    kept = [line for line in lines if line.picture.shape[1] < MAX_WIDTH]
    return kept, gather_lines(HELD_SEED, min(HELD_STRIPS, recipe.strips), held, WORKERS)


class _Notes(keras.callbacks.Callback):  # type: ignore[misc]
    """After each epoch how much of the held-back lines the mean of the weights reads, printed and kept."""

    def __init__(self, held: Sequence[Line], path: Path) -> None:
        super().__init__()
        self._held, self._path = held, path

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._started = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        seconds = round(time.monotonic() - self._started)
        swap = keras.callbacks.SwapEMAWeights()
        swap.set_model(self.model)
        swap.on_test_begin()
        exact = exact_rate(self.model, self._held)
        swap.on_test_end()
        row = {"epoch": epoch + 1, "loss": round((logs or {})["loss"], 4), "held_back_exact": round(exact, 4)}
        row["seconds"] = seconds
        rows = [*read_rows(self._path), row]
        self._path.write_text("".join(json.dumps(each) + "\n" for each in rows), encoding="utf-8")
        print(" ".join(f"{name} {value}" for name, value in row.items()), flush=True)


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The epochs that are noted."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


def train_line(directory: Path, digits: Crops, recipe: LineRecipe) -> dict[str, Any]:
    """Train into `directory`: line.keras, line.tflite, and its part of card.json.

    digits : to compose strips of, MNIST's training part.
    """
    started = time.monotonic()
    kept, held = hold_back(digits, held_back(directory))
    lines, watched = draw_data(recipe, Glyphs(kept.x, kept.y), Glyphs(held.x, held.y))
    keras.utils.set_random_seed(recipe.seed)
    plain = build_line_network()
    if recipe.start:
        plain.set_weights(keras.models.load_model(recipe.start, compile=False).get_weights())
    network = make_learner(plain, recipe.precision)
    batches = LineBatches(lines, recipe.batch, recipe.seed)
    network.compile(
        optimizer=line_optimizer(recipe.rate, len(batches) * recipe.epochs, recipe.averaged, recipe.decay),
        loss=ctc_loss,
    )
    state = directory / "resume-line"
    notes = _Notes(watched, state / "epochs.jsonl")
    state.mkdir(exist_ok=True)
    keras_state = keras.callbacks.BackupAndRestore(state / "state", delete_checkpoint=False)
    network.fit(batches, epochs=recipe.epochs, verbose=0, shuffle=False, callbacks=[keras_state, notes])
    reached, rest = network.get_weights(), 1.0 - recipe.share
    plain.set_weights(mean_weights([reached, plain.get_weights()], [recipe.share, rest]))
    settle(plain, LineBatches(lines, recipe.batch, recipe.seed, first_wide=False))
    rows = read_rows(state / "epochs.jsonl")
    told = finish(directory, plain, watched, held, recipe) | {"history": rows}
    told |= {"lines": len(lines), "seconds": round(time.monotonic() - started)}
    card = json.loads((directory / CARD).read_text("utf-8"))
    if recipe.start:
        told["before"] = card.get("line")
    card["line"] = told
    write_card(directory, card)
    return told


def finish(
    directory: Path,
    network: keras.Model,
    held: Sequence[Line],
    digits: Crops,
    recipe: LineRecipe,
) -> dict[str, Any]:
    """Save and export a trained float32 network; what its card says of it.

    held, digits : lines and single digits that no network learned from.
    """
    network = save_line_network(network, directory)
    options = " ".join(f"--{name} {value}" for name, value in asdict(recipe).items() if value != "")
    return {
        "command": f"python -m models.train_line DIR {options}",
        "parameters": int(network.count_params()),
        "digit_temperature": round(digit_temperature(directory, digits), 4),
        "held_back_lines": len(held),
        "held_back_exact": round(exact_rate(network, held), 4),
        "recipe": asdict(recipe),
    }


def digit_temperature(directory: Path, digits: Crops) -> float:
    """How far what both networks say of a digit must be softened; 2 where one repeats the other."""
    lines = LineNetwork((directory / LINE_NETWORK).read_bytes())
    logits = pair_logits(Network(directory).predict_proba(digits.x), lines, digits.x)
    return fit_temperature(logits.astype(np.float32), digits.y)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m models.train_line", description=__doc__)
    parser.add_argument("directory", type=Path, help="folder of a trained model of crops")
    parser.add_argument("--mnist", type=Path, help="mnist.npz; without it Keras's cache or download")
    for field in fields(LineRecipe):
        parser.add_argument(f"--{field.name}", type=type(field.default), default=field.default)
    options = vars(parser.parse_args(arguments))
    directory, path = options.pop("directory"), options.pop("mnist")
    try:
        recipe = LineRecipe(**options)
    except ValueError as error:
        parser.error(str(error))
    mnist = load_mnist(path)
    told = train_line(directory, Crops(mnist.x_train, mnist.y_train), recipe)
    print(f"{told['held_back_exact']:.1%} of {told['held_back_lines']} held-back lines exact")


if __name__ == "__main__":
    main()
