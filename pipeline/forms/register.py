"""Lay a form's layout over a page: by its printed lines, up to perspective, and say how well it fits."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.forms.rules import Rules, Segments, lengths, sample

Matrix = NDArray[np.float64]

# Longer side, pixels, of the map on which distances to the page's lines are looked up.
MAP_SIZE = 1000
# A line of the page, shares of its longer side: as near as this it is the layout's line ...
NEAR = 0.0035
# ... and this far it may be at the start, and in each step of the refinement.
START = 0.015
STEPS = (0.03, 0.02, 0.014, 0.01, 0.007, 0.005, 0.004, 0.004)
AFFINE_STEPS = 2
# Lines from which a first guess is taken, of the layout and of the page; guesses that are refined.
LAYOUT_LINES, PAGE_LINES, GUESSES = 16, 40, 8
# Size of the form on the page, against a form that fills the page.
SMALLEST, LARGEST = 0.4, 1.7
# Lines each way without which their share says nothing.
FEWEST = 2


@dataclass(frozen=True, eq=False)
class Registration:
    """A layout laid over a page.

    matrix : (3, 3) float64, from the layout's units to pixels of the page.
    fit : 0..1, share of the layout's printed lines that the page has at their place; the lesser of
        the lines across and down.
    residual : mean distance of those lines from the page's, share of the page's longer side.
    cover : 0..1, share of the page's own lines, where the form lies, that the layout knows.
    """

    matrix: Matrix
    fit: float
    residual: float
    cover: float

    def to_page(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points (N, 2) of the layout on the page."""
        return apply(self.matrix, points)


