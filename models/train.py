"""Train the network that reads crops: `python -m models.train`.

MNIST and the crops of rendered strips together, ten digits and not-a-digit. A part of the MNIST
training set and strips of their own seed are held back for the temperature; the MNIST test set is
looked at once, at the end.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from models.augment import MILD, augment
from models.calibrate import calibration_error, fit_temperature
from models.classifier import CARD, NETWORK, softmax
from models.export import export
from models.material import Glyphs, gather_crops
from models.mnist import Mnist, load_mnist
from models.networks import cnn
from pipeline.decode import JUNK
from pipeline.document import Image

HELD_BACK = 5_000  # MNIST training digits that no weight is fitted on
HELD_STRIPS = 1_000
SPLIT_SEED = 0
MNIST_SHARE = 2  # times that MNIST is shown for every time a strip's crop is


@dataclass(frozen=True)
class Recipe:
    """How a network is trained; written into its card.

    strips : rendered strips that are cut into crops. epochs : passes over MNIST and all crops.
    batch : crops a step. rate : peak learning rate, warmed up over the first twentieth and then
    brought to zero along a cosine. decay : of the weights (AdamW; Loshchilov and Hutter, 2019).
    """

    strips: int = 30_000
    epochs: int = 7
    batch: int = 256
    rate: float = 3e-3
    decay: float = 0.01
    seed: int = 1


@dataclass(frozen=True, eq=False)
class Crops:
    """Crops (N, 28, 28) uint8 with their labels (N,) int64."""

    x: Image
    y: NDArray[np.int64]


class Augmented(keras.utils.PyDataset):  # type: ignore[misc]
    """Shuffled batches of varied crops, anew each epoch; the same for the same seed."""

    def __init__(self, crops: Crops, batch: int, seed: int) -> None:
        super().__init__(workers=1, use_multiprocessing=False, max_queue_size=8)
        self._crops, self._batch, self._seed, self._epoch = crops, batch, seed, 0
        self._order = np.random.default_rng([seed, 0]).permutation(len(crops.x))

    def __len__(self) -> int:
        return len(self._crops.x) // self._batch

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        rng = np.random.default_rng([self._seed, self._epoch, index])
        rows = self._order[index * self._batch : (index + 1) * self._batch]
        return to_input(augment(self._crops.x[rows], rng, MILD)), self._crops.y[rows]

    def on_epoch_end(self) -> None:
        self._epoch += 1
        self._order = np.random.default_rng([self._seed, self._epoch]).permutation(len(self._crops.x))


def to_input(crops: Image) -> NDArray[np.float32]:
    """(N, 28, 28) uint8 to (N, 28, 28, 1) float32 in 0..1, as the network takes it."""
    return crops[..., None].astype(np.float32) / np.float32(255.0)


def split_mnist(mnist: Mnist) -> tuple[Crops, Crops]:
    """The training part and the part held back, by a fixed seed."""
    order = np.random.default_rng(SPLIT_SEED).permutation(len(mnist.x_train))
    held, kept = order[:HELD_BACK], order[HELD_BACK:]
    return Crops(mnist.x_train[kept], mnist.y_train[kept]), Crops(mnist.x_train[held], mnist.y_train[held])


def gather(digits: Crops, strips: int, seed: int) -> Crops:
    """Crops of `strips` strips drawn with `seed`, composed ones out of `digits`."""
    return Crops(*gather_crops(seed, strips, Glyphs(digits.x, digits.y), os.cpu_count() or 1))


def fit(crops: Crops, recipe: Recipe, checkpoint: Path) -> tuple[keras.Model, dict[str, list[float]]]:
    """Train a new network on `crops`; the weights after each epoch are kept in `checkpoint`."""
    keras.utils.set_random_seed(recipe.seed)
    network = cnn()
    batches = Augmented(crops, recipe.batch, recipe.seed)
    steps = len(batches) * recipe.epochs
    warm = max(1, steps // 20)
    schedule = keras.optimizers.schedules.CosineDecay(
        recipe.rate / 10, steps - warm, warmup_target=recipe.rate, warmup_steps=warm
    )
    network.compile(
        optimizer=keras.optimizers.AdamW(
            schedule, weight_decay=recipe.decay, use_ema=True, ema_momentum=0.999
        ),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    keep = keras.callbacks.ModelCheckpoint(str(checkpoint), save_weights_only=True)
    history = network.fit(batches, epochs=recipe.epochs, verbose=2, callbacks=[keep])
    return network, {k: [round(float(v), 5) for v in values] for k, values in history.history.items()}


def evaluate(network: keras.Model, digits: Crops, temperature: float) -> dict[str, float]:
    """Accuracy over the ten digits and calibration error on single digits."""
    logits = network.predict(to_input(digits.x), batch_size=512, verbose=0)
    proba = softmax(logits / np.float32(temperature))[:, :JUNK].astype(np.float64)
    proba /= proba.sum(axis=1, keepdims=True)
    right = proba.argmax(axis=1) == digits.y
    return {
        "accuracy": round(float(right.mean()), 5),
        "size": len(digits.y),
        "calibration_error": round(calibration_error(proba.max(axis=1), right), 5),
    }


def tell_junk(network: keras.Model, crops: Crops, temperature: float) -> dict[str, float]:
    """On crops with scraps: share of digits named right, and of scraps called digits at 1 % lost digits."""
    proba = softmax(network.predict(to_input(crops.x), batch_size=512, verbose=0) / np.float32(temperature))
    digit = crops.y < JUNK
    named = proba[digit, :JUNK].argmax(axis=1) == crops.y[digit]
    limit = float(np.quantile(proba[digit, JUNK], 0.99))
    return {
        "digits": int(digit.sum()),
        "digit_accuracy": round(float(named.mean()), 5),
        "scraps": int((~digit).sum()),
        "scraps_called_digits_at_1pct_lost": round(float((proba[~digit, JUNK] <= limit).mean()), 5),
    }


def train(mnist: Mnist, recipe: Recipe, out: Path) -> dict[str, Any]:
    """Train, calibrate, evaluate and export a network into `out`; returns what its card says."""
    out.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    kept, held = split_mnist(mnist)
    strips = gather(kept, recipe.strips, recipe.seed)
    print(f"{len(kept.x)} MNIST digits, {len(strips.x)} crops of {recipe.strips} strips", flush=True)
    parts = [kept] * MNIST_SHARE + [strips]
    both = Crops(np.concatenate([part.x for part in parts]), np.concatenate([part.y for part in parts]))
    network, history = fit(both, recipe, out / "checkpoint.weights.h5")
    held_strips = gather(held, HELD_STRIPS, recipe.seed + 1_000_000)
    logits = network.predict(to_input(np.concatenate([held.x, held_strips.x])), batch_size=512, verbose=0)
    temperature = fit_temperature(logits, np.concatenate([held.y, held_strips.y]))
    bare = cnn()
    bare.set_weights(network.get_weights())
    bare.save(out / "network.keras")  # without the optimizer, which is twice its size
    export(network, out / NETWORK)
    (out / "checkpoint.weights.h5").unlink(missing_ok=True)
    card = {
        "name": out.name,
        "network": "cnn",
        "parameters": int(network.count_params()),
        "inputs": "28x28 grey, ink bright on black, MNIST's normalization; scaled to 0..1, not standardised",
        "classes": [*map(str, range(10)), "not-a-digit"],
        "data": {
            "mnist_train": len(kept.x),
            "strip_crops": len(strips.x),
            "held_back_mnist": len(held.x),
            "held_back_strip_crops": len(held_strips.x),
        },
        "recipe": asdict(recipe),
        "command": "python -m models.train " + " ".join(f"--{k} {v}" for k, v in asdict(recipe).items()),
        "temperature": round(temperature, 4),
        "mnist_test": evaluate(network, Crops(mnist.x_test, mnist.y_test), temperature),
        "held_back_strips": tell_junk(network, held_strips, temperature),
        "history": history,
        "seconds": math.ceil(time.monotonic() - started),
        "versions": {
            name: version(name) for name in ("tensorflow", "keras", "numpy", "opencv-python-headless")
        }
        | {"python": platform.python_version()},
    }
    (out / CARD).write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    return card


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m models.train", description=__doc__)
    parser.add_argument("-o", "--out", type=Path, default=Path("runs/digits"), help="folder of the model")
    parser.add_argument("--mnist", type=Path, help="mnist.npz; without it Keras's cache or download")
    for name, value in asdict(Recipe()).items():
        parser.add_argument(f"--{name}", type=type(value), default=value)
    options = vars(parser.parse_args(arguments))
    out, mnist = options.pop("out"), load_mnist(options.pop("mnist"))
    card = train(mnist, Recipe(**options), out)
    print(
        json.dumps({key: card[key] for key in ("mnist_test", "held_back_strips", "temperature", "seconds")})
    )


if __name__ == "__main__":
    main()
