"""Paper of every kind, as small pictures of pages need it: letters, notes, receipts, by chance.

What `forms.draw_form` draws can be read; this cannot, but no two of its pages are alike.
"""

from __future__ import annotations

import numpy as np

from pipeline.document import Image
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
        self.text = float(rng.uniform(2.4, 4.2) if rng.random() < 0.75 else rng.uniform(1.6, 2.4))
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


def draw_text_page(rng: np.random.Generator, dpi: int = 64) -> Image:
    """A page of writing without a field: a letter, a page of a book, a list, a note, a receipt."""
    kind = rng.random()
    if kind < 0.15:
        return _receipt(rng, dpi)
    page = start_page(rng, dpi)
    if kind < 0.45:
        return _handwritten(page)
    if rng.random() < 0.6:
        print_title(page)
    until = rng.uniform(0.3, 0.95)
    if rng.random() < 0.25:
        _columns(page, until)
    while not page.full(until):
        print_paragraph(page, int(rng.integers(2, 12)))
    if rng.random() < 0.3:
        name = page.line(18)
        page.sheet.write(rng, name, page.writer, 5 * page.sheet.mm, page.at(page.left, page.y + 9), page.ink)
    return page.sheet.image


def start_page(rng: np.random.Generator, dpi: int) -> Page:
    wide, tall = _SIZES[int(rng.integers(len(_SIZES)))]
    return Page(rng, (tall, wide) if rng.random() < 0.12 else (wide, tall), dpi)


def print_title(page: Page) -> None:
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


def print_paragraph(page: Page, lines: int, left: float | None = None, room: float | None = None) -> None:
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
            print_paragraph(page, int(page.rng.integers(3, 12)), page.left + number * wide, 0.9 * wide)
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
    print_title(page)
    until = rng.uniform(0.6, 0.95)
    while not page.full(until):
        page.say(page.line(rng.uniform(0.3, 0.6) * page.room), page.left, page.text)
        page.say(f"{rng.integers(1, 99)}.{rng.integers(10, 99)}", page.wide - page.right - 12, page.text)
        page.y += 1.5 * page.text
    return page.sheet.image
