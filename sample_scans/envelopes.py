"""Envelopes and postcards with a handwritten postal code, laid out as five countries' posts want them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from pipeline.document import Box, Image
from pipeline.layouts import countries
from sample_scans.addresses import Address, draw_address
from sample_scans.barcodes import print_barcode
from sample_scans.combs import fill_comb, print_comb
from sample_scans.ink import around
from sample_scans.page_scan import PageStyle, moved, scan_page
from sample_scans.pen import Writer
from sample_scans.sheet import BLACK, Colour, Sheet
from sample_scans.stamps import postmark, sorter_bars, stick_stamp
from sample_scans.truth import FieldTruth

COUNTRIES = ("us", "fr", "de", "hu", "jp")
BARCODED = 0.35  # US pieces that have been through a sorter
_WHITE: Colour = (250, 250, 250)
PAPERS: tuple[Colour, ...] = (
    _WHITE, _WHITE, _WHITE, (244, 248, 250), (238, 244, 248), (228, 240, 246), (240, 236, 230),
    (226, 226, 226), (186, 216, 234), (160, 190, 210),
)  # fmt: skip
_INKS: tuple[Colour, ...] = (BLACK, (50, 40, 38), (120, 50, 30), (150, 70, 40), (90, 40, 60))
_ORANGE: Colour = (70, 140, 240)
_RED: Colour = (60, 60, 220)


@dataclass(frozen=True)
class Look:
    """What an envelope is to be like; a colour that is None is drawn at random.

    code : whether the destination's postal code is written. sender_code : whether the sender's is.
    large_sender : the sender's address stands there in the same hand and size as the destination's.
    boxes : whether boxes for the code are printed, where the country has them; None: on some pieces.
    """

    paper: Colour | None = None
    ink: Colour | None = None
    code: bool = True
    sender_code: bool = True
    large_sender: bool = False
    boxes: bool | None = None

    def prints_boxes(self, rng: np.random.Generator, share: float) -> bool:
        """Whether boxes are printed on a piece of which such a share has them."""
        return rng.random() < share if self.boxes is None else self.boxes


ANY_LOOK = Look()


@dataclass(frozen=True, eq=False)
class Hand:
    """Who writes on this envelope: hand, ink, and the height of a digit in millimetres."""

    writer: Writer
    colour: Colour
    size: float

    @classmethod
    def draw(cls, rng: np.random.Generator, look: Look) -> Hand:
        """A hand at random; the look may tell its ink."""
        writer = Writer.draw(rng)
        writer = replace(  # an address is written to be read
            writer,
            gap=min(0.3, max(0.03, writer.gap)),
            unrest=0.7 * writer.unrest,
            hang=0.5 * writer.hang,
            climb=0.4 * writer.climb,
            pen_width=min(0.14, writer.pen_width),
        )
        ink = _INKS[int(rng.integers(len(_INKS)))]
        return cls(writer, look.ink or ink, float(rng.uniform(3.6, 6.2)))


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


def _sheet(rng: np.random.Generator, width_mm: float, height_mm: float, dpi: int, look: Look) -> Sheet:
    paper = PAPERS[int(rng.integers(len(PAPERS)))]
    return Sheet(width_mm, height_mm, dpi, look.paper or paper)


def union(boxes: list[Box | None]) -> Box:
    """The box around those that there are; one of no size where there is none."""
    found = [b for b in boxes if b]
    if not found:
        return Box(0, 0, 0, 0)
    box = found[0]
    for other in found[1:]:
        box = around(box, other)
    return box


def frank(rng: np.random.Generator, sheet: Sheet) -> None:
    """Stamp and postmark in the upper right corner."""
    stamp = stick_stamp(rng, sheet, sheet.width - rng.uniform(5, 10) * sheet.mm, rng.uniform(5, 9) * sheet.mm)
    if rng.random() < 0.8:
        postmark(rng, sheet, stamp)


def print_sender(rng: np.random.Generator, sheet: Sheet, hand: Hand, country: str, look: Look) -> None:
    """Upper left: printed, handwritten small, or none."""
    sender = draw_address(rng, country)
    lines = [*sender.lines, *place_code(country, sender.town, sender.code if look.sender_code else "")]
    x, y = rng.uniform(7, 12) * sheet.mm, rng.uniform(6, 9) * sheet.mm
    kind = rng.random()
    if look.large_sender:
        size = 0.92 * hand.size * sheet.mm
        for i, line in enumerate(lines):
            at = (x, y + size * (1 + 1.5 * i))
            sheet.write(rng, line, hand.writer, size, at, hand.colour, room=0.42 * sheet.width)
        return
    if kind < 0.5:
        size = rng.uniform(3.0, 3.8) * sheet.mm
        for i, line in enumerate(lines):
            sheet.print_text(line, (x, y + 1.25 * size * i), size)
    elif kind < 0.85:
        size = 0.62 * hand.size * sheet.mm
        for i, line in enumerate(lines):
            at = (x, y + size * (1 + 1.55 * i))
            sheet.write(rng, line, hand.writer, size, at, hand.colour, room=0.38 * sheet.width)


def place_code(country: str, town: str, code: str) -> list[str]:
    """The last lines of an address, the code where its country has it."""
    where = countries()[country].where
    if where == "alone":
        return [town, code] if code else [town]
    return [_joined(code, town) if where == "start" else _joined(town, code)]


def _joined(*words: str) -> str:
    return " ".join(word for word in words if word)


def _lines(
    rng: np.random.Generator,
    sheet: Sheet,
    hand: Hand,
    lines: tuple[str, ...] | list[str],
    at: tuple[float, float],
) -> list[list[Box | None]]:
    """Handwritten lines from `at` (left, first baseline) down; the boxes of each line's characters."""
    size = hand.size * sheet.mm
    pitch = size * rng.uniform(1.6, 2.1)
    room_below = sheet.height - at[1] - 0.09 * sheet.height
    pitch = min(pitch, room_below / max(1, len(lines) - 1))
    size = min(size, 0.66 * pitch)
    step = rng.normal(0, 0.25) * size if rng.random() < 0.5 else 0.0
    boxes = []
    for i, line in enumerate(lines):
        x = at[0] + step * i + rng.normal(0, 0.12) * size
        room = sheet.width - x - 6 * sheet.mm
        boxes.append(
            sheet.write(rng, line, hand.writer, size, (x, at[1] + pitch * i), hand.colour, room=room)
        )
    return boxes


