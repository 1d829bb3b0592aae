"""Envelopes and postcards with a handwritten postal code, laid out as five countries' posts want them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from pipeline.document import Box, Image
from sample_scans.addresses import Address, draw_address
from sample_scans.barcodes import print_barcode
from sample_scans.combs import fill_comb, print_comb
from sample_scans.envelope_parts import (
    ANY_LOOK,
    PAPERS,
    Hand,
    Look,
    frank,
    join_words,
    print_sender,
    take_paper,
    union,
    write_lines,
)
from sample_scans.page_scan import PageStyle, moved, scan_page
from sample_scans.sheet import Colour, Sheet
from sample_scans.stamps import sorter_bars, stick_stamp
from sample_scans.truth import FieldTruth

COUNTRIES = ("us", "fr", "de", "hu", "jp")
BARCODED = 0.35  # US pieces that have been through a sorter
_ORANGE: Colour = (70, 140, 240)
_RED: Colour = (60, 60, 220)


def draw_envelope(
    rng: np.random.Generator, country: str = "us", dpi: int = 300, style: PageStyle | None = None
) -> tuple[Image, FieldTruth]:
    """A scanned envelope (or the address side of a postcard) and what its postal code is.

    country : one of COUNTRIES. style : how it is scanned, at random where None. Returns the page,
    (H, W, 3) uint8 BGR, or (H, W) for the modes "grey" and "fax", and the code with its box there.
    """
    style = style or PageStyle.draw(rng)
    sheet, truth = lay_out_envelope(rng, country, dpi)
    page, matrix = scan_page(rng, sheet.image, style)
    return page, replace(truth, box=moved(truth.box, matrix))


def lay_out_envelope(
    rng: np.random.Generator, country: str, dpi: int, look: Look = ANY_LOOK
) -> tuple[Sheet, FieldTruth]:
    """An envelope before it goes through the scanner, and what its postal code is, in pixels of the sheet."""
    address = draw_address(rng, country)
    written = address if look.code else replace(address, code="")
    sheet, box = _LAYOUTS[country](rng, written, dpi, look)
    barcode = ""
    if country == "us" and rng.random() < BARCODED:
        barcode = print_barcode(rng, sheet, address.value)
    return sheet, FieldTruth("postal_code", written.value, box, country, barcode=barcode)


def _us(rng: np.random.Generator, address: Address, dpi: int, look: Look) -> tuple[Sheet, Box]:
    """Number 10, 6 3/4 or A7: return address, stamp, and the code at the end of the last line."""
    width, height = ((241.3, 104.8), (241.3, 104.8), (165.1, 92.1), (184.2, 133.4))[int(rng.integers(4))]
    sheet = take_paper(rng, width, height, dpi, look)
    hand = Hand.draw(rng, look)
    frank(rng, sheet)
    print_sender(rng, sheet, hand, "us", look)
    lines = [*address.lines]
    alone = rng.random() < 0.12
    apart = alone and address.code
    lines += [address.town, address.code] if apart else [join_words(address.town, address.code)]
    at = (sheet.width * rng.uniform(0.3, 0.44), sheet.height * rng.uniform(0.46, 0.56))
    boxes = write_lines(rng, sheet, hand, lines, at)[-1]
    return sheet, union(boxes[len(lines[-1]) - len(address.code) :])


def _fr(rng: np.random.Generator, address: Address, dpi: int, look: Look) -> tuple[Sheet, Box]:
    """Five orange boxes for the code, corner marks around the address, a line for the town."""
    sheet = take_paper(rng, *((220.0, 110.0), (162.0, 114.0))[int(rng.integers(2))], dpi, look)
    hand = Hand.draw(rng, look)
    mm = sheet.mm
    if rng.random() < 0.8:
        frank(rng, sheet)
    left, base = sheet.width - rng.uniform(104, 112) * mm, sheet.height - rng.uniform(20, 26) * mm
    right = sheet.width - 14 * mm
    thick = rng.uniform(0.3, 0.55) * mm
    cells = print_comb(
        sheet, (left, base - 8 * mm), (5.2 * mm, 8 * mm), (5,), _ORANGE, gap=1.6 * mm, thickness=thick
    )
    town_x = cells[-1].x + cells[-1].width + 5 * mm
    sheet.line([(town_x, base), (right, base)], _ORANGE, thick)
    top, arm = base - 42 * mm, 5 * mm
    for x, way in ((left, 1), (right, -1)):
        sheet.line([(x + way * arm, top), (x, top), (x, top + arm)], _ORANGE, thick)
    at = (left + 3 * mm, top + 11 * mm)
    write_lines(rng, sheet, replace(hand, size=min(hand.size, 4.4)), address.lines, at)
    sheet.write(
        rng, address.town.upper(), hand.writer, hand.size * mm, (town_x + 2 * mm, base - mm), hand.colour,
        room=right - town_x - 4 * mm,
    )  # fmt: skip
    if rng.random() < 0.4:
        sorter_bars(rng, sheet, sheet.width - 10 * mm, sheet.height - 5 * mm, _RED)
    return sheet, fill_comb(rng, sheet, address.code, cells, hand.writer, hand.colour)


def _de(rng: np.random.Generator, address: Address, dpi: int, look: Look) -> tuple[Sheet, Box]:
    """Code before the town on the last line."""
    sheet = take_paper(rng, *((220.0, 110.0), (162.0, 114.0))[int(rng.integers(2))], dpi, look)
    hand = Hand.draw(rng, look)
    frank(rng, sheet)
    print_sender(rng, sheet, hand, "de", look)
    last = join_words(address.code, address.town)
    at = (sheet.width * rng.uniform(0.34, 0.46), sheet.height * rng.uniform(0.44, 0.52))
    boxes = write_lines(rng, sheet, hand, [*address.lines, last], at)[-1]
    return sheet, union(boxes[: len(address.code)])


def _hu(rng: np.random.Generator, address: Address, dpi: int, look: Look) -> tuple[Sheet, Box]:
    """Town above the street, the code alone on the lowest line, in four boxes on some envelopes."""
    sheet = take_paper(rng, *((220.0, 110.0), (162.0, 114.0))[int(rng.integers(2))], dpi, look)
    hand = Hand.draw(rng, look)
    mm = sheet.mm
    frank(rng, sheet)
    print_sender(rng, sheet, hand, "hu", look)
    lines = [address.lines[0], address.town, *address.lines[1:]]
    at = (sheet.width * rng.uniform(0.4, 0.5), sheet.height * rng.uniform(0.42, 0.48))
    if not look.prints_boxes(rng, 0.4):
        boxes = write_lines(rng, sheet, hand, [*lines, address.code] if address.code else lines, at)[-1]
        return sheet, union(boxes if address.code else [])
    hand = replace(hand, size=min(hand.size, 4.2))
    last = write_lines(rng, sheet, hand, lines, at)[-1]
    low = union(last)
    top = min(sheet.height - 13 * mm, low.y + low.height + 4 * mm)
    cells = print_comb(sheet, (at[0], top), (6 * mm, 8.5 * mm), (4,), _RED, gap=1.2 * mm, thickness=0.35 * mm)
    return sheet, fill_comb(rng, sheet, address.code, cells, hand.writer, hand.colour)


def _jp(rng: np.random.Generator, address: Address, dpi: int, look: Look) -> tuple[Sheet, Box]:
    """Postcard, upright: seven red boxes, three and four, at the upper right; the address runs down."""
    paper = PAPERS[int(rng.integers(5))]
    sheet = Sheet(100.0, 148.0, dpi, look.paper or paper)
    hand = Hand.draw(rng, look)
    mm = sheet.mm
    stick_stamp(rng, sheet, 31 * mm, 11 * mm)
    x, y = 44.3 * mm, 12 * mm
    thick = print_comb(sheet, (x, y), (5.7 * mm, 8 * mm), (3,), _RED, gap=1.3 * mm, thickness=0.6 * mm)
    thin_x = x + 21.6 * mm
    thin = print_comb(sheet, (thin_x, y), (5.7 * mm, 8 * mm), (4,), _RED, gap=1.1 * mm, thickness=0.35 * mm)
    sheet.line([(thin_x - 1.6 * mm, y + 4 * mm), (thin_x, y + 4 * mm)], _RED, 0.5 * mm)
    for column, (left, size) in enumerate(((76, 6.0), (50, 9.0))):
        _columns_of_signs(rng, sheet, hand, left * mm, (32 + 14 * column) * mm, size * mm)
    print_comb(sheet, (4 * mm, 134 * mm), (4 * mm, 6.4 * mm), (3, 4), _RED, group_gap=mm, thickness=0.25 * mm)
    return sheet, fill_comb(rng, sheet, address.value, [*thick, *thin], hand.writer, hand.colour)


def _columns_of_signs(
    rng: np.random.Generator, sheet: Sheet, hand: Hand, x: float, y: float, size: float
) -> None:
    """A column of brush-like strokes that stand for an address in signs."""
    for i in range(int(rng.integers(6, 9))):
        top = y + 1.15 * size * i
        for _ in range(int(rng.integers(4, 8))):
            a, b = rng.random(2), rng.random(2)
            level = rng.random()  # two strokes of three lie level or stand upright
            a, b = (a * (0.3, 1), np.array([0.6 + 0.4 * b[0], a[1] - 0.05])) if level < 0.4 else (a, b)
            a, b = (a * (1, 0.3), np.array([a[0], 0.6 + 0.4 * b[1]])) if level > 0.7 else (a, b)
            points = [(x + size * a[0], top + size * a[1]), (x + size * b[0], top + size * b[1])]
            sheet.line(points, hand.colour, hand.writer.pen_width * 0.8 * size)


_LAYOUTS: dict[str, Callable[[np.random.Generator, Address, int, Look], tuple[Sheet, Box]]] = {
    "us": _us,
    "fr": _fr,
    "de": _de,
    "hu": _hu,
    "jp": _jp,
}
