"""A paper form filled by hand: combs, lines to write on, a small table, marks in its corners."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pipeline.document import Box, Image
from sample_scans.combs import fill_comb, print_comb
from sample_scans.ink import around
from sample_scans.page_scan import PageStyle, moved, scan_page
from sample_scans.pen import Writer
from sample_scans.sheet import BLACK, Colour, Sheet
from sample_scans.truth import FieldTruth

_WIDTH, _HEIGHT = 215.9, 279.4  # US letter, millimetres
_LEFT = 24.0
_PRINT: Colour = (70, 60, 60)
_GREEN: Colour = (120, 160, 90)
_BLUE: Colour = (120, 50, 30)
_ITEMS = ("Envelopes", "Postcards", "Parcels", "Registered")
_COLUMNS = ("Sent", "Returned", "Lost")


@dataclass(frozen=True, eq=False)
class _Desk:
    """The sheet, who fills it and with what."""

    rng: np.random.Generator
    sheet: Sheet
    writer: Writer
    ink: Colour
    walls: Colour

    def digits(self, low: int, high: int) -> str:
        """A number of low to high digits that does not begin with 0."""
        count = int(self.rng.integers(low, high + 1))
        figures = [self.rng.integers(1, 10), *self.rng.integers(0, 10, count - 1)]
        return "".join(map(str, figures))


def draw_form(
    rng: np.random.Generator, dpi: int = 200, style: PageStyle | None = None, *, filled: bool = True
) -> tuple[Image, list[FieldTruth]]:
    """A scanned form and what is written in each of its fields.

    filled : whether anybody has written on it; the truth of a blank form has empty values and the
    fields' own boxes. style : how it is scanned, at random where None. Returns the page, uint8 BGR
    or grey, and the fields in the order in which they are printed.
    """
    style = style or PageStyle.draw(rng)
    sheet = Sheet(_WIDTH, _HEIGHT, dpi, (250, 250, 250))
    hand = Writer.draw(rng)
    hand = replace(hand, gap=max(0.04, hand.gap), unrest=0.6 * hand.unrest, climb=0.3 * hand.climb)
    desk = _Desk(
        rng, sheet, hand, _BLUE if rng.random() < 0.6 else BLACK, _GREEN if rng.random() < 0.4 else _PRINT
    )
    _print_frame(sheet)
    fields = _combs(desk, filled) + _ruled_lines(desk, filled) + _table(desk, filled)
    page, matrix = scan_page(rng, sheet.image, style)
    return page, [replace(field, box=moved(field.box, matrix)) for field in fields]


def _print_frame(sheet: Sheet) -> None:
    """Title, and a black square in each corner by which a reader finds the page's position."""
    mm, side = sheet.mm, 6.0
    for x in (9.0, _WIDTH - 9.0 - side):
        for y in (9.0, _HEIGHT - 9.0 - side):
            sheet.fill(Box(round(x * mm), round(y * mm), round(side * mm), round(side * mm)), (20, 20, 20))
    sheet.print_text("Monthly mail return", (_LEFT * mm, 22 * mm), 7 * mm)
    sheet.print_text("Use a pen. One digit to a box.", (_LEFT * mm, 32 * mm), 3.6 * mm, _PRINT)


def _combs(desk: _Desk, filled: bool) -> list[FieldTruth]:
    """Three combs: eight digits, a date in groups, four digits in boxes that stand apart."""
    rng, sheet, mm = desk.rng, desk.sheet, desk.sheet.mm
    date = f"{rng.integers(1, 29):02d}{rng.integers(1, 13):02d}20{rng.integers(10, 40)}"
    plans = (
        ("member_number", "Member number", desk.digits(8, 8), (8,), 0.0),
        ("date", "Date (day, month, year)", date, (2, 2, 4), 0.0),
        ("office", "Office", desk.digits(4, 4), (4,), 2.0),
    )
    fields = []
    for row, (name, prompt, value, groups, gap) in enumerate(plans):
        y = (44 + 22 * row) * mm
        sheet.print_text(prompt, (_LEFT * mm, y), 4 * mm, _PRINT)
        cells = print_comb(
            sheet, (_LEFT * mm, y + 6 * mm), (7 * mm, 9.5 * mm), groups, desk.walls,
            gap=gap * mm, group_gap=3 * mm, thickness=0.3 * mm,
        )  # fmt: skip
        box = around(cells[0], cells[-1])
        if filled:
            box = fill_comb(rng, sheet, value, cells, desk.writer, desk.ink)
        fields.append(FieldTruth(name, value if filled else "", box))
    return fields


def _on_line(desk: _Desk, text: str, box: Box, size: float, filled: bool) -> Box:
    """Write text on the lower edge of a box, starting a little inside; returns where the ink is."""
    if not filled:
        return box
    at = (box.x + size * desk.rng.uniform(0.2, 0.7), box.y + box.height - 0.12 * size)
    boxes = desk.sheet.write(
        desk.rng, text, desk.writer, size, at, desk.ink, room=box.x + box.width - at[0]
    )  # fmt: skip
    found = [b for b, c in zip(boxes, text, strict=True) if b and c.isdigit()]
    ink = found[0]
    for other in found[1:]:
        ink = around(ink, other)
    return ink


def _ruled_lines(desk: _Desk, filled: bool) -> list[FieldTruth]:
    """A telephone number and an amount, each on a printed line behind its prompt."""
    sheet, mm = desk.sheet, desk.sheet.mm
    number, amount = desk.digits(10, 10), desk.digits(4, 6)
    phone = f"{number[:3]}-{number[3:6]}-{number[6:]}"
    plans = (("phone", "Telephone", phone), ("amount", "Amount paid, dollars", f"{amount}.-"))
    fields = []
    for row, (name, prompt, text) in enumerate(plans):
        base = (124 + 18 * row) * mm
        sheet.print_text(prompt, (_LEFT * mm, base - 4.5 * mm), 4 * mm, _PRINT)
        sheet.line([((_LEFT + 46) * mm, base), ((_LEFT + 128) * mm, base)], desk.walls, 0.3 * mm)
        room = Box(round((_LEFT + 46) * mm), round(base - 10 * mm), round(82 * mm), round(10 * mm))
        box = _on_line(desk, text, room, 6 * mm, filled)
        value = "".join(c for c in text if c.isdigit())
        fields.append(FieldTruth(name, value if filled else "", box))
    return fields


def _table(desk: _Desk, filled: bool) -> list[FieldTruth]:
    """Numbers of one to three digits in a ruled table; some cells stay empty."""
    sheet, mm = desk.sheet, desk.sheet.mm
    left, top, wide, tall = (_LEFT + 34) * mm, 166 * mm, 32 * mm, 12 * mm
    fields = []
    for i, heading in enumerate(_COLUMNS):
        sheet.print_text(heading, (left + (i + 0.25) * wide, top - 6 * mm), 4 * mm, _PRINT)
    for row, item in enumerate(_ITEMS):
        y = top + row * tall
        sheet.print_text(item, (_LEFT * mm, y + 4 * mm), 4 * mm, _PRINT)
        for i, heading in enumerate(_COLUMNS):
            cell = sheet.box(left + i * wide, y, (wide, tall), desk.walls, 0.3 * mm)
            text = desk.digits(1, 3) if desk.rng.random() < 0.8 else ""
            inner = Box(cell.x, cell.y, cell.width, round(0.85 * cell.height))
            box = _on_line(desk, text, inner, 6 * mm, filled and text != "")
            name = f"{item.lower()}_{heading.lower()}"
            fields.append(FieldTruth(name, text if filled else "", box))
    return fields