def _us(rng: np.random.Generator, address: Address, dpi: int, look: Look) -> tuple[Sheet, Box]:
    """Number 10, 6 3/4 or A7: return address, stamp, and the code at the end of the last line."""
    width, height = ((241.3, 104.8), (241.3, 104.8), (165.1, 92.1), (184.2, 133.4))[int(rng.integers(4))]
    sheet = _sheet(rng, width, height, dpi, look)
    hand = Hand.draw(rng, look)
    frank(rng, sheet)
    print_sender(rng, sheet, hand, "us", look)
    lines = [*address.lines]
    alone = rng.random() < 0.12
    lines += [address.town, address.code] if alone and address.code else [_joined(address.town, address.code)]
    at = (sheet.width * rng.uniform(0.3, 0.44), sheet.height * rng.uniform(0.46, 0.56))
    boxes = _lines(rng, sheet, hand, lines, at)[-1]
    return sheet, union(boxes[len(lines[-1]) - len(address.code) :])


def _fr(rng: np.random.Generator, address: Address, dpi: int, look: Look) -> tuple[Sheet, Box]:
    """Five orange boxes for the code, corner marks around the address, a line for the town."""
    sheet = _sheet(rng, *((220.0, 110.0), (162.0, 114.0))[int(rng.integers(2))], dpi, look)
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
    _lines(rng, sheet, replace(hand, size=min(hand.size, 4.4)), address.lines, at)
    sheet.write(
        rng, address.town.upper(), hand.writer, hand.size * mm, (town_x + 2 * mm, base - mm), hand.colour,
        room=right - town_x - 4 * mm,
    )  # fmt: skip
    if rng.random() < 0.4:
        sorter_bars(rng, sheet, sheet.width - 10 * mm, sheet.height - 5 * mm, _RED)
    return sheet, fill_comb(rng, sheet, address.code, cells, hand.writer, hand.colour)


def _de(rng: np.random.Generator, address: Address, dpi: int, look: Look) -> tuple[Sheet, Box]:
    """Code before the town on the last line."""
    sheet = _sheet(rng, *((220.0, 110.0), (162.0, 114.0))[int(rng.integers(2))], dpi, look)
    hand = Hand.draw(rng, look)
    frank(rng, sheet)
    print_sender(rng, sheet, hand, "de", look)
    last = _joined(address.code, address.town)
    at = (sheet.width * rng.uniform(0.34, 0.46), sheet.height * rng.uniform(0.44, 0.52))
    boxes = _lines(rng, sheet, hand, [*address.lines, last], at)[-1]
    return sheet, union(boxes[: len(address.code)])


def _hu(rng: np.random.Generator, address: Address, dpi: int, look: Look) -> tuple[Sheet, Box]:
    """Town above the street, the code alone on the lowest line, in four boxes on some envelopes."""
    sheet = _sheet(rng, *((220.0, 110.0), (162.0, 114.0))[int(rng.integers(2))], dpi, look)
    hand = Hand.draw(rng, look)
    mm = sheet.mm
    frank(rng, sheet)
    print_sender(rng, sheet, hand, "hu", look)
    lines = [address.lines[0], address.town, *address.lines[1:]]
    at = (sheet.width * rng.uniform(0.4, 0.5), sheet.height * rng.uniform(0.42, 0.48))
    if not look.prints_boxes(rng, 0.4):
        boxes = _lines(rng, sheet, hand, [*lines, address.code] if address.code else lines, at)[-1]
        return sheet, union(boxes if address.code else [])
    hand = replace(hand, size=min(hand.size, 4.2))
    last = _lines(rng, sheet, hand, lines, at)[-1]
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
