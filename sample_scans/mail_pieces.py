"""Mail as it comes in all countries: address sides by chance, for telling kinds of pages and their way up.

`envelopes.draw_envelope` draws pieces whose code can be read; these need not be readable, only varied.
"""

from __future__ import annotations

import numpy as np

from pipeline.document import Box, Image
from sample_scans.addresses import draw_address
from sample_scans.combs import print_comb
from sample_scans.pen import Writer
from sample_scans.sheet import BLACK, Colour, Sheet
from sample_scans.stamps import postmark, sorter_bars, stick_stamp

_SIZES = ((241.3, 104.8), (220.0, 110.0), (162.0, 114.0), (229.0, 162.0), (184.2, 133.4), (165.1, 92.1))
_PAPERS: tuple[Colour, ...] = (
    (250, 250, 250), (250, 250, 250), (244, 248, 250), (228, 240, 246), (226, 226, 226), (186, 216, 234),
    (150, 185, 205), (215, 205, 185), (235, 220, 200), (205, 190, 225), (200, 225, 205), (190, 170, 160),
    (215, 215, 200), (170, 170, 172),
)  # fmt: skip
_INKS: tuple[Colour, ...] = (BLACK, BLACK, (120, 50, 30), (150, 70, 40), (70, 60, 60), (90, 50, 150))
_BOXES: tuple[Colour, ...] = ((70, 140, 240), (60, 60, 220), (120, 120, 120), (40, 40, 40))


def draw_mail_piece(rng: np.random.Generator, dpi: int = 64) -> Image:
    """The address side of an envelope or postcard, upright: (H, W, 3) uint8 BGR."""
    wide, tall = _SIZES[int(rng.integers(len(_SIZES)))]
    wide *= rng.uniform(0.85, 1.15)
    sheet = Sheet(wide, tall, dpi, _PAPERS[int(rng.integers(len(_PAPERS)))])
    ink = _INKS[int(rng.integers(len(_INKS)))]
    if rng.random() < 0.06:
        _airmail_border(rng, sheet)
    elif rng.random() < 0.08:
        _stripe(rng, sheet)
    marks = rng.random()
    if marks < 0.85:
        _franking(rng, sheet)
    card = rng.random() < 0.12
    if card:
        _message(rng, sheet, ink)
    elif rng.random() < 0.6:
        _sender(rng, sheet, ink)
    _address(rng, sheet, ink, card)
    if rng.random() < 0.3:
        sorter_bars(rng, sheet, sheet.width * rng.uniform(0.85, 0.97), sheet.height - 4 * sheet.mm, BLACK)
    return sheet.image


