"""What the post puts on an envelope: the stamp, the postmark over it, and the sorter's bars."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.document import Box
from sample_scans.sheet import Colour, Sheet

_STAMPS: tuple[Colour, ...] = ((60, 50, 170), (140, 80, 40), (70, 120, 60), (150, 60, 120), (50, 110, 190))


def stick_stamp(rng: np.random.Generator, sheet: Sheet, right: float, top: float) -> Box:
    """A perforated stamp with a picture of hills under a sun; its upper right corner at (right, top)."""
    width, height = (22 + 4 * rng.random()) * sheet.mm, (25 + 5 * rng.random()) * sheet.mm
    box = Box(round(right - width), round(top), round(width), round(height))
    sheet.fill(box, (246, 248, 248))
    hole = 0.75 * sheet.mm
    for i in np.arange(0, 2 * (width + height), 2.4 * hole):
        x, y = _around(box, float(i))
        cv2.circle(
            sheet.image, (round(x), round(y)), round(0.7 * hole), _paper_at(sheet, box), -1, cv2.LINE_AA
        )
    colour = _STAMPS[int(rng.integers(len(_STAMPS)))]
    inset = round(2 * sheet.mm)
    picture = Box(box.x + inset, box.y + inset, box.width - 2 * inset, box.height - 2 * inset)
    sheet.fill(picture, colour)
    _landscape(rng, sheet, picture, colour)
    value = f"{rng.integers(20, 99)}c"
    sheet.print_text(
        value, (picture.x + 0.6 * sheet.mm, picture.y + 0.4 * sheet.mm), 4 * sheet.mm, (20, 20, 20)
    )
    return box


def _paper_at(sheet: Sheet, box: Box) -> Colour:
    blue, green, red = sheet.image[max(0, box.y - 4), max(0, box.x - 4)].tolist()
    return blue, green, red


def _around(box: Box, way: float) -> tuple[float, float]:
    """The point so far along the box's rim, clockwise from its upper left corner."""
    x, y, w, h = box.x, box.y, box.width, box.height
    for side, start, step in ((w, (x, y), (1, 0)), (h, (x + w, y), (0, 1)), (w, (x + w, y + h), (-1, 0))):
        if way < side:
            return start[0] + step[0] * way, start[1] + step[1] * way
        way -= side
    return x, y + h - way


def _landscape(rng: np.random.Generator, sheet: Sheet, box: Box, colour: Colour) -> None:
    view = sheet.image[box.slices]
    x = np.arange(box.width)
    rows = np.arange(box.height)[:, None]
    light = tuple(int(0.4 * c + 150) for c in colour)
    view[(rows - 0.3 * box.height) ** 2 + (x[None, :] - 0.7 * box.width) ** 2 < (0.13 * box.width) ** 2] = (
        light
    )
    for depth in (0.55, 0.7):
        hills = box.height * (
            depth + 0.07 * np.sin(x / box.width * 6.28 * (1 + rng.random()) + 6.28 * rng.random())
        )
        view[rows > hills[None, :]] = tuple(int((1.1 - depth) * c + 20) for c in colour)


def postmark(rng: np.random.Generator, sheet: Sheet, stamp: Box) -> None:
    """A round mark with place and date left of the stamp, wavy lines over the stamp; often faint."""
    black = int(rng.integers(20, 130))
    colour: Colour = (black, black, black)
    radius = (10.5 + rng.random()) * sheet.mm
    x = stamp.x - (14 + 8 * rng.random()) * sheet.mm
    y = stamp.y + stamp.height * (0.35 + 0.3 * rng.random())
    thin = 0.28 * sheet.mm
    for r in (radius, 0.66 * radius):
        angles = np.linspace(0, 6.2832, 90)
        sheet.line([(x + r * np.cos(a), y + r * np.sin(a)) for a in angles], colour, thin)
    town = str(rng.choice(("CAPITAL", "CENTRAL", "HARBOR", "VALLEY")))
    for i, letter in enumerate(town):
        a = np.pi * (1.15 + 0.7 * i / (len(town) - 1))
        at = (x + 0.83 * radius * np.cos(a) - 1.5 * sheet.mm, y + 0.83 * radius * np.sin(a) - 1.8 * sheet.mm)
        sheet.print_text(letter, at, 2.5 * sheet.mm, colour, turn=270 - float(np.degrees(a)))
    date = f"{rng.integers(1, 29)} {rng.choice(('JAN', 'MAR', 'JUN', 'OCT'))}"
    sheet.print_text(date, (x - 4.5 * sheet.mm, y - 3 * sheet.mm), 3 * sheet.mm, colour)
    sheet.print_text(
        f"20{rng.integers(10, 27)}", (x - 3.6 * sheet.mm, y + 0.4 * sheet.mm), 3 * sheet.mm, colour
    )
    wave_x = np.linspace(x + 1.1 * radius, stamp.x + 0.9 * stamp.width, 80)
    for row in range(int(rng.integers(4, 7))):
        wave_y = y + (row - 2.5) * 3.1 * sheet.mm + 0.9 * sheet.mm * np.sin((wave_x - x) / (2.2 * sheet.mm))
        sheet.line(list(zip(wave_x.tolist(), wave_y.tolist(), strict=True)), colour, 0.35 * sheet.mm)


def sorter_bars(rng: np.random.Generator, sheet: Sheet, right: float, bottom: float, colour: Colour) -> None:
    """A row of 65 bars in four heights (USPS-B-3200's looks, no message), its corner at (right, bottom)."""
    pitch, tall = 1.15 * sheet.mm, 1.3 * sheet.mm
    for i in range(65):
        up, down = rng.random(2) < 0.5
        x = right - (65 - i) * pitch
        ends = [(x, bottom - tall - tall * up), (x, bottom - 0.6 * tall + 0.6 * tall * down)]
        sheet.line(ends, colour, 0.5 * sheet.mm)
