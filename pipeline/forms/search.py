"""Find a comb or a box by its printed frame, wherever in a region it lies and however it leans."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.document import Image
from pipeline.forms.layout import split
from pipeline.forms.lift import CELL_HEIGHT, FRAME_HEIGHT, Patch, lift
from pipeline.forms.perspective import Matrix
from pipeline.forms.rules import Rules, Segments, lengths

# Width of a digit's box in heights, least and most; of a frame for a number.
CELL_ASPECT = (0.35, 1.6)
FRAME_ASPECT = (1.2, 30.0)
# Height of a box, pixels and share of the page's longer side, below which it is no field for a pen.
LEAST_HEIGHT, LEAST_SHARE = 12.0, 0.008
# Height of a comb at most, share of the page's longer side; widest box in a comb, in heights.
TALLEST_COMB, SQUARE = 0.05, 1.3
# Pairs of lines that are looked at closely.
CLOSE_LOOKS = 24
# Share of the boxes' area that may be inked: in a black bar there is a wall wherever one is looked for.
SOLID, DARK = 0.4, 0.4
# Share of the frame that must be drawn.
FRAMED = 0.95


@dataclass(frozen=True, eq=False)
class Found:
    """A comb or box found on a page.

    matrix : (3, 3), from the frame (width and height in pixels of the page, origin in its corner).
    cells : (N, 4) in the frame.
    patch : the field cut out.
    """

    matrix: Matrix
    cells: NDArray[np.float64]
    patch: Patch


def search(
    image: Image, page: Rules, region: tuple[float, float, float, float], boxes: int, dropout: str | None
) -> Found | None:
    """The comb of `boxes` boxes (0: one frame without walls) in a region; None where there is none.

    image : (H, W) uint8 or (H, W, 3) BGR; page : its lines; region : left, top, right, bottom, pixels.

    Pairs of nearly parallel lines are taken for the upper and the lower line of the frame, and the
    picture between them decides: every wall has to be there, and none where none belongs.
    """
    best: tuple[float, Found] | None = None
    lowest = max(LEAST_HEIGHT, LEAST_SHARE * max(image.shape[:2]))
    for quad in _frames(page, region, boxes, lowest)[:CLOSE_LOOKS]:
        found = _look(image, quad, boxes, dropout)
        if found is None:
            continue
        worth = found.patch.framed + (0.0 if boxes else 1e-9 * cv2.contourArea(quad.astype(np.float32)))
        if best is None or worth > best[0]:
            best = (worth, found)
    return best[1] if best else None


def find_combs(image: Image, page: Rules, counts: range = range(2, 31)) -> list[tuple[int, Found]]:
    """Every comb with shared walls on the page: how many boxes it has, and where; no two overlap."""
    height, width = image.shape[:2]
    lowest = max(LEAST_HEIGHT, LEAST_SHARE * max(height, width))
    combs: list[tuple[int, Found]] = []
    taken = np.zeros((height, width), bool)
    for quad in _frames(page, (0.0, 0.0, width, height), 0, lowest):
        middle = np.clip(np.rint(quad.mean(axis=0)).astype(int), 0, [width - 1, height - 1])
        wide, tall = np.hypot(*(quad[1] - quad[0])), np.hypot(*(quad[3] - quad[0]))
        if taken[middle[1], middle[0]] or tall > TALLEST_COMB * max(height, width):
            continue
        fitting = [n for n in counts if CELL_ASPECT[0] <= wide / (n * tall) <= SQUARE]
        found = next(((n, one) for n in fitting if (one := _look(image, quad, n, None))), None)
        if found:
            combs.append(found)
            box = found[1].patch.box
            taken[box.slices] = True
    return combs


def _frames(
    page: Rules, region: tuple[float, float, float, float], boxes: int, lowest: float
) -> list[NDArray[np.float64]]:
    """Quadrilaterals (4, 2) between two lines that may be a frame's, the most alike lines first."""
    left, top, right, bottom = region
    lines = page.across
    inside = (
        (lines[:, [0, 2]].min(axis=1) >= left)
        & (lines[:, [0, 2]].max(axis=1) <= right)
        & (lines[:, [1, 3]].min(axis=1) >= top)
        & (lines[:, [1, 3]].max(axis=1) <= bottom)
    )
    lines = lines[inside]
    least, most = FRAME_ASPECT if not boxes else (CELL_ASPECT[0] * boxes, CELL_ASPECT[1] * boxes)
    ranked = []
    size = lengths(lines)
    for i, upper in enumerate(lines):
        below = lines[:, 1] + lines[:, 3] - upper[1] - upper[3] > 2 * lowest
        for j in np.flatnonzero(below):
            lower = lines[j]
            span = (min(upper[2], lower[2]) - max(upper[0], lower[0])) / max(size[i], size[j])
            if span < 0.7:
                continue
            quad = _between(upper, lower)
            tall = float(np.hypot(*(quad[3] - quad[0])))
            if tall < lowest or not least <= max(size[i], size[j]) / tall <= most:
                continue
            lean = abs(_slope(upper) - _slope(lower))
            ranked.append((lean * 5.0 - span, i, int(j), quad))
    ranked.sort(key=lambda entry: entry[:3])
    return [quad for *_, quad in ranked]


def _slope(line: Segments) -> float:
    return float((line[3] - line[1]) / max(line[2] - line[0], 1e-6))


def _between(upper: Segments, lower: Segments) -> NDArray[np.float64]:
    """The frame between two lines, upright on their mean: its corners from the upper left, clockwise."""
    slope = (_slope(upper) + _slope(lower)) / 2.0
    along = np.array([1.0, slope]) / np.hypot(1.0, slope)
    ends = np.array([upper[:2], upper[2:], lower[:2], lower[2:]])
    at = ends @ along
    # The longer line knows where the frame ends: the other one was cut short.
    first, last = min(at[0], at[2]), max(at[1], at[3])
    corners = []
    for line, place in ((upper, first), (upper, last), (lower, last), (lower, first)):
        start, way = line[:2], line[2:] - line[:2]
        corners.append(start + way * (place - start @ along) / max(float(way @ along), 1e-6))
    return np.array(corners)


def _look(image: Image, quad: NDArray[np.float64], boxes: int, dropout: str | None) -> Found | None:
    width = float(np.hypot(*(quad[1] - quad[0])))
    height = float(np.hypot(*(quad[3] - quad[0])))
    flat = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = np.asarray(cv2.getPerspectiveTransform(flat, quad.astype(np.float32)), np.float64)
    place = (0.0, 0.0, width, height)
    cells = split(place, max(1, boxes))
    patch = lift(image, matrix, cells, CELL_HEIGHT if boxes else FRAME_HEIGHT, dropout)
    if patch.framed < FRAMED or _filled(patch) > SOLID:
        return None
    # Twice as many walls fit where every second one is meant: look for the others.
    finer = lift(image, matrix, split(place, 2 * max(1, boxes)), CELL_HEIGHT, dropout)
    return None if finer.framed >= FRAMED else Found(matrix, cells, patch)


def _filled(patch: Patch) -> float:
    """Share of the boxes' area that is dark, whether written or printed."""
    parts = [
        patch.dark[int(top) + 3 : int(bottom) - 2, int(left) + 3 : int(right) - 2].ravel()
        for left, top, right, bottom in patch.cells
    ]
    inside = np.concatenate(parts)
    return float((inside > DARK).mean()) if inside.size else 1.0
