"""Rectangles between the printed lines of a form: the places to write in that it has drawn."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.document import Image
from pipeline.forms.rules import Rules, Segments, lengths

Places = NDArray[np.float64]

# Longer side of the drawing of the lines on which their meshes are found, pixels.
DRAWING = 1600
# By how much lines are drawn longer, so that corners close; and how near an end must be to another line.
OVERSHOOT, TOUCH = 6, 5.0
# Height of a place to write in, and length of a line to write on, shares of the page's longer side.
LOW, HIGH, LONG = 0.008, 0.09, 0.06
# By how much the two sides of a frame may differ in length, of the longer one.
UNEVEN = 0.15
# Width over height: the slimmest digit's box, the widest frame.
SLIM, WIDEST = 0.35, 40.0
# Share of its bounding box that a mesh fills.
WHOLE = 0.86


def attached(rules: Rules, size: int) -> Rules:
    """Lines that are long or begin and end at others: handwriting and letters stand free."""
    reach = TOUCH * size / DRAWING
    across, down = rules.across, rules.down
    for _ in range(3):
        kept = [
            lines[
                (lengths(lines) >= LONG * size)
                | (touches(lines[:, :2], other, reach) & touches(lines[:, 2:], other, reach))
            ]
            for lines, other in ((across, down), (down, across))
        ]
        across, down = kept
    return Rules(across, down, rules.tilt)


def closed(rules: Rules, size: int) -> Rules:
    """With the fourth side of every frame of which the scan lost one level line, or which has none.

    Such a frame is a line with two sides of one length at its ends, both below it or both above.
    """
    reach = TOUCH * size / DRAWING
    tall = lengths(rules.down)
    sides = rules.down[(tall >= LOW * size) & (tall <= HIGH * size)]
    missing = []
    for line in rules.across:
        for near, far in ((slice(0, 2), slice(2, 4)), (slice(2, 4), slice(0, 2))):
            first, last = (
                sides[np.linalg.norm(sides[:, near] - end, axis=1) <= reach] for end in (line[:2], line[2:])
            )
            for a in first:
                for b in last:
                    one, other = lengths(np.array([a, b]))
                    if abs(one - other) <= UNEVEN * max(one, other) and line[2] - line[0] >= SLIM * one:
                        missing.append(np.concatenate([a[far], b[far]]))
    ends = np.array(missing).reshape(-1, 2)
    there = touches(ends, rules.across, reach).reshape(-1, 2).all(axis=1)
    added = ends.reshape(-1, 4)[~there]
    return Rules(np.vstack([rules.across, added]), rules.down, rules.tilt)


def touches(ends: NDArray[np.float64], lines: Segments, reach: float) -> NDArray[np.bool_]:
    """Which of the points (N, 2) are within `reach` of any of the segments (M, 4)."""
    if not len(lines) or not len(ends):
        return np.zeros(len(ends), bool)
    start, way = lines[None, :, :2], (lines[:, 2:] - lines[:, :2])[None]
    offset = ends[:, None] - start
    along = np.clip((offset * way).sum(axis=2) / np.maximum((way**2).sum(axis=2), 1e-9), 0.0, 1.0)
    distance = np.linalg.norm(offset - along[..., None] * way, axis=2)
    near: NDArray[np.bool_] = distance.min(axis=1) <= reach
    return near


def drawing(rules: Rules, shape: tuple[int, ...]) -> Image:
    """The lines alone, black on white, DRAWING pixels on the longer side."""
    unit = DRAWING / max(shape)
    canvas = np.full((round(shape[0] * unit), round(shape[1] * unit)), 255, np.uint8)
    for lines in (rules.across, rules.down):
        way = (lines[:, 2:] - lines[:, :2]) / np.maximum(lengths(lines), 1e-9)[:, None]
        ends = np.hstack([lines[:, :2] * unit - OVERSHOOT * way, lines[:, 2:] * unit + OVERSHOOT * way])
        for x1, y1, x2, y2 in np.rint(ends).astype(int):
            cv2.line(canvas, (int(x1), int(y1)), (int(x2), int(y2)), 0, 2)
    return canvas


def meshes(canvas: Image, shape: tuple[int, ...]) -> Places:
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


def distinct(cells: Places) -> Places:
    """One of each group of meshes that nearly agree, the first."""
    kept: list[NDArray[np.float64]] = []
    for cell in cells:
        size = cell[2:] - cell[:2]
        if all(np.any(np.abs(cell - other) > 0.25 * np.tile(size, 2)) for other in kept):
            kept.append(cell)
    return np.array(kept).reshape(-1, 4)


def enclosed(drawn: Image, cell: NDArray[np.float64], unit: float) -> bool:
    """Whether straight lines bound a mesh on all sides, and not the curves of a letter."""
    left, top, right, bottom = (round(float(value)) for value in cell * unit)
    sides = (
        drawn[max(0, top - 3) : top + 4, left:right].min(axis=0, initial=255),
        drawn[max(0, bottom - 3) : bottom + 4, left:right].min(axis=0, initial=255),
        drawn[top:bottom, max(0, left - 3) : left + 4].min(axis=1, initial=255),
        drawn[top:bottom, max(0, right - 3) : right + 4].min(axis=1, initial=255),
    )
    return all(side.size > 0 and float((side == 0).mean()) >= 0.8 for side in sides)
