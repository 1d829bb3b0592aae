"""Propose a layout from a picture of a form: its combs, boxes, tables and writing lines, as a layout file."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline import ink
from pipeline.document import Image
from pipeline.forms.layout import printed
from pipeline.forms.rules import Rules, Segments, find_rules, lengths
from pipeline.forms.search import Found, find_combs

Places = NDArray[np.float64]

# Longer side of the drawing of the lines on which their meshes are found, pixels.
DRAWING = 1600
# By how much lines are drawn longer, so that corners close; and how near an end must be to another line.
OVERSHOOT, TOUCH = 6, 12.0
# Height of a place to write in, and length of a line to write on, shares of the page's longer side.
LOW, HIGH, LONG = 0.008, 0.055, 0.06
# Width over height of a digit's box; widest of a frame.
SLIM, STOUT, WIDEST = 0.35, 1.35, 40.0
# White between neighbours of a comb, in widths of a box.
APART = 0.7
# Share of its bounding box that a mesh fills.
WHOLE = 0.86
# Share of a place that may be printed on, for it to be one to write in.
PRINTED = 0.2
# Longest line to write on, share of the page's width; longer ones part the page.
LONGEST = 0.55
# Height of the room above a line to write on, shares of the page's longer side, the most that is bare.
ROOMS = (0.026, 0.016)


@dataclass(frozen=True)
class Proposal:
    """A field that a form seems to have.

    kind : comb, box or line. place : x, y, width, height in pixels of the picture.
    boxes : number of boxes of a comb, gap : white between them, pixels.
    """

    kind: str
    place: tuple[int, int, int, int]
    boxes: int = 0
    gap: int = 0


def propose(image: Image) -> list[Proposal]:
    """The fields that a picture of a form, blank or filled, seems to have, in reading order.

    image : (H, W) uint8 or (H, W, 3) BGR, level within a degree.

    The printed lines are drawn clean; every mesh between them that is a rectangle of a size to write in
    and holds no print is a box, equal neighbours are a comb, and a line with room above that bounds no
    box is one to write on.
    """
    grey = ink.to_grey(image)
    rules = _attached(find_rules(grey), max(grey.shape))
    dark = ink.binarize(ink.darkness(grey))
    size = max(grey.shape)
    drawn = _drawing(rules, grey.shape)
    # Clean lines close where the scan is broken; the scan closes where a line was too short to be found.
    height, width = drawn.shape
    print_ = cv2.resize(dark, (width, height), interpolation=cv2.INTER_AREA)
    seen = np.where(print_ > 90, np.uint8(0), drawn)
    cells = _distinct(np.vstack([_meshes(drawn, grey.shape), _meshes(seen, grey.shape)]))
    joined = [_whole_comb(count, found) for count, found in find_combs(image, rules)]
    places = np.array([_edges(field.place) for field in joined]).reshape(-1, 4)
    free = [_bare(dark, cell) and not _within(cell, places) for cell in cells]
    combs, rest = _combs(cells[np.array(free, bool)])
    single = [cell for cell in rest if _enclosed(drawn, cell, DRAWING / size)]
    fields = joined + combs + [Proposal("box", _place(cell)) for cell in single]
    fields += _lines(rules, np.vstack([cells, places]), dark, grey.shape)
    return _in_reading_order(fields)


def write_layout(
    fields: list[Proposal], name: str, image: Image, reference: str | None, reference_page: int = 1
) -> str:
    """The text of a layout file for the fields. Without a reference the printed lines are written out."""
    height, width = image.shape[:2]
    out = [
        "# Written by `nightsort layout new`. Give the fields their names, take out what is not to be read,",
        "# then draw it over a scan: nightsort layout check THIS.toml SCAN",
        f'name = "{name}"',
        f"page = [{width}, {height}]",
        "",
        "[register]",
    ]
    if reference is not None:
        out.append(f'reference = "{reference}"')
        if reference_page != 1:
            out.append(f"reference_page = {reference_page}")
    else:
        rules = printed(image, (float(width), float(height)))
        lines = np.rint(np.vstack([rules.across, rules.down])).astype(int).tolist()
        out += ["rules = [", *(f"  [{a}, {b}, {c}, {d}]," for a, b, c, d in lines), "]"]
    for number, field in enumerate(fields, start=1):
        x, y, w, h = field.place
        out += [
            "",
            "[[field]]",
            f'name = "field{number:02d}"',
            f'kind = "{field.kind}"',
            f"at = [{x}, {y}, {w}, {h}]",
        ]
        if field.boxes:
            out.append(f"boxes = {field.boxes}")
        if field.gap:
            out.append(f"gap = {field.gap}")
    return "\n".join(out) + "\n"


def _attached(rules: Rules, size: int) -> Rules:
    """Lines that are long or begin and end at others: handwriting and letters stand free."""
    reach = TOUCH * size / DRAWING
    across, down = rules.across, rules.down
    for _ in range(3):
        kept = [
            lines[
                (lengths(lines) >= LONG * size)
                | (_touches(lines[:, :2], other, reach) & _touches(lines[:, 2:], other, reach))
            ]
            for lines, other in ((across, down), (down, across))
        ]
        across, down = kept
    return Rules(across, down, rules.tilt)


def _touches(ends: NDArray[np.float64], lines: Segments, reach: float) -> NDArray[np.bool_]:
    """Which of the points (N, 2) are within `reach` of any of the segments (M, 4)."""
    if not len(lines) or not len(ends):
        return np.zeros(len(ends), bool)
    start, way = lines[None, :, :2], (lines[:, 2:] - lines[:, :2])[None]
    offset = ends[:, None] - start
    along = np.clip((offset * way).sum(axis=2) / np.maximum((way**2).sum(axis=2), 1e-9), 0.0, 1.0)
    distance = np.linalg.norm(offset - along[..., None] * way, axis=2)
    near: NDArray[np.bool_] = distance.min(axis=1) <= reach
    return near


def _drawing(rules: Rules, shape: tuple[int, ...]) -> Image:
    """The lines alone, black on white, DRAWING pixels on the longer side."""
    unit = DRAWING / max(shape)
    canvas = np.full((round(shape[0] * unit), round(shape[1] * unit)), 255, np.uint8)
    for lines in (rules.across, rules.down):
        way = (lines[:, 2:] - lines[:, :2]) / np.maximum(lengths(lines), 1e-9)[:, None]
        ends = np.hstack([lines[:, :2] * unit - OVERSHOOT * way, lines[:, 2:] * unit + OVERSHOOT * way])
        for x1, y1, x2, y2 in np.rint(ends).astype(int):
            cv2.line(canvas, (int(x1), int(y1)), (int(x2), int(y2)), 0, 2)
    return canvas


def _meshes(canvas: Image, shape: tuple[int, ...]) -> Places:
    """White rectangles of a size to write in: (N, 4) left, top, right, bottom at the middles of their lines.

    canvas : (h, w) uint8, lines black; shape : of the page, to whose pixels the result is scaled.
    """
    unit = DRAWING / max(shape)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(canvas, connectivity=4)
    right_size = (
        (stats[:, 3] >= LOW * DRAWING)
        & (stats[:, 3] <= HIGH * DRAWING)
        & (stats[:, 2] >= SLIM * stats[:, 3])
        & (stats[:, 2] <= WIDEST * stats[:, 3])
    )
    right_size[0] = False
    found = []
    for index in np.flatnonzero(right_size):
        x, y, w, h, _ = (int(value) for value in stats[index])
        own = (labels[y : y + h, x : x + w] == index).astype(np.uint8)
        outline, _ = cv2.findContours(own, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        if max(cv2.contourArea(part) for part in outline) >= WHOLE * (w - 1) * (h - 1):
            found.append((x - 1, y - 1, x + w + 1, y + h + 1))
    return np.array(found, np.float64).reshape(-1, 4) / unit


def _distinct(cells: Places) -> Places:
    """One of each group of meshes that nearly agree, the first."""
    kept: list[NDArray[np.float64]] = []
    for cell in cells:
        size = cell[2:] - cell[:2]
        if all(np.any(np.abs(cell - other) > 0.25 * np.tile(size, 2)) for other in kept):
            kept.append(cell)
    return np.array(kept).reshape(-1, 4)


def _bare(dark: Image, cell: NDArray[np.float64]) -> bool:
    """Whether nothing, or little, stands in a mesh: a heading or a prompt fills more of it."""
    left, top, right, bottom = cell
    inset = 0.12 * min(right - left, bottom - top)
    part = dark[int(top + inset) : int(bottom - inset), int(left + inset) : int(right - inset)]
    return bool(part.size and float((part > 0).mean()) <= PRINTED)


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


def _within(cell: NDArray[np.float64], places: Places) -> bool:
    """Whether the middle of a mesh lies in one of the places."""
    x, y = (cell[:2] + cell[2:]) / 2
    inside = (places[:, 0] < x) & (x < places[:, 2]) & (places[:, 1] < y) & (y < places[:, 3])
    return bool(inside.any())


def _enclosed(drawn: Image, cell: NDArray[np.float64], unit: float) -> bool:
    """Whether straight lines bound a mesh on all sides, and not the curves of a letter."""
    left, top, right, bottom = (round(float(value)) for value in cell * unit)
    sides = (
        drawn[max(0, top - 3) : top + 4, left:right].min(axis=0, initial=255),
        drawn[max(0, bottom - 3) : bottom + 4, left:right].min(axis=0, initial=255),
        drawn[top:bottom, max(0, left - 3) : left + 4].min(axis=1, initial=255),
        drawn[top:bottom, max(0, right - 3) : right + 4].min(axis=1, initial=255),
    )
    return all(side.size > 0 and float((side == 0).mean()) >= 0.8 for side in sides)


def _place(cell: NDArray[np.float64]) -> tuple[int, int, int, int]:
    left, top, right, bottom = (round(float(value)) for value in cell)
    return left, top, right - left, bottom - top


def _lines(rules: Rules, cells: Places, dark: Image, shape: tuple[int, ...]) -> list[Proposal]:
    """Lines to write on: long, free of verticals at their ends, with bare paper above."""
    size = max(shape)
    reach = TOUCH * size / DRAWING
    found = []
    for line in rules.across:
        if not LONG * size <= lengths(line[None])[0] <= LONGEST * shape[1]:
            continue
        ends = _touches(line.reshape(2, 2), rules.down, reach)
        middle = (line[:2] + line[2:]) / 2
        bounds_cell = (
            (cells[:, 0] - reach < middle[0])
            & (cells[:, 2] + reach > middle[0])
            & ((np.abs(cells[:, 1] - middle[1]) < reach) | (np.abs(cells[:, 3] - middle[1]) < reach))
        )
        if ends.any() or bounds_cell.any():
            continue
        left, right = float(line[0]), float(line[2])
        base = float(max(line[1], line[3]))
        for room in ROOMS:
            area = np.array([left, base - room * size, right, base])
            if area[1] > 0 and base < 0.97 * shape[0] and _bare(dark, area):
                found.append(Proposal("line", _place(area)))
                break
    return found


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
