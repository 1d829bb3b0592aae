"""Paper of every kind, as small pictures of pages need it: forms, letters, notes, receipts, by chance.

What `forms.draw_form` draws can be read; this cannot, but no two of its pages are alike.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pipeline.document import Box, Image
from sample_scans.combs import fill_comb, print_comb
from sample_scans.pen import Writer
from sample_scans.sheet import BLACK, Colour, Sheet

_SIZES = ((210.0, 297.0), (215.9, 279.4), (148.0, 210.0), (215.9, 355.6))
_WORDS = [
    "the", "of", "and", "to", "in", "for", "with", "must", "field", "answer", "number", "date", "name",
    "page", "office", "return", "total", "point", "amount", "each", "student", "address", "section",
    "please", "write", "value", "account", "period", "question", "reason", "department", "signature",
    "order", "service", "payment", "county", "person", "report", "item",
]  # fmt: skip
_PAPERS: tuple[Colour, ...] = ((250, 250, 250),) * 5 + ((240, 246, 250), (226, 232, 235), (222, 236, 216))
_INKS: tuple[Colour, ...] = (BLACK, (60, 50, 48), (120, 50, 30), (150, 70, 40))
_PRINTS: tuple[Colour, ...] = (BLACK, BLACK, (70, 60, 60), (110, 110, 110), (120, 160, 90), (90, 90, 190))


class Page:
    """A sheet that is filled from the top down; `y` is where the next thing goes, in millimetres."""

    def __init__(self, rng: np.random.Generator, size: tuple[float, float], dpi: int) -> None:
        self.rng = rng
        self.wide, self.tall = size
        self.left: float
        self.right: float
        self.sheet = Sheet(*size, dpi, _PAPERS[int(rng.integers(len(_PAPERS)))])
        self.left, self.right = (rng.uniform(0.05, 0.13, 2) * self.wide).tolist()
        self.y = float(rng.uniform(0.03, 0.09)) * self.tall
        self.text = float(rng.uniform(2.4, 4.2))
        self.print = _PRINTS[int(rng.integers(len(_PRINTS)))]
        self.ink = _INKS[int(rng.integers(len(_INKS)))]
        self.writer = Writer.draw(rng)
        self.thick = float(rng.uniform(0.2, 0.6)) * self.sheet.mm

    @property
    def room(self) -> float:
        """Width between the margins, millimetres."""
        return self.wide - self.left - self.right

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Millimetres in pixels."""
        return x * self.sheet.mm, y * self.sheet.mm

    def say(self, words: str, x: float, size: float, colour: Colour | None = None) -> None:
        """Print one line at `x`, millimetres from the left edge, at the height where the page has come to."""
        self.sheet.print_text(words, self.at(x, self.y), max(3.0, size * self.sheet.mm), colour or self.print)

    def line(self, length: float) -> str:
        """Words for about so many millimetres of print."""
        count = max(1, round(length / (2.9 * self.text)))
        return " ".join(self.rng.choice(_WORDS, count).tolist())

    def full(self, share: float) -> bool:
        """Whether the page is filled down to this share of its height."""
        return self.y > share * self.tall


def draw_loose_form(rng: np.random.Generator, dpi: int = 64) -> Image:
    """A form that nobody uses: title, prompts, combs, tables, boxes to tick, in an order by chance."""
    page = _page(rng, dpi)
    if rng.random() < 0.35:
        _corner_marks(page)
    if rng.random() < 0.4:
        _code_square(page, page.wide - page.right - 22, page.y)
    _title(page)
    filled = rng.random() < 0.6
    favoured = _FORM_PARTS[int(rng.integers(len(_FORM_PARTS)))]
    until, furniture = rng.uniform(0.6, 0.95), 0
    while not page.full(until):
        part = favoured if rng.random() < 0.4 else _FORM_PARTS[int(rng.integers(len(_FORM_PARTS)))]
        if rng.random() < 0.2:
            _paragraph(page, int(rng.integers(1, 5)))
        part(page, filled)
        furniture += 1
        page.y += rng.uniform(2, 7)
    if furniture < 2:
        _table(page, filled)
    return page.sheet.image


def draw_text_page(rng: np.random.Generator, dpi: int = 64) -> Image:
    """A page of writing without a field: a letter, a page of a book, a list, a note, a receipt."""
    kind = rng.random()
    if kind < 0.15:
        return _receipt(rng, dpi)
    page = _page(rng, dpi)
    if kind < 0.45:
        return _handwritten(page)
    if rng.random() < 0.6:
        _title(page)
    until = rng.uniform(0.3, 0.95)
    if rng.random() < 0.25:
        _columns(page, until)
    while not page.full(until):
        _paragraph(page, int(rng.integers(2, 12)))
    if rng.random() < 0.3:
        name = page.line(18)
        page.sheet.write(rng, name, page.writer, 5 * page.sheet.mm, page.at(page.left, page.y + 9), page.ink)
    return page.sheet.image


