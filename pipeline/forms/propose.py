"""Propose fields from a picture of a form: its combs, boxes, tables and writing lines."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.document import Image
from pipeline.forms.layout import split
from pipeline.forms.lift import CELL_HEIGHT, FRAME_HEIGHT, lift
from pipeline.forms.meshes import (
    DRAWING,
    LONG,
    TOUCH,
    Places,
    attached,
    closed,
    distinct,
    drawing,
    enclosed,
    meshes,
    touches,
)
from pipeline.forms.proposal import Proposal
from pipeline.forms.rules import Rules, find_rules, lengths
from pipeline.forms.search import Found, find_combs
from pipeline.forms.tables import tables
from pipeline.forms.ticks import parted
from pipeline.paper import ink

# Widest box for a digit, in heights.
STOUT = 1.35
# White between neighbours of a comb, in widths of a box.
APART = 0.7
# Share of a place that may be printed on, for it to be one to write in.
PRINTED = 0.2
# A line of print: so many letters at least, so low against the place, their middles so near to its middle.
LETTERS, SMALL, MIDDLE = 5, 0.33, 0.2
# Height of a frame for one number, share of the page's longer side; boxes of a comb may be higher.
TALLEST_FRAME = 0.055
# Longest line to write on, share of the page's width; longer ones part the page.
LONGEST = 0.55
# Share of a line that must be inked: the feet of a line of print are not.
INKED = 0.75
# Share of a frame of lines that is drawn on a form that shows it at all.
SURELY_FRAMED = 0.95
# Height of the room above a line to write on, shares of the page's longer side, the most that is bare.
ROOMS = (0.026, 0.016)


def propose(image: Image) -> list[Proposal]:
    """The fields that a picture of a form, blank or filled, seems to have, in reading order.

    image : (H, W) uint8 or (H, W, 3) BGR, level within a degree.

    The printed lines are drawn clean; every mesh between them that is a rectangle of a size to write in
    and holds no print is a box, equal neighbours are a comb, combs or boxes that share their walls are
    cells of a table, and a line with room above that bounds no box is one to write on.
    """
    grey = ink.to_grey(image)
    rules = attached(closed(find_rules(grey), max(grey.shape)), max(grey.shape))
    dark = ink.binarize(ink.darkness(grey))
    size = max(grey.shape)
    drawn = drawing(rules, grey.shape)
    # Clean lines close where the scan is broken; the scan closes where a line was too short to be found.
    height, width = drawn.shape
    print_ = cv2.resize(dark, (width, height), interpolation=cv2.INTER_AREA)
    seen = np.where(print_ > 90, np.uint8(0), drawn)
    cells = distinct(np.vstack([meshes(drawn, grey.shape), meshes(seen, grey.shape)]))
    bare = cells[np.array([_bare(dark, cell) for cell in cells], bool)]
    joined = [_whole_comb(count, found) for count, found in find_combs(image, rules)]
    joined = [field for field in joined if _meshes_within(bare, field) < field.boxes]
    places = np.array([_edges(field.place) for field in joined]).reshape(-1, 4)
    free = [not _within(cell, places) for cell in bare]
    combs, rest = _combs(bare[np.array(free, bool)])
    low = rest[rest[:, 3] - rest[:, 1] <= TALLEST_FRAME * size]
    single = [cell for cell in low if enclosed(drawn, cell, DRAWING / size) and not _labelled(dark, cell)]
    fields = joined + combs + [Proposal("box", _place(cell)) for cell in single]
    fields += _lines(rules, np.vstack([cells, places]), dark, grey.shape)
    fields = [parted(field, dark) for field in fields]
    found = _in_reading_order(tables(_in_reading_order(fields)))
    return [replace(field, framed=field.kind == "line" or _framed(image, field)) for field in found]


def _framed(image: Image, field: Proposal) -> bool:
    """Whether the reader would find the field's frame, of a table that of its first cell."""
    x, y, w, h = field.place
    first = (x, y, w / max(field.columns, 1), h / max(field.rows, 1))
    cells = split(first, max(field.boxes, 1), field.gap)
    height = CELL_HEIGHT if field.boxes else FRAME_HEIGHT
    return lift(image, np.eye(3), cells, height, None, ticks=field.boxes > 1).framed >= SURELY_FRAMED


