"""What else lies on a mail piece: advertising, stickers, notes, rings of coffee cups, sloppy stamps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pipeline.document import Box
from sample_scans.ink import around
from sample_scans.pen import Writer
from sample_scans.sheet import BLACK, Colour, Sheet

_SLOGANS = ("SAVE 50% TODAY", "OPEN 24 HOURS", "CALL 1-800-555-0134", "EST. 1974", "DO NOT BEND", "IMPORTANT")
_STICKERS = ("PAR AVION", "PRIORITY", "FRAGILE", "RETURN RECEIPT 4821")
_NOTES = ("Thanks", "photos 12", "no. 337", "Urgent", "c/o Bell")
_COLOURS: tuple[Colour, ...] = ((60, 60, 200), (170, 90, 30), (60, 130, 60), (40, 40, 40), (40, 140, 220))


def scatter(rng: np.random.Generator, sheet: Sheet, keep: Box) -> None:
    """Two to four things on the sheet, none of them over `keep`, the code."""
    things = list(_THINGS)
    for k in rng.permutation(len(things))[: int(rng.integers(2, 5))].tolist():
        things[k](rng, sheet, keep)


def _spot(
    rng: np.random.Generator, sheet: Sheet, keep: Box, size: tuple[float, float]
) -> tuple[float, float] | None:
    """Where a thing of (width, height) may lie: left, lower or upper parts, clear of `keep`."""
    reach = 2.0 * sheet.mm
    for _ in range(20):
        x = rng.uniform(3 * sheet.mm, max(4 * sheet.mm, sheet.width - size[0] - 3 * sheet.mm))
        y = rng.uniform(3 * sheet.mm, max(4 * sheet.mm, sheet.height - size[1] - 3 * sheet.mm))
        apart = (
            x + size[0] < keep.x - reach
            or x > keep.x + keep.width + reach
            or y + size[1] < keep.y - reach
            or y > keep.y + keep.height + reach
        )
        aside = (
            x + size[0] < 0.36 * sheet.width or y + size[1] < 0.32 * sheet.height or y > 0.82 * sheet.height
        )
        if apart and aside:
            return x, y
    return None


def _slogan(rng: np.random.Generator, sheet: Sheet, keep: Box) -> None:
    """Printed advertising with figures in it, sometimes white on a bar of colour."""
    text, size = str(rng.choice(_SLOGANS)), rng.uniform(3, 8) * sheet.mm
    colour = _COLOURS[int(rng.integers(len(_COLOURS)))]
    at = _spot(rng, sheet, keep, (0.62 * size * len(text), 1.3 * size))
    if at is None:
        return
    if rng.random() < 0.4:
        width, height = round(0.66 * size * len(text)), round(1.4 * size)
        sheet.fill(Box(round(at[0]) - 4, round(at[1]) - 4, width, height), (200, 225, 235))
    sheet.print_text(text, at, size, colour)


def _logo(rng: np.random.Generator, sheet: Sheet, keep: Box) -> None:
    """A mark of filled shapes with a name under it."""
    side = rng.uniform(9, 18) * sheet.mm
    at = _spot(rng, sheet, keep, (side, 1.5 * side))
    if at is None:
        return
    colour = _COLOURS[int(rng.integers(len(_COLOURS)))]
    for k in range(int(rng.integers(2, 4))):
        width, height = round(side * rng.uniform(0.3, 0.8)), round(side * rng.uniform(0.2, 0.6))
        sheet.fill(Box(round(at[0] + 0.2 * side * k), round(at[1] + 0.18 * side * k), width, height), colour)
    sheet.print_text("NORDLICHT & CO", (at[0], at[1] + 1.1 * side), 0.2 * side, colour)


def _sticker(rng: np.random.Generator, sheet: Sheet, keep: Box) -> None:
    """A framed label."""
    text, size = str(rng.choice(_STICKERS)), rng.uniform(3.0, 4.5) * sheet.mm
    width, height = 0.68 * size * len(text) + 4 * sheet.mm, size + 4 * sheet.mm
    at = _spot(rng, sheet, keep, (width, height))
    if at is None:
        return
    sheet.fill(Box(round(at[0]), round(at[1]), round(width), round(height)), (235, 230, 225))
    sheet.box(at[0], at[1], (width, height), (170, 90, 30), 0.5 * sheet.mm)
    sheet.print_text(text, (at[0] + 2 * sheet.mm, at[1] + 1.5 * sheet.mm), size, (150, 60, 20))


def _note(rng: np.random.Generator, sheet: Sheet, keep: Box) -> None:
    """Something scribbled in another hand, often underlined."""
    text, size = str(rng.choice(_NOTES)), rng.uniform(3.0, 5.5) * sheet.mm
    at = _spot(rng, sheet, keep, (0.8 * size * len(text), 1.8 * size))
    if at is None:
        return
    boxes = [b for b in sheet.write(rng, text, Writer.draw(rng), size, (at[0], at[1] + size), BLACK) if b]
    if rng.random() < 0.5 and boxes:
        line = boxes[0]
        for other in boxes[1:]:
            line = around(line, other)
        low = line.y + line.height + 0.6 * sheet.mm
        sheet.line([(line.x, low), (line.x + line.width, low)], BLACK, 0.35 * sheet.mm)


def _ring(rng: np.random.Generator, sheet: Sheet, keep: Box) -> None:
    """What a cup leaves: a faint brown ring, also across the writing."""
    radius = rng.uniform(18, 36) * sheet.mm
    x, y = rng.uniform(0, sheet.width), rng.uniform(0, sheet.height)
    if keep.width and np.hypot(x - keep.x - keep.width / 2, y - keep.y) < 1.6 * radius:
        return
    angles = np.linspace(0, 6.2832, 120)
    points = [(x + radius * np.cos(a), y + 0.97 * radius * np.sin(a)) for a in angles]
    sheet.line(points, (150, 185, 205), rng.uniform(0.8, 2.5) * sheet.mm)


def _border(rng: np.random.Generator, sheet: Sheet, keep: Box) -> None:
    """The red and blue bars of airmail along the lower edge, where the code leaves room."""
    height, step = 2.6 * sheet.mm, 7.0 * sheet.mm
    top = sheet.height - height - 1.0 * sheet.mm
    if keep.y + keep.height > top - 2 * sheet.mm:
        return
    for k in range(int(sheet.width / step) + 1):
        colour: Colour = (50, 50, 190) if k % 2 else (160, 80, 30)
        sheet.fill(Box(round(k * step), round(top), round(0.6 * step), round(height)), colour)


_THINGS: tuple[Callable[[np.random.Generator, Sheet, Box], None], ...] = (
    _slogan, _slogan, _logo, _sticker, _note, _ring, _border,
)  # fmt: skip