def _page(rng: np.random.Generator, dpi: int) -> Page:
    wide, tall = _SIZES[int(rng.integers(len(_SIZES)))]
    return Page(rng, (tall, wide) if rng.random() < 0.12 else (wide, tall), dpi)


def _title(page: Page) -> None:
    rng = page.rng
    for _ in range(int(rng.integers(1, 4))):
        size = page.text * rng.uniform(1.0, 2.2)
        words = page.line(rng.uniform(0.15, 0.4) * page.room).title()
        middle = rng.random() < 0.5
        x = page.left + (page.room - 0.5 * size * len(words)) / 2 if middle else page.left
        page.say(words, max(2.0, x), size)
        page.y += 1.5 * size
    if rng.random() < 0.3:
        page.sheet.line(
            [page.at(page.left, page.y), page.at(page.wide - page.right, page.y)], page.print, page.thick
        )
    page.y += rng.uniform(1, 8)


def _paragraph(page: Page, lines: int, left: float | None = None, room: float | None = None) -> None:
    left = page.left if left is None else left
    room = page.room if room is None else room
    for number in range(lines):
        last = number == lines - 1
        page.say(page.line(room * (page.rng.uniform(0.2, 0.9) if last else 1.0))[: int(room / page.text * 2)],
                 left, page.text)  # fmt: skip
        page.y += 1.35 * page.text
    page.y += page.rng.uniform(0.3, 1.2) * page.text


def _columns(page: Page, until: float) -> None:
    count = int(page.rng.integers(2, 4))
    wide = page.room / count
    top = lowest = page.y
    for number in range(count):
        page.y = top
        while not page.full(until):
            _paragraph(page, int(page.rng.integers(3, 12)), page.left + number * wide, 0.9 * wide)
        lowest = max(lowest, page.y)
    page.y = lowest


def _handwritten(page: Page) -> Image:
    rng, sheet = page.rng, page.sheet
    size = rng.uniform(3.5, 7.0)
    pitch = size * rng.uniform(1.5, 2.2)
    if rng.random() < 0.4:  # ruled paper
        for y in np.arange(page.y, page.tall - 8, pitch):
            sheet.line([page.at(2, y), page.at(page.wide - 2, y)], (220, 190, 170), 0.25 * sheet.mm)
    until = rng.uniform(0.2, 0.95)
    page.y += size
    while not page.full(until):
        words = page.line(page.room * rng.uniform(0.3, 0.55))
        at = page.at(page.left + rng.uniform(0, 4), page.y)
        sheet.write(rng, words, page.writer, size * sheet.mm, at, page.ink, room=page.room * sheet.mm)
        page.y += pitch
    return sheet.image


def _receipt(rng: np.random.Generator, dpi: int) -> Image:
    page = Page(rng, (80.0, float(rng.uniform(120, 260))), dpi)
    _title(page)
    until = rng.uniform(0.6, 0.95)
    while not page.full(until):
        page.say(page.line(rng.uniform(0.3, 0.6) * page.room), page.left, page.text)
        page.say(f"{rng.integers(1, 99)}.{rng.integers(10, 99)}", page.wide - page.right - 12, page.text)
        page.y += 1.5 * page.text
    return page.sheet.image


def _corner_marks(page: Page) -> None:
    side, edge = page.rng.uniform(3, 8), page.rng.uniform(3, 10)
    for x in (edge, page.wide - edge - side):
        for y in (edge, page.tall - edge - side):
            corner = page.at(x, y)
            box = Box(round(corner[0]), round(corner[1]), *[max(2, round(side * page.sheet.mm))] * 2)
            page.sheet.fill(box, (20, 20, 20))


def _code_square(page: Page, x: float, y: float) -> None:
    """A square of black and white modules."""
    modules = (page.rng.random((21, 21)) < 0.5).astype(np.uint8) * 255
    side = max(1, round(page.rng.uniform(0.6, 1.1) * page.sheet.mm))
    left, top = page.at(x, y)
    ink = np.kron(modules, np.ones((side, side), np.uint8))
    page.sheet.soak(ink, round(left), round(top), (20, 20, 20))


def _prompt(page: Page, below: float) -> None:
    page.say(page.line(page.rng.uniform(12, 40)), page.left, page.text)
    page.y += below


def _comb(page: Page, filled: bool) -> None:
    rng, sheet = page.rng, page.sheet
    wide, tall = rng.uniform(4, 8), rng.uniform(5.5, 10)
    beside = rng.random() < 0.5
    _prompt(page, 0.0 if beside else 1.6 * page.text)
    left = page.left + (rng.uniform(0.15, 0.4) * page.room if beside else 0.0)
    count = int(rng.integers(2, int(max(3, min(14, (page.wide - page.right - left) / wide)))))
    cells = print_comb(
        sheet, page.at(left, page.y), (wide * sheet.mm, tall * sheet.mm), (count,), page.print,
        gap=rng.choice((0.0, 1.0)) * sheet.mm, thickness=page.thick,
    )  # fmt: skip
    if filled and rng.random() < 0.8:
        text = "".join(map(str, rng.integers(0, 10, count).tolist()))
        fill_comb(rng, sheet, text, cells, page.writer, page.ink)
    page.y += tall + 1