def apply(matrix: Matrix, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points (N, 2) through a (3, 3) perspective matrix."""
    mapped = points @ matrix[:, :2].T + matrix[:, 2]
    divided: NDArray[np.float64] = mapped[:, :2] / mapped[:, 2:]
    return divided


@dataclass(frozen=True, eq=False)
class _Map:
    """Nearest line pixel of every pixel of the (reduced) page, for lines across and down.

    distance : two (H, W) float32; nearest : two (H, W, 2) float32, x and y; normals : two (2,), of
    the two kinds of line; unit : pixels of the map per pixel of the page.
    """

    distance: tuple[NDArray[np.float32], NDArray[np.float32]]
    nearest: tuple[NDArray[np.float32], NDArray[np.float32]]
    normals: tuple[NDArray[np.float64], NDArray[np.float64]]
    unit: float
    size: float


@dataclass(frozen=True, eq=False)
class _Points:
    """Points on the layout's lines: (P, 2), and for each whether its line runs down."""

    at: NDArray[np.float64]
    down: NDArray[np.bool_]


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
    points = _sampled(layout, max(extent))
    if not len(points.at) or not len(page.across) + len(page.down):
        return Registration(np.eye(3), 0.0, 1.0, 0.0)
    field = _distance_map(page, shape)
    best: tuple[float, Matrix, NDArray[np.float64]] | None = None
    for guess in _guesses(layout, extent, page, field, points):
        matrix, turned = _refine(guess, points, field)
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
    return Registration(onto / onto[2, 2], float(shares.min()), residual, cover)


def _sampled(layout: Rules, size: float) -> _Points:
    across, _ = sample(layout.across, size / 150.0)
    down, _ = sample(layout.down, size / 150.0)
    return _Points(np.vstack([across, down]), np.arange(len(across) + len(down)) >= len(across))


def _distance_map(page: Rules, shape: tuple[int, ...]) -> _Map:
    unit = MAP_SIZE / max(shape[:2])
    height, width = max(1, round(shape[0] * unit)), max(1, round(shape[1] * unit))
    distances, nearests = [], []
    for lines in (page.across, page.down):
        empty = np.full((height, width), 255, np.uint8)
        for x1, y1, x2, y2 in np.rint(lines * unit * 16.0).astype(int):
            cv2.line(empty, (int(x1), int(y1)), (int(x2), int(y2)), 0, 1, cv2.LINE_8, 4)
        if not (empty == 0).any():
            distances.append(np.full((height, width), np.inf, np.float32))
            nearests.append(np.zeros((height, width, 2), np.float32))
            continue
        distance, labels = cv2.distanceTransformWithLabels(
            empty, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
        )
        ys, xs = np.nonzero(empty == 0)
        place = np.zeros((int(labels.max()) + 1, 2), np.float32)
        place[labels[ys, xs]] = np.stack([xs, ys], axis=1)
        distances.append(np.asarray(distance, np.float32))
        nearests.append(place[labels])
    c, s = np.cos(page.tilt), np.sin(page.tilt)
    normals = (np.array([-s, c]), np.array([c, s]))
    return _Map((distances[0], distances[1]), (nearests[0], nearests[1]), normals, unit, float(MAP_SIZE))


def _guesses(
    layout: Rules, extent: tuple[float, float], page: Rules, field: _Map, points: _Points
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
    scores = np.array([_score(m, thin, field, t) for m, t in zip(candidates, turned, strict=True)])
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


def _thinned(points: _Points, count: int) -> _Points:
    step = max(1, len(points.at) // count)
    return _Points(points.at[::step], points.down[::step])


def _looked_up(
    matrix: Matrix, points: _Points, field: _Map, turned: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.intp]]:
    """Where the points come to lie, how far from a line of their kind (inf off the page), which kind."""
    at = apply(matrix, points.at)
    kind = (points.down ^ turned).astype(np.intp)
    height, width = field.distance[0].shape
    x, y = np.rint(at[:, 0]), np.rint(at[:, 1])
    inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    xi, yi = np.where(inside, x, 0).astype(np.intp), np.where(inside, y, 0).astype(np.intp)
    distance = np.where(kind == 0, field.distance[0][yi, xi], field.distance[1][yi, xi])
    return at, np.where(inside, distance, np.inf).astype(np.float64), kind


def _score(matrix: Matrix, points: _Points, field: _Map, turned: bool) -> float:
    _, distance, kind = _looked_up(matrix, points, field, turned)
    worth = np.maximum(0.0, 1.0 - distance / (START * field.size))
    shares = [float(worth[kind == k].mean()) for k in (0, 1) if (kind == k).any()]
    return float(np.mean(shares) + min(shares))


def _shares(matrix: Matrix, points: _Points, field: _Map, turned: bool) -> tuple[NDArray[np.float64], float]:
    """Share of the points, of lines across and down, that are near a line; their mean distance."""
    _, distance, kind = _looked_up(matrix, points, field, turned)
    near = distance <= NEAR * field.size
    shares = np.array([near[kind == k].mean() for k in (0, 1) if (kind == k).any()])
    residual = float(distance[near].mean()) / field.size if near.any() else 1.0
    return shares, residual


def _refine(guess: tuple[Matrix, bool], points: _Points, field: _Map) -> tuple[Matrix, bool]:
    """The guess moved, step by step, so that its lines come to lie on the nearest lines of the page."""
    matrix, turned = guess
    centre, spread = points.at.mean(axis=0), float(np.abs(points.at - points.at.mean(axis=0)).max())
    norm = np.array([[1 / spread, 0, -centre[0] / spread], [0, 1 / spread, -centre[1] / spread], [0, 0, 1.0]])
    scaled = _Points((points.at - centre) / spread, points.down)
    current = matrix @ np.linalg.inv(norm)
    current /= current[2, 2]
    for number, reach in enumerate(STEPS):
        for _ in range(2):
            current = _step(current, scaled, field, turned, reach * field.size, number < AFFINE_STEPS)
    return current @ norm, turned


def is_plausible(matrix: Matrix, extent: tuple[float, float]) -> bool:
    """Whether a camera could see the form so: not mirrored, all in front, near and far sides comparable."""
    width, height = extent
    corners = np.array([[0.0, 0.0], [width, 0.0], [width, height], [0.0, height]])
    depth = corners @ matrix[2, :2] + matrix[2, 2]
    if not np.all(np.isfinite(matrix)) or depth.min() <= 0.5 * depth.max():
        return False
    quad = apply(matrix, corners)
    sides = np.roll(quad, -1, axis=0) - quad
    turns = sides[:, 0] * np.roll(sides, -1, axis=0)[:, 1] - sides[:, 1] * np.roll(sides, -1, axis=0)[:, 0]
    size = np.hypot(sides[:, 0], sides[:, 1]) / [width, height, width, height]
    return bool(np.all(turns > 0.0) and size.max() < 1.8 * size.min())


def _step(current: Matrix, points: _Points, field: _Map, turned: bool, reach: float, affine: bool) -> Matrix:
    """One Gauss-Newton step on the eight numbers of a perspective, far points weighted down (Tukey)."""
    at, distance, kind = _looked_up(current, points, field, turned)
    used = np.flatnonzero(distance < reach)
    if len(used) < 12:
        return current
    at, kind, p = at[used], kind[used], points.at[used]
    xi, yi = np.rint(at[:, 0]).astype(np.intp), np.rint(at[:, 1]).astype(np.intp)
    goal = np.where((kind == 0)[:, None], field.nearest[0][yi, xi], field.nearest[1][yi, xi])
    normal = np.where((kind == 0)[:, None], field.normals[0], field.normals[1])
    error = np.sum(normal * (goal - at), axis=1)
    depth = p @ current[2, :2] + 1.0
    home = np.column_stack([p, np.ones(len(p))]) / depth[:, None]
    pull = np.sum(normal * at, axis=1)
    columns = [normal[:, :1] * home, normal[:, 1:] * home]
    if not affine:
        columns.append(-pull[:, None] * home[:, :2])
    jacobian = np.hstack(columns)
    weight = (1.0 - np.minimum(np.abs(error) / reach, 1.0) ** 2) ** 2
    for k in (0, 1):  # as much say for the lines of either kind
        total = weight[kind == k].sum()
        if total > 0:
            weight[kind == k] /= total
    normal_matrix = jacobian.T @ (weight[:, None] * jacobian)
    normal_matrix += 1e-6 * np.diag(np.maximum(np.diag(normal_matrix), 1e-9))
    change = np.linalg.solve(normal_matrix, jacobian.T @ (weight * error))
    flat = current.ravel().copy()
    flat[: len(change)] += change
    moved: Matrix = flat.reshape(3, 3)
    return moved if np.all(np.isfinite(moved)) else current


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
