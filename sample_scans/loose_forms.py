"""Forms that nobody uses, as small pictures of pages need them: no two of them are alike."""

from __future__ import annotations

import numpy as np

from pipeline.document import Box, Image
from sample_scans.form_parts import FORM_PARTS, draw_comb
from sample_scans.paperwork import Page, print_paragraph, print_title, start_page


def draw_loose_form(rng: np.random.Generator, dpi: int = 64) -> Image:
    """A form that nobody uses: title, prompts, combs, tables, boxes to tick, in an order by chance."""
    page = start_page(rng, dpi)
    if rng.random() < 0.15:
        return _sheet_of_text(page)
    if rng.random() < 0.35:
        _corner_marks(page)
    if rng.random() < 0.4:
        _code_square(page, page.wide - page.right - 22, page.y)
    print_title(page)
    until = rng.uniform(0.6, 0.95)
    if rng.random() < 0.2:
        _beside_text(page, until)
    else:
        _fill(page, until, rng.random() < 0.6)
    if rng.random() < 0.12:
        _border(page)
    return page.sheet.image


def _fill(page: Page, until: float, filled: bool) -> None:
    """Parts of a form down to a share of the page's height; one kind of them is its favourite."""
    rng = page.rng
    favoured = FORM_PARTS[int(rng.integers(len(FORM_PARTS)))]
    wordy, close = rng.random() < 0.3, rng.uniform(0.4, 1.0)
    furniture = 0
    while furniture < 2 or not page.full(until):
        part = favoured if rng.random() < 0.4 else FORM_PARTS[int(rng.integers(len(FORM_PARTS)))]
        if rng.random() < (0.6 if wordy else 0.2):
            print_paragraph(page, int(rng.integers(1, 5)))
        part(page, filled)
        furniture += 1
        page.y += close * rng.uniform(2, 7)
        if page.full(0.97):
            break


def _beside_text(page: Page, until: float) -> None:
    """Instructions in one column, what is to be filled in beside them."""
    rng = page.rng
    top, left, right = page.y, page.left, page.right
    gap, share = 0.03 * page.room, rng.uniform(0.35, 0.65)
    middle = left + share * page.room
    halves = [(left, page.wide - middle + gap), (middle + gap, right)]
    if rng.random() < 0.3:
        halves.reverse()
    page.left, page.right = halves[0]
    while not page.full(until):
        print_paragraph(page, int(rng.integers(1, 6)))
    page.y = top + rng.uniform(0, 0.1) * page.tall
    page.left, page.right = halves[1]
    _fill(page, rng.uniform(0.4, 0.9), rng.random() < 0.6)


def _border(page: Page) -> None:
    edge = page.rng.uniform(0.3, 0.9) * min(page.left, page.right)
    extent = ((page.wide - 2 * edge) * page.sheet.mm, (page.tall - 2 * edge) * page.sheet.mm)
    page.sheet.box(*page.at(edge, edge), extent, page.print, page.thick)


def _sheet_of_text(page: Page) -> Image:
    """Full of print, with a field or two beside a code square, as sheets of an examination are."""
    rng = page.rng
    if rng.random() < 0.5:
        print_title(page)
    fields, until = int(rng.integers(1, 3)), rng.uniform(0.75, 0.97)
    places = sorted((rng.uniform(0.05, 0.7, fields) * page.tall).tolist())
    square, flowing = rng.random() < 0.8, rng.random() < 0.6
    while places or not page.full(until):
        if places and page.y >= places[0]:
            places.pop(0)
            _field_in_text(page, square, flowing)
        print_paragraph(page, int(rng.integers(2, 12)))
    return page.sheet.image


def _field_in_text(page: Page, square: bool, flowing: bool) -> None:
    """A comb, mostly beside a code square; where the text is `flowing` it goes on beside them."""
    rng, top, left = page.rng, page.y, page.left
    indent = rng.uniform(0.0, 0.3) * page.room
    if flowing:
        while page.y < top + 19:
            print_paragraph(page, 1, left, 0.8 * indent)
    page.y = top + 1
    if square:
        _code_square(page, left + indent, page.y)
    page.y = top + rng.uniform(4, 10)
    comb = left + indent + (26 if square else 2)
    draw_comb(page, comb, rng.random() < 0.6)
    end = page.y
    if flowing:
        page.y, beside = top, comb + rng.uniform(0.2, 0.4) * page.room
        while page.y < top + 19:
            print_paragraph(page, 1, beside, max(10.0, left + page.room - beside))
    page.y = max(end, top + 22)


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
