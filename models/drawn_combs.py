"""Combs drawn and cut as forms are read: what the networks see of every box, with the right values."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.classifier import Model
from models.material import Glyphs, each_shard, split
from pipeline.document import Image, Page
from pipeline.forms.cut import CutField, cut_form
from pipeline.forms.layout import load_form
from pipeline.strings.classify import Seen, see_groups
from pipeline.strings.lattice import Lattice
from pipeline.strings.normalize import SIDE
from sample_scans.combs import Digits
from sample_scans.number_forms import draw_number_form

SHARD = 25  # forms that one process draws at a time
WRITTEN = 0.5  # share of the pages on which given digits stand, the pen's on the others
# Share of the drawn combs that are taken, by where the writing stands: people seldom write over lines.
USUAL = {"inside": 1.0, "on a line": 0.5, "over a line": 0.2}


@dataclass(frozen=True, eq=False)
class Comb:
    """The written boxes of a comb, one lattice each, and the digits in them."""

    lattices: tuple[Lattice, ...]
    value: str


def draw_combs(seed: int, pages: int, glyphs: Glyphs | None, workers: int = 1) -> list[Comb]:
    """The combs of so many drawn forms, those that are found and not taken for crossed out.

    glyphs : digits that are laid into the combs of half of the pages; without them the pen writes on all.
    workers : processes; any number draws the same.
    """
    parts = each_shard(_draw_shard, split(seed, pages, glyphs, SHARD), workers)
    return [comb for part in parts for comb in part]


def gather_digits(
    seed: int, pages: int, glyphs: Glyphs | None, workers: int
) -> tuple[Image, NDArray[np.int64]]:
    """The digits in the combs of so many drawn forms: crops (N, 28, 28) uint8 and labels 0..9 (N,)."""
    crops, labels = [np.zeros((0, SIDE, SIDE), np.uint8)], []
    for comb in draw_combs(seed, pages, glyphs, workers):
        for lattice, digit in zip(comb.lattices, comb.value, strict=True):
            crops.append(lattice.crops[lattice.whole])
            labels += [int(digit)] * len(crops[-1])
    return np.concatenate(crops), np.array(labels, np.int64)


def _draw_shard(shard: tuple[int, int, int, Glyphs | None]) -> list[Comb]:
    seed, first, count, glyphs = shard
    cv2.setNumThreads(1)
    return [comb for number in range(first, first + count) for comb in _draw_form((seed, number), glyphs)]


def _draw_form(seed: tuple[int, int], glyphs: Glyphs | None) -> Iterator[Comb]:
    rng = np.random.default_rng(seed)
    given = pictures_of(glyphs) if glyphs is not None and rng.random() < WRITTEN else None
    with tempfile.TemporaryDirectory() as folder:
        page, fields = draw_number_form(rng, Path(folder), given)
        form = load_form(Path(folder) / "form.toml")
    cut = cut_form(Page(f"page {seed[1]}", 1, page), (form,))
    for field, drawn in zip(cut.fields, fields, strict=False):
        lattices = _written(field)
        usual = rng.random() < USUAL[drawn.place]
        if usual and drawn.kind == "comb" and len(lattices) == len(drawn.value):
            yield Comb(lattices, drawn.value)


def pictures_of(glyphs: Glyphs) -> Digits:
    """Gives pictures of a number's digits, each one at random of its class."""

    def give(rng: np.random.Generator, value: str) -> Sequence[Image]:
        return [picture for picture, _ in glyphs.write(rng, value)]

    return give


def _written(field: CutField) -> tuple[Lattice, ...]:
    """The boxes with ink; none of a field with a box that seems to be crossed out."""
    if any(crossing.void or crossing.told for crossing in field.crossings):
        return ()
    return tuple(lattice for lattice in field.lattices if lattice.size)


def see_combs(combs: Sequence[Comb], model: Model) -> tuple[list[list[Seen]], list[str]]:
    """What the networks see of every box, comb by comb, from one call of each, and the values."""
    return see_groups([comb.lattices for comb in combs], model), [comb.value for comb in combs]
