"""Drawn forms for studies and calibration: digits in combs, numbers in frames, strokes run into print.

Every page is a form of its own: frames of one size, weight and colour of print, one hand and pen. The writing
lies in the middle of its frame, on a line of it, or over one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from pipeline.document import Box, Image
from sample_scans.combs import Digits, fill_comb, fill_comb_with, print_comb
from sample_scans.page_scan import PageStyle, scan_page
from sample_scans.pen import Writer
from sample_scans.sheet import BLACK, Colour, Sheet

WIDTH, HEIGHT = 200.0, 250.0  # millimetres
ROWS = 13
PLACES = ("inside", "on a line", "over a line")
PENS: tuple[Colour, ...] = ((120, 50, 30), BLACK, (60, 60, 60))
# How far the writing is moved towards a line, in heights of the frame, by PLACES, from and to.
MOVED = {"inside": (0.0, 0.04), "on a line": (0.14, 0.22), "over a line": (0.25, 0.4)}


@dataclass(frozen=True)
class FramedNumber:
    """A field: kind (comb or box), place of the writing, what was written, the frame on the sheet."""

    kind: str
    place: str
    value: str
    box: Box


def draw_number_form(
    rng: np.random.Generator, folder: Path, digits: Digits | None = None
) -> tuple[Image, list[FramedNumber]]:
    """A filled form as scanned, its fields in order; in `folder` its layout, form.toml, with a blank form.

    digits : what is laid into the combs; without it the pen of the page writes there too.
    """
    sheet = Sheet(WIDTH, HEIGHT, int(rng.choice((120, 150, 200, 200, 300))), (250, 250, 250))
    mm = sheet.mm
    wide, tall = float(rng.uniform(5.5, 8.0)), float(rng.uniform(7.5, 11.0))
    walls = ((20, 20, 20), (70, 60, 60), (130, 150, 100))[int(rng.integers(3))]
    thickness = float(rng.uniform(0.2, 0.7)) * mm
    sheet.box(8 * mm, 8 * mm, ((WIDTH - 16) * mm, (HEIGHT - 16) * mm), walls, thickness)
    plans = []
    for row in range(ROWS):
        y = (16 + row * 17.5) * mm
        count = int(rng.integers(2, 9))
        value = "".join(map(str, rng.integers(0, 10, count)))
        cells = print_comb(sheet, (16 * mm, y), (wide * mm, tall * mm), (count,), walls, thickness=thickness)
        plans.append((FramedNumber("comb", PLACES[row % 3], value, _around(cells)), cells))
        count = int(rng.integers(2, 8))
        value = "".join(map(str, rng.integers(0, 10, count)))
        width = (count * float(rng.uniform(4.5, 7.0)) + 6) * mm
        frame = sheet.box(100 * mm, y, (width, tall * mm), walls, thickness)
        plans.append((FramedNumber("box", PLACES[row % 3], value, frame), [frame]))
    _write_layout(sheet.image, [field for field, _ in plans], folder)
    hand = Writer.draw(rng)
    hand = replace(hand, gap=max(0.05, hand.gap), climb=0.3 * hand.climb)
    pen = PENS[int(rng.integers(len(PENS)))]
    for field, cells in plans:
        _write(rng, sheet, field, cells, (hand, pen, digits))
    style = PageStyle.draw(rng, "fax" if rng.random() < 0.25 else "grey")
    page, _ = scan_page(rng, sheet.image, style)
    return page, [field for field, _ in plans]


def _around(cells: list[Box]) -> Box:
    first, last = cells[0], cells[-1]
    return Box(first.x, first.y, last.x + last.width - first.x, first.height)


def _write_layout(blank: Image, fields: list[FramedNumber], folder: Path) -> None:
    cv2.imwrite(str(folder / "blank.png"), blank)
    text = '[register]\nreference = "blank.png"\n'
    for number, field in enumerate(fields, start=1):
        box = field.box
        text += f'[[field]]\nname = "field{number:02d}"\nkind = "{field.kind}"\n'
        text += f"at = [{box.x}, {box.y}, {box.width}, {box.height}]\nlength = {len(field.value)}\n"
        text += f"boxes = {len(field.value)}\n" if field.kind == "comb" else ""
    (folder / "form.toml").write_text(text, encoding="utf-8")


def _write(
    rng: np.random.Generator,
    sheet: Sheet,
    field: FramedNumber,
    cells: list[Box],
    by_hand: tuple[Writer, Colour, Digits | None],
) -> None:
    hand, pen, digits = by_hand
    low, high = MOVED[field.place]
    by = float(rng.uniform(low, high)) * field.box.height * (1 if rng.random() < 0.75 else -1)
    if field.kind == "comb":
        moved = [Box(cell.x, round(cell.y + 0.6 * by), cell.width, cell.height) for cell in cells]
        if digits is None:
            fill_comb(rng, sheet, field.value, moved, hand, pen)
        else:
            fill_comb_with(rng, sheet, digits(rng, field.value), moved, pen)
        return
    size = float(rng.uniform(0.5, 0.65)) * field.box.height
    at = (field.box.x + 0.4 * size, field.box.y + (field.box.height + size) / 2 + by)
    sheet.write(rng, field.value, hand, size, at, pen, room=field.box.width - 0.8 * size)
