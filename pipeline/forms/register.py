"""Lay a form's layout over a page: by its printed lines, up to perspective, and say how well it fits."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.forms.line_map import MAP_SIZE, LineMap, LinePoints, line_map, looked_up, sampled
from pipeline.forms.perspective import Matrix, Registration, apply, is_plausible
from pipeline.forms.refine import FINE, ROUGH, refine
from pipeline.forms.rules import Rules, Segments, lengths, sample

# A line of the page, shares of its longer side: as near as this it is the layout's line ...
NEAR = 0.0035
# ... and this far it may be at the start.
START = 0.015
# Lines from which a first guess is taken, of the layout and of the page; guesses that are refined.
LAYOUT_LINES, PAGE_LINES, GUESSES = 16, 40, 8
FINISHED = 4  # guesses that are refined to the end
SCORED_AT_ONCE = 128  # first guesses; their points stay in the processor's cache
# Size of the form on the page, against a form that fills the page.
SMALLEST, LARGEST = 0.4, 1.7
# How far beyond the page a line may lie and still count as on it, share of the page's longer side.
SLACK = 0.02


def register(
    layout: Rules, extent: tuple[float, float], page: Rules, strong: Rules, shape: tuple[int, ...]
) -> Registration:
    """The best way to lay a layout with such lines and such a size (width, height) over a page.

    page : the lines of the page as `find_rules` gives them; strong : the landmarks among them;
    shape : the page's height and width, pixels.

    First guesses take a line of the layout for a line of the page, either way round; the best ones are
    refined by iterated closest lines (Besl and McKay, 1992; point to line as Chen and Medioni, 1992),
    first affine, then perspective. A page that has no lines gives fit 0.
    """
    points = sampled(layout, max(extent))
    if not len(points.at) or not len(page.across) + len(page.down):
        return Registration(np.eye(3), 0.0, 1.0, 0.0)
    field = line_map(page, shape)
    best: tuple[float, Matrix, NDArray[np.float64]] | None = None
    moved = [refine(guess, points, field, ROUGH) for guess in _guesses(layout, extent, page, field, points)]
    moved.sort(key=lambda guess: -float(_shares(guess[0], points, field, guess[1])[0].mean()))
    for guess in moved[:FINISHED]:
        matrix, turned = refine(guess, points, field, FINE)
        if not is_plausible(matrix, extent):
            continue
        shares, _ = _shares(matrix, points, field, turned)
        rank = float(shares.min() + 0.1 * shares.mean())
        if best is None or rank > best[0]:
            best = (rank, matrix, shares)
            turned_best = turned
    if best is None:
        return Registration(np.eye(3), 0.0, 1.0, 0.0)
    _, matrix, shares = best
    residual = _shares(matrix, points, field, turned_best)[1]
    onto = np.diag([1.0 / field.unit, 1.0 / field.unit, 1.0]) @ matrix
    cover = _cover(onto, layout, extent, strong)
    there = apply(onto, points.at)
    slack = SLACK * max(shape)
    inside = np.all((there >= -slack) & (there < np.array([shape[1], shape[0]]) + slack), axis=1)
    return Registration(onto / onto[2, 2], float(shares.min()), residual, cover, float(inside.mean()))


def _guesses(
    layout: Rules, extent: tuple[float, float], page: Rules, field: LineMap, points: LinePoints
) -> list[tuple[Matrix, bool]]:
    """The most promising similarities (onto the map), and whether they turn the form on its side."""
    first = field.size / max(extent)
    matrices, sides = [], []
    for mine, theirs, side in (
        (layout.across, page.across, False),
        (layout.down, page.down, False),
        (layout.across, page.down, True),
        (layout.down, page.across, True),
    ):
        a, b = _longest(mine, LAYOUT_LINES), _longest(theirs, PAGE_LINES) * field.unit
        found = _similarities(a, b, SMALLEST * first, LARGEST * first)
        matrices.append(found)
        sides.append(np.full(len(found), side))
    candidates, turned = np.concatenate(matrices), np.concatenate(sides)
    thin = _thinned(points, 160)
    scores = _scores(candidates, turned, thin, field)
    corners = np.array([[0.0, 0.0], [extent[0], 0.0], [extent[0], extent[1]], [0.0, extent[1]]])
    chosen: list[tuple[Matrix, bool]] = []
    seen: list[NDArray[np.float64]] = []
    for index in np.argsort(-scores)[:400]:
        at = apply(candidates[index], corners)
        if all(np.abs(at - other).max() > 0.03 * field.size for other in seen):
            seen.append(at)
            chosen.append((candidates[index], bool(turned[index])))
            if len(chosen) == GUESSES:
                break
    return chosen


def _longest(segments: Segments, count: int) -> Segments:
    return segments[np.argsort(-lengths(segments))[:count]]


def _similarities(mine: Segments, theirs: Segments, least: float, most: float) -> NDArray[np.float64]:
    """Every similarity that takes a segment of `mine` to one of `theirs`, in either sense: (N, 3, 3)."""
    if not len(mine) or not len(theirs):
        return np.zeros((0, 3, 3))
    both = np.vstack([theirs, theirs[:, [2, 3, 0, 1]]])
    a = np.repeat(mine, len(both), axis=0)
    b = np.tile(both, (len(mine), 1))
    start, way = a[:, 0] + 1j * a[:, 1], (a[:, 2] - a[:, 0]) + 1j * (a[:, 3] - a[:, 1])
    goal, there = b[:, 0] + 1j * b[:, 1], (b[:, 2] - b[:, 0]) + 1j * (b[:, 3] - b[:, 1])
    turn = there / way
    keep = (np.abs(turn) >= least) & (np.abs(turn) <= most)
    turn, shift = turn[keep], (goal - turn * start)[keep]
    matrices = np.zeros((len(turn), 3, 3))
    matrices[:, 0, 0] = matrices[:, 1, 1] = turn.real
    matrices[:, 1, 0], matrices[:, 0, 1] = turn.imag, -turn.imag
    matrices[:, 0, 2], matrices[:, 1, 2] = shift.real, shift.imag
    matrices[:, 2, 2] = 1.0
    return matrices


def _thinned(points: LinePoints, count: int) -> LinePoints:
    step = max(1, len(points.at) // count)
    return LinePoints(points.at[::step], points.down[::step])


def _scores(
    matrices: NDArray[np.float64], turned: NDArray[np.bool_], points: LinePoints, field: LineMap
) -> NDArray[np.float64]:
    """How near the points come to lines of their kind by each of the similarities (N, 3, 3): (N,)."""
    scores = np.zeros(len(matrices))
    for side in (False, True):
        kinds = points.down ^ side
        groups = [(points.at[kinds == k], field.distance[k]) for k in (0, 1) if (kinds == k).any()]
        own = np.flatnonzero(turned == side)
        for part in np.array_split(own, len(own) // SCORED_AT_ONCE + 1):
            shares = [_nearness(matrices[part], at, distance, START * field.size) for at, distance in groups]
            scores[part] = np.mean(shares, axis=0) + np.min(shares, axis=0)
    return scores


def _nearness(
    matrices: NDArray[np.float64], at: NDArray[np.float64], distance: NDArray[np.float32], reach: float
) -> NDArray[np.float64]:
    """Mean over points (P, 2) of 1 on a line .. 0 at `reach` from it, for each of the similarities: (N,)."""
    rows = matrices[:, :2, :, None]
    x, y = np.rint(rows[:, :, 0] * at[:, 0] + rows[:, :, 1] * at[:, 1] + rows[:, :, 2]).swapaxes(0, 1)
    height, width = distance.shape
    inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    pixel = np.where(inside, y * width + x, 0).astype(np.intp)
    near = 1.0 - distance.ravel()[pixel].astype(np.float64) / reach
    nearness: NDArray[np.float64] = (np.maximum(near, 0.0) * inside).mean(axis=1)
    return nearness


def _shares(
    matrix: Matrix, points: LinePoints, field: LineMap, turned: bool
) -> tuple[NDArray[np.float64], float]:
    """Share of the points, of lines across and down, that are near a line; their mean distance."""
    _, distance, kind, _ = looked_up(matrix, points, field, turned)
    near = distance <= NEAR * field.size
    shares = np.array([near[kind == k].mean() for k in (0, 1) if (kind == k).any()])
    residual = float(distance[near].mean()) / field.size if near.any() else 1.0
    return shares, residual


def _cover(matrix: Matrix, layout: Rules, extent: tuple[float, float], strong: Rules) -> float:
    """Share of the page's landmarks within the layout's area that lie on lines of the layout."""
    ends = np.vstack([layout.across, layout.down]).reshape(-1, 2)
    size = max(extent)
    low, high = ends.min(axis=0) - 0.01 * size, ends.max(axis=0) + 0.01 * size
    back: Matrix = np.asarray(np.linalg.inv(matrix), np.float64)
    theirs = apply(back, np.vstack([strong.across, strong.down]).reshape(-1, 2)).reshape(-1, 4)
    at, _ = sample(theirs[np.all(np.isfinite(theirs), axis=1)], size / 150.0)
    at = at[np.all((at > low) & (at < high), axis=1)]
    if not len(at):
        return 0.0
    unit = MAP_SIZE / size
    width, height = np.ceil((high - low) * unit).astype(int) + 1
    canvas = np.full((int(height), int(width)), 255, np.uint8)
    for x1, y1, x2, y2 in np.rint((ends.reshape(-1, 4) - np.tile(low, 2)) * unit).astype(int):
        cv2.line(canvas, (int(x1), int(y1)), (int(x2), int(y2)), 0, 1)
    distance = cv2.distanceTransform(canvas, cv2.DIST_L2, 5)
    x, y = ((at - low) * unit).astype(np.intp).T
    return float((distance[y, x] <= 2 * NEAR * MAP_SIZE).mean())