def _franking(rng: np.random.Generator, sheet: Sheet) -> None:
    """Upper right: a stamp or more, a meter's print, or a printed label; often a postmark."""
    mm = sheet.mm
    right, top = sheet.width - rng.uniform(4, 14) * mm, rng.uniform(4, 12) * mm
    kind = rng.random()
    if kind < 0.65:
        stamp = stick_stamp(rng, sheet, right, top)
        if rng.random() < 0.2:
            stick_stamp(rng, sheet, stamp.x - 2 * mm, top)
    else:
        size = (rng.uniform(18, 45) * mm, rng.uniform(14, 26) * mm)
        colour = ((60, 60, 220), BLACK, (70, 120, 60), (150, 80, 60))[int(rng.integers(4))]
        stamp = Box(round(right - size[0]), round(top), round(size[0]), round(size[1]))
        if kind < 0.8:
            sheet.box(stamp.x, stamp.y, size, colour, 0.5 * mm)
        else:
            half = Box(stamp.x + stamp.width // 2, stamp.y, stamp.width // 2, stamp.height)
            sheet.fill(half, colour)
        for row, words in enumerate(("POSTAGE PAID", "No 1234", "LETTER")):
            sheet.print_text(words, (stamp.x + mm, stamp.y + (1 + 6 * row) * mm), 4 * mm, colour)
    if rng.random() < 0.6:
        postmark(rng, sheet, stamp)
    if rng.random() < 0.15:
        words = ("PRIORITY", "PAR AVION", "FIRST CLASS")[int(rng.integers(3))]
        sheet.print_text(words, (sheet.width * rng.uniform(0.25, 0.5), top), 5 * mm, (150, 60, 40))


def _sender(rng: np.random.Generator, sheet: Sheet, ink: Colour) -> None:
    """Upper left: printed lines, a logo, or writing."""
    mm = sheet.mm
    x, y = rng.uniform(4, 14) * mm, rng.uniform(4, 12) * mm
    if rng.random() < 0.3:
        colour = tuple(rng.integers(20, 200, 3).tolist())
        logo = (rng.uniform(6, 18, 2) * mm).tolist()
        sheet.fill(Box(round(x), round(y), round(2 * logo[0]), round(logo[1])), colour)
        y += logo[1] + mm
    size = rng.uniform(2.4, 4.0) * mm
    lines = draw_address(rng, ("us", "fr", "de", "hu")[int(rng.integers(4))])
    written = Writer.draw(rng) if rng.random() < 0.3 else None
    for row, line in enumerate([*lines.lines, f"{lines.town} {lines.code}"]):
        at = (x, y + 1.4 * size * row)
        if written is None:
            sheet.print_text(line, at, max(3.0, size), ink)
        else:
            sheet.write(rng, line, written, size, (at[0], at[1] + size), ink, room=0.35 * sheet.width)


def _message(rng: np.random.Generator, sheet: Sheet, ink: Colour) -> None:
    """The left half of a picture postcard: a greeting, and the line that parts it from the address."""
    middle = sheet.width * rng.uniform(0.46, 0.54)
    sheet.line([(middle, 0.1 * sheet.height), (middle, 0.9 * sheet.height)], (90, 90, 90), 0.3 * sheet.mm)
    writer, size = Writer.draw(rng), rng.uniform(3.0, 4.5) * sheet.mm
    for y in np.arange(0.18, rng.uniform(0.5, 0.9), 2.0 * size / sheet.height):
        words = " ".join(draw_address(rng, "us").lines[:2])
        sheet.write(
            rng, words, writer, size, (4 * sheet.mm, y * sheet.height), ink, room=middle - 7 * sheet.mm
        )


def _address(rng: np.random.Generator, sheet: Sheet, ink: Colour, card: bool) -> None:
    """Right of the middle or in it, lower half: printed, on a label, in a window or by hand."""
    mm = sheet.mm
    country = ("us", "fr", "de", "hu")[int(rng.integers(4))]
    address = draw_address(rng, country)
    lines = [*address.lines, *(["Department of Mail", "Building C"][: int(rng.integers(3))]), address.town]
    lines.append(address.code)
    if country == "us" or rng.random() < 0.4:
        lines[-2:] = [" ".join(lines[-2:] if rng.random() < 0.6 else lines[:-3:-1])]
    size = rng.uniform(2.6, 4.2 if rng.random() < 0.6 else 7.0)
    pitch = size * rng.uniform(1.3, 2.1)
    left = sheet.width * (rng.uniform(0.52, 0.6) if card else rng.uniform(0.1, 0.6) ** 0.8)
    room = sheet.width - left - 4 * mm
    top = sheet.height * rng.uniform(0.34, 0.55)
    pitch = min(pitch * mm, (0.94 * sheet.height - top) / (len(lines) + 0.5))
    size = min(size * mm, 0.72 * pitch)
    if rng.random() < 0.2:
        corner = (left - 3 * mm, top - 3 * mm)
        extent = (min(room, 0.5 * sheet.width), pitch * len(lines) + 6 * mm)
        sheet.fill(Box(*map(round, corner), *map(round, extent)), (248, 248, 248))
        sheet.box(*corner, extent, (150, 150, 150), 0.3 * mm)
    boxes = rng.random() < 0.3
    written = Writer.draw(rng) if rng.random() < 0.5 else None
    for row, line in enumerate(lines[: -1 if boxes else None]):
        at = (left + rng.normal(0, 0.3) * size, top + pitch * row)
        if written is None:
            sheet.print_text(line, at, max(3.0, size), ink)
        else:
            sheet.write(rng, line, written, size, (at[0], at[1] + size), ink, room=room)
    if boxes:
        x = left if rng.random() < 0.6 else rng.uniform(5, 20) * mm
        y = min(sheet.height - 14 * mm, top + pitch * (len(lines) - 0.5))
        colour = _BOXES[int(rng.integers(len(_BOXES)))]
        count = int(rng.integers(4, 8))
        print_comb(sheet, (x, y), (5 * mm, 7 * mm), (count,), colour, gap=1.3 * mm, thickness=0.45 * mm)


def _airmail_border(rng: np.random.Generator, sheet: Sheet) -> None:
    step, deep = 6 * sheet.mm, round(rng.uniform(2, 4) * sheet.mm)
    for number, x in enumerate(np.arange(0, sheet.width, step)):
        colour = ((60, 60, 210), (245, 245, 245), (170, 90, 40))[number % 3]
        for y in (0, sheet.height - deep):
            sheet.fill(Box(round(x), y, round(step), deep), colour)


def _stripe(rng: np.random.Generator, sheet: Sheet) -> None:
    """A printed band along an edge, in the sender's colour."""
    colour: Colour = tuple(rng.integers(20, 220, 3).tolist())
    deep = round(rng.uniform(2, 9) * sheet.mm)
    y = 0 if rng.random() < 0.5 else sheet.height - deep
    sheet.fill(Box(0, y, sheet.width, deep), colour)
