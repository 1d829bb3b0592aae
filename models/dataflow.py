"""The flow of the data through a training, stage by stage: what happens, shapes, one example."""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np

from models.augment import MILD, augment
from models.labelled import Crops
from models.network import softmax
from models.page_pictures import vary
from models.recipe import Recipe
from models.training import Batches, predict, to_input
from pipeline.document import Image

EXAMPLE = 0  # the crop that every stage shows
WIDTH = 8  # pixels of its row that are shown


@dataclass(frozen=True)
class Stage:
    """One stage: what it does, the shape that goes in and the one that comes out, one example."""

    name: str
    does: str
    given: str
    made: str
    example: str


@dataclass(frozen=True, eq=False)
class Parts:
    """Crops by what they are for: to learn from, held back from that, to test with at the end.

    extra : further crops to learn from that were made for it.
    """

    name: str
    train: Crops
    held: Crops
    test: Crops
    extra: Crops | None = None


def trace_flow(parts: Parts, recipe: Recipe, network: keras.Model) -> list[Stage]:
    """The stages of training `network` (not trained yet) by `recipe` on `parts`."""
    first = parts.train[EXAMPLE : EXAMPLE + 1]
    row, left = _inked_part(first.x[0])
    given, held, test = len(parts.train), len(parts.held), len(parts.test)
    return [
        _load_stage(parts, first, row, left),
        Stage(
            "scale",
            "divide by 255; no pixel by its own mean and spread",
            f"{_shape('N', *first.x.shape[1:])} uint8",
            f"{_shape('N', *to_input(first.x).shape[1:])} float32",
            _numbers(to_input(first.x)[0, row, left : left + WIDTH, 0]),
        ),
        _shape_stage(first, recipe, row, left),
        Stage(
            "split",
            "by seed; the test part is looked at once, at the end" if held else "test part as it came",
            f"({given + held + test}, ...)",
            f"({given}, ...) ({held}, ...) ({test}, ...)",
            f"{given} to learn from, {held} held back, {test} to test",
        ),
        _train_stage(parts, recipe, network),
        predict_stage(network, parts.test, "before training"),
    ]


def _load_stage(parts: Parts, first: Crops, row: int, left: int) -> Stage:
    pixels = _first_channel(first.x[0])[row, left : left + WIDTH]
    count = len(parts.train) + len(parts.held) + len(parts.test)
    return Stage(
        "load",
        parts.name,
        "files",
        f"{_shape(count, *first.x.shape[1:])} uint8",
        f"{_called(first)}; row {row + 1}, from column {left + 1}: {_numbers(pixels)}",
    )


def _train_stage(parts: Parts, recipe: Recipe, network: keras.Model) -> Stage:
    steps = len(Batches(parts.train, recipe))
    return Stage(
        "train",
        f"{recipe.epochs} epochs of {steps} steps; crossentropy, {_optimizer(recipe)}",
        _shape(recipe.batch, *network.input.shape[1:]),
        f"({recipe.batch}, {network.output.shape[1]}) scores",
        f"{network.count_params()} weights, changed {recipe.epochs * steps} times",
    )


def predict_stage(network: keras.Model, test: Crops, when: str) -> Stage:
    """What `network` says of the first test crop."""
    proba = softmax(predict(network, test.x[:1]))[0]
    order = np.argsort(-proba, kind="stable")[:3]
    shown = ", ".join(f"{test.classes[k]} {proba[k]:.1%}" for k in order)
    return Stage(
        "predict",
        "softmax of the scores; the greatest is the answer",
        _shape(1, *network.input.shape[1:]),
        f"(1, {len(proba)})",
        f"{_called(test)}, {when}: {shown}",
    )


def _shape_stage(first: Crops, recipe: Recipe, row: int, left: int) -> Stage:
    if recipe.augmented and first.x.ndim == 4:
        varied, labels = vary(first.x, first.y, first.classes, np.random.default_rng([recipe.seed, 0, 0]))
        return Stage(
            "augment",
            "each time anew: quarter turns, which change the label where it tells the way up, flips where it "
            "does not, a few degrees, size, place, light, colour, noise",
            _shape(*first.x.shape[1:]),
            _shape(*first.x.shape[1:]),
            f"{_called(Crops(varied, labels, first.classes))}; "
            + _numbers(to_input(varied)[0, row, left : left + WIDTH, 0]),
        )
    if recipe.augmented:
        varied = augment(first.x, np.random.default_rng([recipe.seed, 0, 0]), MILD)
        return Stage(
            "augment",
            f"each time anew: turn up to {MILD.rotation:g} degrees, shear, zoom, shift up to "
            f"{MILD.shift:g} pixels, thicker or thinner",
            "(28, 28, 1)",
            "(28, 28, 1)",
            _numbers(to_input(varied)[0, row, left : left + WIDTH, 0]),
        )
    column = left + 1  # the first inked one
    return Stage(
        "flatten",
        "row after row; done by the network's first layer",
        "(28, 28, 1)",
        "(784,)",
        f"row {row + 1}, column {column + 1} becomes number {28 * row + column + 1}: "
        f"{first.x[0, row, column] / 255:.2f}",
    )


def _optimizer(recipe: Recipe) -> str:
    name = {"adam": "Adam", "adamw": "AdamW", "muon": "Muon"}[recipe.optimizer]
    return f"{name}, rate {'up to ' if recipe.cosine else ''}{recipe.rate:g}"


def _inked_part(crop: Image) -> tuple[int, int]:
    """The row with the most ink, and the column one before its first: there paper and ink meet.

    Of a picture in colour the row in the middle, and the first column that is not black.
    """
    if crop.ndim == 3:
        row = crop.shape[0] // 2
        return row, min(int((_first_channel(crop)[row] > 0).argmax()), crop.shape[1] - WIDTH)
    row = int(crop.sum(axis=1, dtype=np.int64).argmax())
    first = int((crop[row] > 0).argmax())
    return row, min(max(first - 1, 0), crop.shape[1] - WIDTH)


def _first_channel(picture: Image) -> Image:
    """The picture itself, or the blue of one in colour."""
    return picture if picture.ndim == 2 else picture[:, :, 0]


def _called(crops: Crops) -> str:
    """What the first of the crops is."""
    name = crops.classes[int(crops.y[0])]
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _shape(*sizes: object) -> str:
    return f"({', '.join(map(str, sizes))})"


def _numbers(values: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> str:
    return " ".join(f"{v:.2f}" if values.dtype.kind == "f" else str(v) for v in values.tolist())
