"""Mail of countries that print boxes for the code, filled by pen, font or mouse; some of it without boxes.

Measures are those of what is sold and shown: boxes apart or with shared walls, in orange, red, blue, grey or
black, of lines from a hair's breadth to a millimetre; the address written, printed or missing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from pipeline.document import Box, Image
from pipeline.layouts import countries
from sample_scans.addresses import Address, draw_address
from sample_scans.combs import fill_comb, print_comb
from sample_scans.envelope_parts import PAPERS, Hand, Look, frank, print_sender, union
from sample_scans.ink import around
from sample_scans.sheet import BLACK, Colour, Sheet
from sample_scans.stamps import sorter_bars
from sample_scans.truth import FieldTruth

_ORANGES: tuple[Colour, ...] = (
    (70, 140, 240), (60, 110, 200), (120, 180, 245), (150, 195, 240), (30, 90, 190), (90, 170, 225),
)  # fmt: skip
_REDS: tuple[Colour, ...] = ((60, 60, 220), (40, 40, 200), (120, 120, 235), (190, 190, 250), (40, 30, 230))
_DARKS: tuple[Colour, ...] = ((40, 40, 40), (110, 110, 110), (150, 150, 150), (150, 90, 40), (60, 90, 60))
_WEB_INKS: tuple[Colour, ...] = (BLACK, (0, 0, 0), (110, 20, 40), (120, 60, 20), (30, 20, 190))


@dataclass(frozen=True)
class BoxPrint:
    """How a country prints its boxes; lengths in millimetres.

    cell : width and height of a box. gaps : room between boxes, least and most; 0 for shared walls.
    group_gap : more of it between groups. at : where on the sheet the row begins, shares of it, least and
    most. size : of the sheet; dash : whether a line joins the groups.
    """

    groups: tuple[int, ...]
    cell: tuple[float, float]
    gaps: tuple[float, float]
    at: tuple[tuple[float, float], tuple[float, float]]
    size: tuple[float, float]
    colours: tuple[Colour, ...]
    group_gap: float = 0.0
    dash: bool = False


_LOW_RIGHT = ((0.42, 0.5), (0.68, 0.78))
_PRINTS: dict[str, BoxPrint] = {
    "fr": BoxPrint((5,), (5.2, 8), (0.9, 1.8), ((0.3, 0.5), (0.68, 0.78)), (220, 110), _ORANGES),
    "hu": BoxPrint((4,), (6, 8.5), (0, 1.5), ((0.5, 0.7), (0.72, 0.8)), (162, 114), (*_REDS, *_DARKS)),
    "jp": BoxPrint((3, 4), (5.7, 8), (1.1, 1.4), ((0.44, 0.45), (0.07, 0.1)), (100, 148), _REDS, 0.8, True),
    "in": BoxPrint((6,), (6, 7), (0, 1.2), _LOW_RIGHT, (220, 110), (*_REDS, *_DARKS)),
    "br": BoxPrint(
        (5, 3), (5, 7), (0, 1.2), ((0.06, 0.36), (0.72, 0.8)), (229, 114), (*_DARKS, *_ORANGES), 3, True
    ),
    "pl": BoxPrint((2, 3), (6, 8), (0, 1.5), _LOW_RIGHT, (220, 110), (*_ORANGES, *_DARKS), 3.5, True),
    "es": BoxPrint((5,), (5.5, 8), (0.8, 1.8), _LOW_RIGHT, (220, 110), (*_ORANGES, *_REDS, *_DARKS)),
    "it": BoxPrint((5,), (5.5, 8), (0, 1.8), _LOW_RIGHT, (220, 110), (*_ORANGES, *_REDS)),
}  # fmt: skip
BOXED = tuple(_PRINTS)
_WITH_BOXES = 0.8  # share of the pieces


def lay_out_boxed(
    rng: np.random.Generator, country: str, dpi: int, look: Look, *, web: bool = False
) -> tuple[Sheet, FieldTruth]:
    """A piece of BOXED countries before it goes through the scanner, and what its code is.

    web : it is a picture shown on a page, its code put in by font or mouse as often as by pen.
    """
    style = _PRINTS[country]
    address = draw_address(rng, country)
    written = address if look.code else replace(address, code="")
    paper = PAPERS[int(rng.integers(len(PAPERS)))]
    sheet = Sheet(*style.size, dpi, look.paper or paper)
    mm = sheet.mm
    hand = Hand.draw(rng, look)
    if rng.random() < 0.8 and country != "jp":
        frank(rng, sheet)
    if country != "jp" and rng.random() < 0.5:
        print_sender(rng, sheet, hand, country, look)
    if country != "jp" and not web and not look.prints_boxes(rng, _WITH_BOXES):
        box = _write_address(rng, sheet, hand, written, style, country)
        return sheet, FieldTruth("postal_code", written.value, box, country)
    cells = _print_boxes(rng, sheet, style)
    if country != "jp":
        _address(rng, sheet, hand, written, cells)
    if rng.random() < 0.2 and country != "jp":
        sorter_bars(rng, sheet, sheet.width - 10 * mm, sheet.height - 5 * mm, _REDS[0])
    box = _fill(rng, sheet, hand, written, cells, web=web) if look.code else Box(0, 0, 0, 0)
    return sheet, FieldTruth("postal_code", written.value, box, country)


def _print_boxes(rng: np.random.Generator, sheet: Sheet, style: BoxPrint) -> list[Box]:
    mm = sheet.mm
    colour = style.colours[int(rng.integers(len(style.colours)))]
    (x0, x1), (y0, y1) = style.at
    at = (sheet.width * rng.uniform(x0, x1), sheet.height * rng.uniform(y0, y1))
    grow = rng.uniform(0.85, 1.15)
    thick = float(rng.choice((0.2, 0.35, 0.35, 0.5, 0.7))) * mm
    gap = style.gaps[0] if rng.random() < 0.3 else rng.uniform(*style.gaps)
    cell = (style.cell[0] * grow * mm, style.cell[1] * grow * mm)
    cells = print_comb(
        sheet, at, cell, style.groups, colour, gap=gap * mm, group_gap=style.group_gap * mm, thickness=thick
    )
    if style.dash:
        before = cells[style.groups[0] - 1]
        y = at[1] + cell[1] / 2
        sheet.line([(before.x + cell[0], y), (cells[style.groups[0]].x, y)], colour, thick)
    if rng.random() < 0.4 and sheet.width > sheet.height:
        left, low = cells[-1].x + cell[0] + 5 * mm, at[1] + cell[1]
        sheet.line([(left, low), (max(left + mm, sheet.width - 10 * mm), low)], colour, thick)
    return cells


def _address(rng: np.random.Generator, sheet: Sheet, hand: Hand, address: Address, cells: list[Box]) -> None:
    """Above the boxes and the town beside them; none at all on what is sold blank."""
    kind = rng.random()
    if kind < 0.2:
        return
    mm = sheet.mm
    size = min(hand.size, 4.4) * mm
    left = min(cells[0].x + 3 * mm, 0.55 * sheet.width)
    pitch = 1.7 * size
    lines = [*address.lines, address.town]
    for row, line in enumerate(reversed(lines)):
        base = cells[0].y - 3.5 * mm - pitch * row
        room = sheet.width - left - 5 * mm
        if kind < 0.5:
            sheet.print_text(line, (left, base - 0.8 * size), 0.8 * size)
        else:
            sheet.write(rng, line, hand.writer, size, (left, base), hand.colour, room=room)


def _write_address(
    rng: np.random.Generator, sheet: Sheet, hand: Hand, address: Address, style: BoxPrint, country: str
) -> Box:
    """An address without boxes, the code beside the town; the box around the code."""
    leads = countries()[country].where == "start"
    dash = "- " if not leads and rng.random() < 0.4 else ""
    words = [address.code, address.town] if leads else [address.town, dash + address.code]
    lines = [*address.lines, " ".join(word for word in words if word.strip("- "))]
    (x0, x1), (_, low) = style.at
    left, base = sheet.width * rng.uniform(min(x0, 0.3), x1), sheet.height * rng.uniform(low, low + 0.12)
    size = min(hand.size, sheet.height / sheet.mm / 18) * sheet.mm
    pitch = size * rng.uniform(1.6, 2.1)
    for row, line in enumerate(lines):
        at = (left + 0.12 * size * rng.standard_normal(), base - pitch * (len(lines) - 1 - row))
        boxes = sheet.write(
            rng, line, hand.writer, size, at, hand.colour, room=sheet.width - at[0] - 6 * sheet.mm
        )
    count = len(address.code)
    return union((boxes[:count] if leads else boxes[-count:]) if count else [])


def _fill(
    rng: np.random.Generator, sheet: Sheet, hand: Hand, address: Address, cells: list[Box], *, web: bool
) -> Box:
    kind = rng.random()
    if not web or kind < 0.4:
        return fill_comb(rng, sheet, address.value, cells, hand.writer, hand.colour)
    colour = _WEB_INKS[int(rng.integers(len(_WEB_INKS)))]
    if kind < 0.7:  # by mouse: a hand that is not at ease, a line of a pixel or two
        size = 0.65 * cells[0].height
        unsure = replace(hand.writer, unrest=1.4 * hand.writer.unrest, pressure=0.0, slant=0.0)
        thin = replace(unsure, pen_width=float(rng.uniform(1.0, 2.4)) / size)
        return fill_comb(rng, sheet, address.value, cells, thin, colour)
    box = cells[0]
    size = rng.uniform(0.6, 0.85) * cells[0].height
    for digit, cell in zip(address.value, cells, strict=True):
        at = (cell.x + cell.width / 2 - 0.3 * size, cell.y + cell.height / 2 - 0.6 * size)
        box = around(box, sheet.print_text(digit, at, size, colour))
    return box


def through_jpeg(rng: np.random.Generator, page: Image) -> Image:
    """A page as JPEG has left it, (H, W, 3) uint8 BGR."""
    quality = int(rng.integers(45, 92))
    _, data = cv2.imencode(".jpg", page, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_UNCHANGED), np.uint8)
