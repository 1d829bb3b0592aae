"""What forms are made of, each where the page has come to: combs, lines to write on, tables, ticks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pipeline.document import Box
from sample_scans.combs import fill_comb, print_comb
from sample_scans.paperwork import Page


def _prompt(page: Page, below: float) -> None:
    page.say(page.line(page.rng.uniform(12, 40)), page.left, page.text)
    page.y += below


def _comb(page: Page, filled: bool) -> None:
    beside = page.rng.random() < 0.5
    _prompt(page, 0.0 if beside else 1.6 * page.text)
    draw_comb(page, page.left + (page.rng.uniform(0.15, 0.4) * page.room if beside else 0.0), filled)


def _combs(page: Page, filled: bool) -> None:
    """Rows of small combs side by side, each under its prompt."""
    rng, sheet = page.rng, page.sheet
    wide, tall, gap = rng.uniform(3.5, 6), rng.uniform(5, 8), rng.uniform(3, 9)
    for _ in range(int(rng.integers(1, 6))):
        x = page.left
        while (count := int(rng.integers(1, 7))) * wide < page.wide - page.right - x:
            page.say(page.line(6), x, 0.8 * page.text)
            cells = print_comb(
                sheet, page.at(x, page.y + 1.4 * page.text), (wide * sheet.mm, tall * sheet.mm), (count,),
                page.print, gap=0.0, thickness=page.thick,
            )  # fmt: skip
            if filled:
                digits = "".join(map(str, rng.integers(0, 10, count).tolist()))
                fill_comb(rng, sheet, digits, cells, page.writer, page.ink)
            x += count * wide + gap
        page.y += tall + 2.2 * page.text


def draw_comb(page: Page, left: float, filled: bool) -> None:
    rng, sheet = page.rng, page.sheet
    wide, tall = rng.uniform(4, 8), rng.uniform(5.5, 10)
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
    rows, columns = int(rng.integers(2, 11 if rng.random() < 0.7 else 30)), int(rng.integers(2, 7))
    tall = min(float(rng.uniform(5, 14)), max(3.5, (0.97 * page.tall - page.y) / rows))
    wide = (rng.uniform(0.5, 1.0) if rng.random() < 0.6 else 1.0) * page.room
    left = page.left + (page.room - wide) * rng.random()
    shares = rng.uniform(0.6, 1.4, columns) if rng.random() < 0.5 else np.ones(columns)
    if rng.random() < 0.3:
        shares[0] *= 3  # what is asked for
    edges = left + wide * np.concatenate([[0], np.cumsum(shares) / shares.sum()])
    bottom = page.y + rows * tall
    for row in range(rows + 1):
        y = page.y + row * tall
        sheet.line([page.at(left, y), page.at(left + wide, y)], page.print, page.thick)
    for x in edges.tolist():
        sheet.line([page.at(x, page.y), page.at(x, bottom)], page.print, page.thick)
    if rng.random() < 0.3:
        head, extent = page.at(left, page.y), page.at(wide, 0.9 * tall)
        shade = (40, 40, 40) if rng.random() < 0.5 else (205, 205, 205)
        sheet.fill(Box(*map(round, head), *map(round, extent)), shade)
    worded = 1 if rng.random() < 0.7 else int(rng.integers(0, columns + 1))
    for row in range(rows):
        for column in range(columns):
            _cell(page, edges[column : column + 2], row * tall, tall, column < worded, filled)
    page.y = bottom + 2


def _cell(page: Page, edges: np.ndarray, down: float, tall: float, worded: bool, filled: bool) -> None:
    """A cell of a table between two edges, `down` below where the page has come to: print, or a number."""
    rng, sheet = page.rng, page.sheet
    left, wide = float(edges[0]) + 1, float(edges[1] - edges[0])
    if worded:
        at = page.at(left, page.y + down + 0.3 * tall)
        sheet.print_text(page.line(0.5 * wide), at, max(3.0, page.text * sheet.mm), page.print)
    elif filled and rng.random() < 0.5:
        at, room = page.at(left, page.y + down + 0.8 * tall), 0.8 * wide * sheet.mm
        sheet.write(
            rng, str(rng.integers(0, 500)), page.writer, 0.5 * tall * sheet.mm, at, page.ink, room=room
        )


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


FORM_PARTS: tuple[Callable[[Page, bool], None], ...] = (
    _comb, _comb, _combs, _ruled, _table, _table, _ticks, _frame,
)  # fmt: skip