def _bare(dark: Image, cell: NDArray[np.float64]) -> bool:
    """Whether nothing, or little, stands in a mesh: a heading or a prompt fills more of it."""
    left, top, right, bottom = cell
    inset = 0.12 * min(right - left, bottom - top)
    part = dark[int(top + inset) : int(bottom - inset), int(left + inset) : int(right - inset)]
    return bool(part.size and float((part > 0).mean()) <= PRINTED)


def _labelled(dark: Image, cell: NDArray[np.float64]) -> bool:
    """Whether a line of print stands in the middle of a mesh; a prompt in its corner leaves room to write."""
    left, top, right, bottom = cell
    inset = 0.08 * min(right - left, bottom - top)
    part = dark[int(top + inset) : int(bottom - inset), int(left + inset) : int(right - inset)]
    _, _, stats, middles = cv2.connectedComponentsWithStats(np.ascontiguousarray(part), connectivity=8)
    tall = stats[1:, cv2.CC_STAT_HEIGHT]
    letters = (tall >= 0.08 * (bottom - top)) & (tall <= SMALL * (bottom - top))
    central = np.abs(middles[1:, 1] / max(part.shape[0], 1) - 0.5) <= MIDDLE
    return bool((letters & central).sum() >= max(LETTERS, 0.6 * len(tall)))


def _combs(cells: Places) -> tuple[list[Proposal], Places]:
    """Rows of equal boxes for a digit each, and the meshes that are in none."""
    wide, tall = cells[:, 2] - cells[:, 0], cells[:, 3] - cells[:, 1]
    slim = (wide / tall <= STOUT) if len(cells) else np.zeros(0, bool)
    free = slim.copy()
    combs, alone = [], ~slim
    for seed in np.lexsort((cells[:, 0], cells[:, 1])) if len(cells) else []:
        if not free[seed]:
            continue
        row = [int(seed)]
        free[seed] = False
        while True:
            last = cells[row[-1]]
            gap = cells[:, 0] - last[2]
            like = (
                free
                & (gap > -0.3 * wide[seed])
                & (gap < APART * wide[seed])
                & (np.abs(cells[:, 1] - last[1]) < 0.2 * tall[seed])
                & (np.abs(tall - tall[seed]) < 0.15 * tall[seed])
                & (np.abs(wide - wide[seed]) < 0.2 * wide[seed])
                & (cells[:, 0] > last[0])
            )
            if len(row) > 1:  # groups of boxes stand apart from one another
                usual = cells[row[1], 0] - cells[row[0], 2]
                like &= np.abs(gap - usual) < 0.2 * wide[seed]
            if not like.any():
                break
            following = int(np.flatnonzero(like)[gap[like].argmin()])
            free[following] = False
            row.append(following)
        if len(row) > 1:
            combs.append(_comb(cells[row]))
        else:  # one square box may hold two digits
            alone[seed] = True
    return combs, cells[alone]


def _comb(row: Places) -> Proposal:
    gaps = row[1:, 0] - row[:-1, 2]
    gap = float(np.median(gaps)) if len(gaps) else 0.0
    outer = np.array([row[0, 0], np.median(row[:, 1]), row[-1, 2], np.median(row[:, 3])])
    wide = float(np.median(row[:, 2] - row[:, 0]))
    return Proposal("comb", _place(outer), len(row), round(gap) if gap > 0.06 * wide else 0)


def _whole_comb(count: int, found: Found) -> Proposal:
    box = found.patch.box
    return Proposal("comb", (box.x, box.y, box.width, box.height), count)


