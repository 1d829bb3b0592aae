"""Printed boxes for one character each, and the hand that fills them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from pipeline.document import Box, Image
from sample_scans.ink import Blot, around, given_ink, ink_box
from sample_scans.pen import Writer
from sample_scans.sheet import BLACK, Colour, Sheet
from sample_scans.writing import write

Digits = Callable[[np.random.Generator, str], Sequence[Image]]
"""Gives a picture (h, w) uint8, ink bright on black, of every digit of a number."""

# Share of a box's width beyond which a character is written narrower.
FULL = 0.85


def print_comb(
    sheet: Sheet,
    at: tuple[float, float],
    cell: tuple[float, float],
    groups: Sequence[int],
    colour: Colour,
    *,
    gap: float = 0.0,
    group_gap: float = 0.0,
    thickness: float = 1.0,
) -> list[Box]:
    """Boxes in a row, their upper left corner at `at`; returns one Box per cell.

    cell : width and height of a box. groups : how many boxes stand together, such as (3, 4).
    gap : room between boxes, 0 for a comb with shared walls; group_gap : more room between groups.
    """
    cells = []
    x, y = at
    for count in groups:
        for _ in range(count):
            cells.append(sheet.box(x, y, cell, colour, thickness))
            x += cell[0] + gap
        x += group_gap
    return cells


def print_guides(rng: np.random.Generator, sheet: Sheet, cells: Sequence[Box]) -> None:
    """Pale guide marks in the cells: a dotted 8 to write along, the letters of a date, or a dot or two."""
    grey = int(rng.integers(165, 225))
    colour: Colour = (grey, grey, grey)
    kind = str(rng.choice(("eight", "letters", "dots")))
    share = float(rng.uniform(0.45, 0.7))
    for cell, letter in zip(cells, str(rng.choice(("DDMMYYYY", "JJMMAAAA", "TTMMJJJJ"))), strict=False):
        tall, middle = share * cell.height, (cell.x + cell.width / 2, cell.y + cell.height / 2)
        if kind == "letters":
            size = 0.8 * tall
            sheet.print_text(letter, (middle[0] - 0.36 * size, middle[1] - 0.6 * size), size, colour)
            continue
        half, apart = (
            (min(0.27 * tall, 0.35 * cell.width), tall / 2),
            tall / 10 * float(rng.uniform(0.9, 1.1)),
        )
        dot = max(0.8, 0.04 * tall)
        for x, y in _eight(half, apart) if kind == "eight" else ((-half[0], 0.0), (half[0], 0.0)):
            sheet.box(middle[0] + x - dot / 2, middle[1] + y - dot / 2, (dot, dot), colour, dot)


def _eight(half: tuple[float, float], apart: float) -> list[tuple[float, float]]:
    """Points so far apart along a square 8, about its middle; half : of its width and height."""
    wide, tall = half
    level = np.linspace(-wide, wide, max(2, round(2 * wide / apart)))
    upright = np.linspace(-tall, tall, max(3, round(2 * tall / apart)))
    bars = [(float(x), y) for y in (-tall, 0.0, tall) for x in level]
    return bars + [(x, float(y)) for x in (-wide, wide) for y in upright]


def fill_comb(
    rng: np.random.Generator,
    sheet: Sheet,
    text: str,
    cells: Sequence[Box],
    writer: Writer,
    colour: Colour = BLACK,
) -> Box:
    """One character into each cell, about the middle, sometimes over the rim; the box around all ink."""
    share = 0.58 + 0.2 * rng.random()
    size = share * cells[0].height
    # A box holds a hand back: it leans less and stretches no further than the box is wide.
    hand = replace(
        writer,
        slant=0.6 * writer.slant,
        hang=0.3 * writer.hang,
        square=writer.square_in_boxes,
        careful=writer.careful_in_boxes,
    )
    blots: list[Blot | None] = []
    for character, cell in zip(text, cells, strict=False):
        if character == " ":
            blots.append(None)
            continue
        blot = write(rng, character, hand, size, 0.0)[0][0]
        if (wide := ink_box(blot).width) > FULL * cell.width:
            squeezed = replace(hand, aspect=hand.aspect * 0.75 * cell.width / wide)
            blot = write(rng, character, squeezed, size, 0.0)[0][0]
        blots.append(blot)
    return _lay(rng, sheet, blots, cells, size, colour)


def fill_comb_with(
    rng: np.random.Generator,
    sheet: Sheet,
    pictures: Sequence[Image],
    cells: Sequence[Box],
    colour: Colour = BLACK,
) -> Box:
    """As `fill_comb`, with given pictures of characters, ink (h, w) uint8 bright on black."""
    size = (0.58 + 0.2 * rng.random()) * cells[0].height
    tallest = max(ink_box(Blot(picture, 0, 0)).height for picture in pictures)
    scale = size / max(tallest, 8)
    blots = []
    for picture, cell in zip(pictures, cells, strict=True):
        aspect = min(1.0, FULL * cell.width / (scale * ink_box(Blot(picture, 0, 0)).width))
        blots.append(given_ink(picture, scale, aspect, 0.0, 0.0))
    return _lay(rng, sheet, blots, cells, size, colour)


def _lay(
    rng: np.random.Generator,
    sheet: Sheet,
    blots: Sequence[Blot | None],
    cells: Sequence[Box],
    size: float,
    colour: Colour,
) -> Box:
    """Lay ink, its baseline at row 0, about the middle of the cells; the box around all of it."""
    ink: Box | None = None
    for blot, cell in zip(blots, cells, strict=False):
        if blot is None:
            continue
        box = ink_box(blot)
        stray = rng.standard_normal(2) * (0.05 * cell.width, 0.05 * cell.height)
        dx = round(cell.x + (cell.width - box.width) / 2 + stray[0]) - box.x
        dy = round(cell.y + (cell.height - size) / 2 + stray[1]) + round(size)
        placed = Blot(blot.coverage, blot.x + dx, blot.y + dy)
        sheet.soak(placed.coverage, placed.x, placed.y, colour)
        box = ink_box(placed)
        ink = around(ink, box) if ink else box
    return ink or cells[0]
