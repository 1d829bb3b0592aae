"""Train the network that tells what a printed box holds: `python -m models.train_contents DIR`.

It learns from drawn combs, one of whose boxes is crossed out, and from those of drawn forms, half of either
with MNIST's digits, those that the networks of digits hold back left out. What it is calibrated on are
further combs with these. Interrupted, it goes on with --resume.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras
import numpy as np

from models.calibrate import fit_temperature
from models.cards import write_card
from models.drawn_boxes import gather_boxes
from models.drawn_forms import gather_comb_boxes
from models.export import export_crops
from models.labelled import Crops, hold_back, join
from models.learner import make_learner
from models.material import WORKERS, Glyphs
from models.mnist import load_mnist
from models.networks import build_network
from models.packing import rounded, save_packed
from models.recipe import Recipe, parse_layers
from models.training import Row, fit, measure, predict
from pipeline.strings.classify import CONTENTS

HELD_COMBS, HELD_FORMS, HELD_SEED, HELD_FORMS_SEED = 1_500, 60, 6_000_001, 6_500_001
FORMS_SEED = 5_000  # and more
LAYERS = "24-48s-48-96s-96-96"
OF_OTHERS = ("strips", "pages")  # of a recipe, what other networks learn from
# Of the boxes with ink on forms so many hold each digit, are void, hold a digit that was struck.
USUAL = (*[0.095] * 10, 0.03, 0.02)


class _Teller:
    """Prints a line for every epoch."""

    def begin(self, epochs: int, steps: int, rows: list[Row]) -> None:
        """See `Watcher`."""
        print(f"{epochs} epochs of {steps} steps, {len(rows)} of them done before", flush=True)

    def step(self, done: int, loss: float, accuracy: float) -> None:
        """See `Watcher`."""

    def epoch(self, row: Row) -> None:
        """See `Watcher`."""
        print(" ".join(f"{name} {value}" for name, value in row.items()), flush=True)


def train_contents(
    directory: Path, digits: Crops, combs: int, forms: int, recipe: Recipe, resume: bool
) -> dict[str, Any]:
    """Train into `directory`: network.keras, its exports, card.json; the card is returned.

    digits : to lay into half of the combs, MNIST's training part. resume : as of `fit`.
    """
    started = time.monotonic()
    directory.mkdir(parents=True, exist_ok=True)
    kept, held = (Glyphs(part.x, part.y) for part in hold_back(digits))
    seeds, held_seeds = (recipe.seed, FORMS_SEED + recipe.seed), (HELD_SEED, HELD_FORMS_SEED)
    crops = _gather(seeds, combs, forms, kept)
    watched = _gather(held_seeds, min(HELD_COMBS, combs), min(HELD_FORMS, forms), held)
    keras.utils.set_random_seed(recipe.seed)
    layers, depth = parse_layers(recipe.layers), crops.x.shape[-1]
    network = build_network(recipe.network, recipe.activation, len(CONTENTS), layers, depth)
    learner = make_learner(network, recipe.precision)
    history = fit(learner, crops, watched, recipe, directory / "resume", _Teller(), resume=resume)
    network.set_weights(rounded(learner))
    save_packed(network, directory / "network.keras")
    export_crops(network, directory)
    logits = predict(network, watched.x)
    card = {
        "name": directory.name,
        "network": "contents",
        "parameters": int(network.count_params()),
        "inputs": "28x28, layers: writing in a printed box, print around it, darkness of both; as 0..1",
        "classes": list(CONTENTS),
        "met": np.bincount(crops.y, minlength=len(CONTENTS)).tolist(),
        "usual": list(USUAL),
        "temperature": round(fit_temperature(logits, watched.y), 4),
        "held_back": {"boxes": len(watched)} | measure(logits, watched.y),
        "command": f"python -m models.train_contents DIR --combs {combs} --forms {forms}"
        f" --epochs {recipe.epochs} --seed {recipe.seed}",
        "recipe": {name: value for name, value in asdict(recipe).items() if name not in OF_OTHERS},
        "history": history.rows,
        "seconds": round(time.monotonic() - started),
    }
    write_card(directory, card)
    return card


def _gather(seeds: tuple[int, int], combs: int, forms: int, glyphs: Glyphs) -> Crops:
    crossed = gather_boxes(seeds[0], combs, glyphs, WORKERS)
    return join(crossed, gather_comb_boxes(seeds[1], forms, glyphs, WORKERS))


def make_parser() -> argparse.ArgumentParser:
    """What the command line takes."""
    parser = argparse.ArgumentParser(prog="python -m models.train_contents", description=__doc__)
    parser.add_argument("directory", type=Path, help="folder of the network")
    parser.add_argument("--mnist", type=Path, help="mnist.npz; without it Keras's cache or download")
    parser.add_argument("--combs", type=int, default=36_000)
    parser.add_argument("--forms", type=int, default=1_800)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--resume", action="store_true")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    options = make_parser().parse_args(arguments)
    mnist = load_mnist(options.mnist)
    recipe = Recipe(
        layers=LAYERS, epochs=options.epochs, optimizer="muon", precision="bfloat16", seed=options.seed
    )
    digits = Crops(mnist.x_train, mnist.y_train)
    told = train_contents(options.directory, digits, options.combs, options.forms, recipe, options.resume)
    print(json.dumps({name: told[name] for name in ("temperature", "held_back", "seconds")}))


if __name__ == "__main__":
    main()