def _edges(place: tuple[int, int, int, int]) -> list[float]:
    x, y, w, h = place
    return [float(x), float(y), float(x + w), float(y + h)]


def _meshes_within(cells: Places, comb: Proposal) -> int:
    """How many meshes as wide as its boxes lie in a comb: where none is lost the meshes know it better.

    Two rows of a table look like one comb of tall boxes.
    """
    place = np.array([_edges(comb.place)])
    slim = cells[:, 2] - cells[:, 0] <= STOUT * comb.place[2] / comb.boxes
    return sum(_within(cell, place) for cell in cells[slim])


def _within(cell: NDArray[np.float64], places: Places) -> bool:
    """Whether the middle of a mesh lies in one of the places."""
    x, y = (cell[:2] + cell[2:]) / 2
    inside = (places[:, 0] < x) & (x < places[:, 2]) & (places[:, 1] < y) & (y < places[:, 3])
    return bool(inside.any())


def _place(cell: NDArray[np.float64]) -> tuple[int, int, int, int]:
    left, top, right, bottom = (round(float(value)) for value in cell)
    return left, top, right - left, bottom - top


def _lines(rules: Rules, cells: Places, dark: Image, shape: tuple[int, ...]) -> list[Proposal]:
    """Lines to write on: long, free of verticals at their ends, with bare paper above."""
    size = max(shape)
    reach = TOUCH * size / DRAWING
    found: list[Proposal] = []
    for line in rules.across:
        if not LONG * size <= lengths(line[None])[0] <= LONGEST * shape[1]:
            continue
        ends = touches(line.reshape(2, 2), rules.down, reach)
        middle = (line[:2] + line[2:]) / 2
        bounds_cell = (
            (cells[:, 0] - reach < middle[0])
            & (cells[:, 2] + reach > middle[0])
            & ((np.abs(cells[:, 1] - middle[1]) < reach) | (np.abs(cells[:, 3] - middle[1]) < reach))
        )
        if ends.any() or bounds_cell.any() or _inked(dark, line) < INKED:
            continue
        left, right = float(line[0]), float(line[2])
        base = float(max(line[1], line[3]))
        for room in ROOMS:
            area = np.array([left, base - room * size, right, base])
            if area[1] > 0 and base < 0.97 * shape[0] and _bare(dark, area):
                # Both edges of a thick line may have been taken for lines.
                place = _place(area)
                if not any(_same(place, other.place) for other in found):
                    found.append(Proposal("line", place))
                break
    return found


def _same(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    """Whether two places differ by less than a fourth of their height."""
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) < 0.25 * one[3]


def _inked(dark: Image, line: NDArray[np.float64]) -> float:
    """Share of a line, x1, y1, x2, y2, along which there is ink within a pixel or two."""
    reach = max(1, round(max(dark.shape) / DRAWING))
    thick = cv2.dilate(dark, np.ones((2 * reach + 1, 1), np.uint8))
    steps = np.linspace(0.0, 1.0, max(2, int(line[2] - line[0])))
    x = np.clip(np.rint(line[0] + steps * (line[2] - line[0])).astype(int), 0, dark.shape[1] - 1)
    y = np.clip(np.rint(line[1] + steps * (line[3] - line[1])).astype(int), 0, dark.shape[0] - 1)
    return float((thick[y, x] > 0).mean())


def _in_reading_order(fields: list[Proposal]) -> list[Proposal]:
    """By rows, a row being what begins within half a height of its first, then from left to right."""
    rest = sorted(fields, key=lambda field: (field.place[1], field.place[0]))
    ordered: list[Proposal] = []
    while rest:
        first = rest[0]
        limit = first.place[1] + 0.5 * first.place[3]
        row = [field for field in rest if field.place[1] <= limit]
        ordered += sorted(row, key=lambda field: field.place[0])
        rest = [field for field in rest if field.place[1] > limit]
    return ordered
