"""Forms drawn and cut as forms are read: what networks see of combs and framed numbers, and their values."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from models.classifier import Model
from models.labelled import Crops
from models.material import Glyphs, each_shard, split
from pipeline.document import Image, Page
from pipeline.forms.cut import cut_form
from pipeline.forms.layout import load_form
from pipeline.strings.classify import CONTENTS, Seen, see_groups
from pipeline.strings.lattice import Lattice
from pipeline.strings.normalize import SIDE
from sample_scans.combs import Digits
from sample_scans.number_forms import draw_number_form

SHARD = 25  # forms that one process draws at a time
WRITTEN = 0.5  # share of the pages on which given digits stand in the combs, the pen's on the others
# Share of the drawn fields that are taken, by where the writing stands: people seldom write over lines.
USUAL = {"inside": 1.0, "on a line": 0.5, "over a line": 0.2}
ALL = dict.fromkeys(USUAL, 1.0)  # to learn to read them, which the seldom ones need most

Part = TypeVar("Part")
Labelled = tuple[Image, NDArray[np.int64]]


@dataclass(frozen=True, eq=False)
class DrawnField:
    """A field of a drawn form: its written lattices, one of a number, one a box of a comb, and its value."""

    boxed: bool
    lattices: tuple[Lattice, ...]
    value: str


def draw_fields(
    keep: Callable[[DrawnField], Part | None],
    seed: int,
    pages: int,
    glyphs: Glyphs | None,
    workers: int = 1,
    taken: Mapping[str, float] = USUAL,
) -> list[Part]:
    """What `keep` makes of the fields of so many drawn forms, those that are found.

    keep : a function of a module, called where the field is drawn; what it gives None for is left out.
    glyphs : digits that are laid into the combs of half of the pages; without them the pen writes on all.
    workers : processes; any number draws the same.
    taken : share of the fields that are taken, by where the writing stands.
    """
    draw = partial(_draw_shard, keep, taken)
    parts = each_shard(draw, split(seed, pages, glyphs, SHARD), workers)
    return [part for parts_of_shard in parts for part in parts_of_shard]


def draw_combs(seed: int, pages: int, glyphs: Glyphs | None, workers: int = 1) -> list[DrawnField]:
    """The combs of so many drawn forms, as often written inside, on and over lines as people do."""
    return draw_fields(_comb, seed, pages, glyphs, workers)


def gather_digits(seed: int, pages: int, glyphs: Glyphs | None, workers: int) -> Labelled:
    """The digits in the combs of so many drawn forms: crops (N, 28, 28) uint8 and labels 0..9 (N,)."""
    return _joined(draw_fields(_digits, seed, pages, glyphs, workers, ALL), (SIDE, SIDE))


def _draw_shard(
    keep: Callable[[DrawnField], Part | None],
    taken: Mapping[str, float],
    shard: tuple[int, int, int, Glyphs | None],
) -> list[Part]:
    seed, first, count, glyphs = shard
    cv2.setNumThreads(1)
    numbers = range(first, first + count)
    fields = (field for number in numbers for field in _draw_form((seed, number), glyphs, taken))
    return [part for part in map(keep, fields) if part is not None]


def _draw_form(
    seed: tuple[int, int], glyphs: Glyphs | None, taken: Mapping[str, float]
) -> Iterator[DrawnField]:
    rng = np.random.default_rng(seed)
    given = pictures_of(glyphs) if glyphs is not None and rng.random() < WRITTEN else None
    with tempfile.TemporaryDirectory() as folder:
        page, fields = draw_number_form(rng, Path(folder), given)
        form = load_form(Path(folder) / "form.toml")
    cut = cut_form(Page(f"page {seed[1]}", 1, page), (form,))
    for field, drawn in zip(cut.fields, fields, strict=False):
        boxed, lattices = drawn.kind == "comb", tuple(lattice for lattice in field.lattices if lattice.size)
        if rng.random() < taken[drawn.place] and len(lattices) == (len(drawn.value) if boxed else 1):
            yield DrawnField(boxed, lattices, drawn.value)


def pictures_of(glyphs: Glyphs) -> Digits:
    """Gives pictures of a number's digits, each one at random of its class."""

    def give(rng: np.random.Generator, value: str) -> Sequence[Image]:
        return [picture for picture, _ in glyphs.write(rng, value)]

    return give


def gather_comb_boxes(seed: int, pages: int, glyphs: Glyphs | None, workers: int) -> Crops:
    """The boxes of the combs of so many drawn forms as (N, 28, 28, 3) uint8, with their digits."""
    drawn = _joined(draw_fields(_boxes, seed, pages, glyphs, workers, ALL), (SIDE, SIDE, 3))
    return Crops(*drawn, CONTENTS)


def _joined(parts: Sequence[Labelled], shape: tuple[int, ...]) -> Labelled:
    """All pictures, each of that shape, and all labels; there may be none."""
    nothing = np.zeros((0, *shape), np.uint8), np.zeros(0, np.int64)
    pictures, labels = zip(nothing, *parts, strict=True)
    return np.concatenate(pictures), np.concatenate(labels)


def _comb(field: DrawnField) -> DrawnField | None:
    return field if field.boxed else None


def _digits(field: DrawnField) -> Labelled | None:
    if not field.boxed:
        return None
    crops = [lattice.crops[lattice.whole] for lattice in field.lattices]
    return np.concatenate(crops), np.repeat([int(digit) for digit in field.value], [len(c) for c in crops])


def _boxes(field: DrawnField) -> Labelled | None:
    pairs = zip(field.lattices, field.value, strict=True) if field.boxed else ()
    drawn = [(box.box_ink, int(digit)) for box, digit in pairs if box.box_ink is not None]
    if not drawn:
        return None
    pictures, digits = zip(*drawn, strict=True)
    return np.stack(pictures), np.array(digits, np.int64)


def see_combs(combs: Sequence[DrawnField], model: Model) -> tuple[list[list[Seen]], list[str]]:
    """What the networks see of every box, comb by comb, from one call of each, and the values."""
    return see_groups([comb.lattices for comb in combs], model), [comb.value for comb in combs]
