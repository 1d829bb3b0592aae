"""Printed boxes drawn and cut as forms are: with a digit, crossed out while empty, or with a struck digit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from models.drawn_forms import pictures_of
from models.labelled import Crops
from models.material import Glyphs, each_shard, split
from pipeline.document import Box, Image
from pipeline.forms.box_ink import cut_box
from pipeline.forms.lift import CELL_HEIGHT, lift
from pipeline.forms.share import share_out
from pipeline.forms.unframe import writing
from pipeline.strings.classify import CONTENTS
from pipeline.strings.lattice import Lattice
from sample_scans.combs import Digits, fill_comb, fill_comb_with, print_comb, print_guides
from sample_scans.crossings import STRUCK, VOID, cross_out, slash
from sample_scans.number_forms import PENS
from sample_scans.page_scan import PageStyle, scan_page
from sample_scans.pen import Writer
from sample_scans.sheet import Colour, Sheet

BOXES = 4  # in a comb, one of them crossed out
# What is no crossing; how many zeros have a stroke through them, besides those of hands that always do.
DIGITS, SLASHED = ("digit", "slashed 0"), 0.3
# A scribble hides whether there was a digit: none may be left out without a person.
EMPTY = tuple(kind for kind in VOID if kind != "scribble")
ASIDE = 0.06  # how far digits stand from the middle of their boxes, in widths of these, as a deviation
BOLD = 0.25  # share of the hands that write with a felt pen
GUIDED = 0.15  # share of the combs with guide marks in their boxes
SHARD = 250  # combs that are drawn from one random stream


@dataclass(frozen=True, eq=False)
class DrawnBox:
    """A box as the reader gets it.

    kind : one of DIGITS, or how it was crossed out. value : its digit, "" where it is crossed out.
    """

    kind: str
    value: str
    lattice: Lattice

    @property
    def contents(self) -> int:
        """What is in it, its place in `CONTENTS`."""
        return CONTENTS.index(self.value or ("void" if self.kind in EMPTY else "struck"))


def draw_boxes(combs: int, seed: int | tuple[int, ...], given: Digits) -> Iterator[DrawnBox]:
    """The boxes with ink of so many combs of one hand each, every fourth crossed out, each way as often.

    given : digits that stand in half of the combs; in the others the pen's do.
    """
    rng = np.random.default_rng(seed)
    kinds = VOID + STRUCK
    for number in range(combs):
        contents = [str(rng.integers(10)) for _ in range(BOXES)]
        contents[int(rng.integers(BOXES))] = kinds[number % len(kinds)]
        yield from _comb(rng, contents, given if number // len(kinds) % 2 else None)


def gather_boxes(seed: int, combs: int, glyphs: Glyphs, workers: int) -> Crops:
    """Pictures (N, 28, 28, 3) of the boxes of so many combs, labelled by `CONTENTS`.

    workers : processes; any number draws the same.
    """
    parts = each_shard(_gather_shard, split(seed, combs, glyphs, SHARD), workers)
    return Crops(np.concatenate([x for x, _ in parts]), np.concatenate([y for _, y in parts]), CONTENTS)


def _gather_shard(shard: tuple[int, int, int, Glyphs | None]) -> tuple[Image, NDArray[np.int64]]:
    seed, first, count, glyphs = shard
    assert glyphs is not None
    cv2.setNumThreads(1)
    boxes = list(draw_boxes(count, (seed, first), pictures_of(glyphs)))
    pictures = [box.lattice.box_ink for box in boxes if box.lattice.box_ink is not None]
    return np.stack(pictures), np.array([box.contents for box in boxes], np.int64)


def _comb(rng: np.random.Generator, contents: list[str], given: Digits | None) -> Iterator[DrawnBox]:
    wide = float(rng.uniform(5.5, 8.5))
    tall = wide * float(rng.uniform(1.0, 1.6))
    dpi = int(rng.choice((110, 150, 200, 200, 300)))
    sheet = Sheet(len(contents) * wide + 30, tall + 30, dpi, (250, 250, 250))
    mm = sheet.mm
    drawn = Writer.draw(rng)
    bolder = float(rng.uniform(1.2, 2.5)) if rng.random() < BOLD else 1.0
    hand = replace(drawn, slant=0.7 * drawn.slant, pen_width=bolder * drawn.pen_width)
    colour = PENS[int(rng.integers(len(PENS)))]
    walls = (70, 60, 60) if rng.random() < 0.6 else (130, 150, 100)
    cells = print_comb(
        sheet,
        (15 * mm, 15 * mm),
        (wide * mm, tall * mm),
        (len(contents),),
        walls,
        thickness=float(rng.uniform(0.2, 0.7)) * mm,
    )
    if rng.random() < GUIDED:
        print_guides(rng, sheet, cells)
    kinds = _fill(rng, sheet, cells, contents, (hand, colour, given))
    style = PageStyle.draw(rng, "fax" if rng.random() < 0.15 else "grey")
    page, matrix = scan_page(rng, sheet.image, replace(style, margin=0, skew=0.5 * style.skew))
    left = (15 + wide * np.arange(len(contents))) * mm
    top = np.full(len(contents), 15 * mm)
    places = np.stack([left, top, left + wide * mm, top + tall * mm], axis=1)
    patch = lift(page, np.vstack([matrix, [0.0, 0.0, 1.0]]), places, CELL_HEIGHT, None)
    for kind, content, ink in zip(kinds, contents, share_out(patch, *writing(patch)), strict=True):
        lattice = cut_box(ink)
        if lattice.box_ink is not None:
            yield DrawnBox(kind, content if kind in DIGITS else "", lattice)


def _fill(
    rng: np.random.Generator,
    sheet: Sheet,
    cells: list[Box],
    contents: list[str],
    by_hand: tuple[Writer, Colour, Digits | None],
) -> list[str]:
    """Write into every box what `contents` says, and tell its kind."""
    hand, colour, given = by_hand
    smaller, lower = float(rng.uniform(0.55, 1.2)), float(rng.choice((0.0, 0.0, rng.normal(0.0, 0.16))))
    kinds = []
    for content, whole in zip(contents, cells, strict=True):
        aside = round(ASIDE * float(rng.normal()) * whole.width)
        cell = replace(whole, x=whole.x + aside, y=whole.y + round(lower * whole.height))
        room = _scaled(cell, smaller)
        if content in VOID or content in STRUCK:
            cross_out(rng, sheet, content, cell, hand, colour, given)
            kinds.append(content)
            continue
        if given is None:
            ink = fill_comb(rng, sheet, content, [room], hand, colour)
        else:
            ink = fill_comb_with(rng, sheet, given(rng, content), [room], colour)
        slashed = content == "0" and rng.random() < SLASHED
        if slashed:
            slash(rng, sheet, ink, hand, colour)
        kinds.append(DIGITS[slashed])
    return kinds


def _scaled(cell: Box, by: float) -> Box:
    width, height = round(cell.width * by), round(cell.height * by)
    return Box(cell.x + (cell.width - width) // 2, cell.y + (cell.height - height) // 2, width, height)