def _ruled(page: Page, filled: bool) -> None:
    rng, sheet = page.rng, page.sheet
    for _ in range(int(rng.integers(1, 6))):
        start = page.left + rng.uniform(0.15, 0.4) * page.room
        end = page.wide - page.right - rng.uniform(0, 0.3) * page.room
        _prompt(page, 1.3 * page.text)
        sheet.line([page.at(start, page.y), page.at(end, page.y)], page.print, page.thick)
        if filled and rng.random() < 0.7:
            words = str(rng.integers(10, 10**6)) if rng.random() < 0.5 else page.line(20)
            sheet.write(
                rng, words, page.writer, 4.5 * sheet.mm, page.at(start + 2, page.y - 0.5), page.ink,
                room=(end - start) * sheet.mm,
            )  # fmt: skip
        page.y += rng.uniform(3, 7)


def _table(page: Page, filled: bool) -> None:
    rng, sheet = page.rng, page.sheet
    rows, columns = int(rng.integers(2, 11)), int(rng.integers(2, 7))
    tall = float(rng.uniform(5, 14))
    share = rng.uniform(0.5, 1.0) if rng.random() < 0.6 else 1.0
    left = page.left + (1 - share) * page.room * rng.random()
    wide = share * page.room / columns
    bottom = page.y + rows * tall
    for row in range(rows + 1):
        y = page.y + row * tall
        sheet.line([page.at(left, y), page.at(left + columns * wide, y)], page.print, page.thick)
    for column in range(columns + 1):
        x = left + column * wide
        sheet.line([page.at(x, page.y), page.at(x, bottom)], page.print, page.thick)
    if rng.random() < 0.3:
        head = page.at(left, page.y)
        sheet.fill(
            Box(
                round(head[0]), round(head[1]), round(columns * wide * sheet.mm), round(0.9 * tall * sheet.mm)
            ),
            (40, 40, 40) if rng.random() < 0.5 else (205, 205, 205),
        )
    for row in range(rows):
        for column in range(columns):
            if column and not (filled and rng.random() < 0.5):
                continue
            cell = page.at(left + column * wide + 1, page.y + (row + (0.3 if column == 0 else 0.8)) * tall)
            if column == 0:
                sheet.print_text(page.line(0.5 * wide), cell, max(3.0, page.text * sheet.mm), page.print)
            else:
                number = str(rng.integers(0, 500))
                room = 0.8 * wide * sheet.mm
                sheet.write(rng, number, page.writer, 0.5 * tall * sheet.mm, cell, page.ink, room=room)
    page.y = bottom + 2


def _ticks(page: Page, filled: bool) -> None:
    """Boxes or circles to tick, with what they stand for, or a grid of bubbles."""
    rng, sheet = page.rng, page.sheet
    rows, columns = int(rng.integers(2, 8)), int(rng.integers(1, 11))
    bare = columns > 4
    step = 6.0 if bare else page.room / columns
    for row in range(rows):
        for column in range(columns):
            x, y = page.left + column * step, page.y + row * 6
            sheet.box(*page.at(x, y), (3.6 * sheet.mm, 3.6 * sheet.mm), page.print, page.thick)
            if filled and rng.random() < 0.25:
                sheet.line([page.at(x, y), page.at(x + 4, y + 4)], page.ink, 0.6 * sheet.mm)
            if not bare:
                words = page.line(0.5 * step)
                sheet.print_text(words, page.at(x + 5, y), max(3.0, page.text * sheet.mm), page.print)
    page.y += rows * 6 + 2


def _frame(page: Page, filled: bool) -> None:
    """A large box with its prompt inside, written in or not."""
    rng, sheet = page.rng, page.sheet
    tall, wide = float(rng.uniform(12, 45)), float(rng.uniform(0.4, 1.0)) * page.room
    sheet.box(*page.at(page.left, page.y), (wide * sheet.mm, tall * sheet.mm), page.print, page.thick)
    sheet.print_text(page.line(0.4 * wide), page.at(page.left + 1, page.y + 1), 3.0 * sheet.mm, page.print)
    if filled:
        at = page.at(page.left + 4, page.y + 0.75 * tall)
        sheet.write(rng, page.line(25), page.writer, 5 * sheet.mm, at, page.ink, room=0.9 * wide * sheet.mm)
    page.y += tall + 3


_FORM_PARTS: tuple[Callable[[Page, bool], None], ...] = (_comb, _comb, _ruled, _table, _table, _ticks, _frame)
