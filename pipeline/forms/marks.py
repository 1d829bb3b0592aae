"""Lay a form over a page by the black marks that are printed in its corners (fiducials)."""

from __future__ import annotations

from itertools import combinations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.document import Image
from pipeline.forms.line_map import LineMap, LinePoints, looked_up
from pipeline.forms.perspective import Matrix, Registration, apply, is_plausible
from pipeline.paper import ink

# Marks that four must be chosen from, the most solid ones.
MOST = 14
# Side of a mark, shares of the page's longer side; slimmest; share of its upright rectangle that it fills.
SMALL, LARGE, SLIMMEST, SOLID = 0.005, 0.08, 0.6, 0.6
# Area of a mark on the page against what the perspective makes of it, at most (or at least, inverted).
UNLIKE = 1.7
# As near as this, share of the page's longer side, a mark or a frame is where it belongs.
NEAR = 0.006


def find_marks(grey: Image) -> NDArray[np.float64]:
    """Solid black spots of a page, (H, W) uint8: (N, 3) x and y of their middles, and area, pixels."""
    dark = ink.darkness(grey, window=max(16, round(2 * LARGE * max(grey.shape))))
    mask = ink.binarize(dark, max(0.3, 0.5 * float(dark.max())))
    _, _, stats, middles = cv2.connectedComponentsWithStats(mask, connectivity=8)
    wide, tall, area = (stats[:, column].astype(np.float64) for column in (2, 3, 4))
    side = np.maximum(wide, tall) / max(grey.shape)
    good = (side >= SMALL) & (side <= LARGE) & (np.minimum(wide, tall) >= SLIMMEST * np.maximum(wide, tall))
    filled = area / (wide * tall)
    good &= filled >= SOLID
    good[0] = False
    chosen = np.flatnonzero(good)[np.argsort(-filled[good], kind="stable")[:MOST]]
    return np.column_stack([middles[chosen], area[chosen]])


def register_marks(
    marks: NDArray[np.float64],
    extent: tuple[float, float],
    frames: LinePoints,
    page: NDArray[np.float64],
    lines: LineMap,
) -> Registration:
    """The best way to lay a form with such marks over a page; fit 0 where there is none.

    marks : (M, 4) left, top, right, bottom, M >= 4, in the layout's units. extent : width and height of the
    form. frames : points on the frames of its fields, by which the ways up are told apart that the marks
    leave open. page : marks of the page as `find_marks` gives them. lines : the page's lines.

    Every four marks of the page are taken for the layout's outermost four, either way up, never mirrored; all
    must have about the size that follows. `fit` is the share of the frames that the page has in their place,
    `cover` the share of the layout's marks.
    """
    nothing = Registration(np.eye(3), 0.0, 1.0, 0.0)
    middles = (marks[:, :2] + marks[:, 2:]) / 2.0
    areas = np.prod(marks[:, 2:] - marks[:, :2], axis=1)
    corners = _outermost(middles)
    size = lines.size / lines.unit
    best = nothing
    for chosen in combinations(range(len(page)), 4):
        four = page[list(chosen), :2]
        four = four[_clockwise(four)].astype(np.float32)
        for turn in range(4):
            goal = np.roll(four, turn, axis=0)
            matrix = np.asarray(
                cv2.getPerspectiveTransform(middles[corners].astype(np.float32), goal), np.float64
            )
            if not is_plausible(matrix, extent):
                continue
            cover, residual = _agreement(matrix, middles, areas, page, size)
            if cover < 1.0:
                continue
            fit = _fit(matrix, frames, lines)
            if fit > best.fit:
                best = Registration(matrix / matrix[2, 2], fit, residual, cover)
    return best


def _outermost(middles: NDArray[np.float64]) -> NDArray[np.intp]:
    """The marks nearest to the corners of the form, clockwise from the upper left."""
    x, y = middles.T
    return np.array([(x + y).argmin(), (y - x).argmin(), (x + y).argmax(), (x - y).argmin()])


def _clockwise(four: NDArray[np.float64]) -> NDArray[np.intp]:
    off = four - four.mean(axis=0)
    return np.argsort(np.arctan2(off[:, 1], off[:, 0]))


def _agreement(
    matrix: Matrix,
    middles: NDArray[np.float64],
    areas: NDArray[np.float64],
    page: NDArray[np.float64],
    size: float,
) -> tuple[float, float]:
    """Share of the marks that the page has, of about the right size; their mean distance by `size`."""
    there = apply(matrix, middles)
    # How much larger the perspective makes a small area at every mark.
    right, down = (apply(matrix, middles + np.array(step)) - there for step in ((1.0, 0.0), (0.0, 1.0)))
    grown = areas * np.abs(right[:, 0] * down[:, 1] - right[:, 1] * down[:, 0])
    distance = np.linalg.norm(there[:, None] - page[None, :, :2], axis=2)
    nearest = distance.argmin(axis=1)
    ratio = page[nearest, 2] / np.maximum(grown, 1e-9)
    near = distance.min(axis=1) / size
    found = (near <= NEAR) & (ratio <= UNLIKE) & (ratio >= 1.0 / UNLIKE)
    return float(found.mean()), float(near.mean())


def _fit(matrix: Matrix, frames: LinePoints, lines: LineMap) -> float:
    """Share of the points on frames, of those across and of those down the lesser, that lie on lines."""
    onto = np.diag([lines.unit, lines.unit, 1.0]) @ matrix
    shares = []
    for turned in (False, True):
        _, distance, kind, _ = looked_up(onto, frames, lines, turned)
        near = distance <= NEAR * lines.size
        shares.append(min(float(near[kind == k].mean()) for k in (0, 1) if (kind == k).any()))
    return max(shares)
