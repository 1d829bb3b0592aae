"""Move a guess how a form lies until its lines come to lie on the nearest lines of the page."""

from __future__ import annotations

import numpy as np

from pipeline.forms.line_map import LineMap, LinePoints, looked_up
from pipeline.forms.perspective import Matrix

# Reach of each step, shares of the page's longer side; the first steps are affine.
STEPS = (0.03, 0.02, 0.014, 0.01, 0.007, 0.005, 0.004, 0.004)
AFFINE_STEPS = 2
# The first of them, by which guesses are told apart, and the rest.
ROUGH, FINE = range(3), range(3, len(STEPS))


def refine(
    guess: tuple[Matrix, bool], points: LinePoints, field: LineMap, steps: range
) -> tuple[Matrix, bool]:
    """The guess moved, by some of STEPS, so that its lines come to lie on the nearest lines of the page."""
    matrix, turned = guess
    centre, spread = points.at.mean(axis=0), float(np.abs(points.at - points.at.mean(axis=0)).max())
    norm = np.array([[1 / spread, 0, -centre[0] / spread], [0, 1 / spread, -centre[1] / spread], [0, 0, 1.0]])
    scaled = LinePoints((points.at - centre) / spread, points.down)
    current = matrix @ np.linalg.inv(norm)
    current /= current[2, 2]
    for number in steps:
        reach = STEPS[number]
        for _ in range(2):
            current = _step(current, scaled, field, turned, reach * field.size, number < AFFINE_STEPS)
    return current @ norm, turned


def _step(
    current: Matrix, points: LinePoints, field: LineMap, turned: bool, reach: float, affine: bool
) -> Matrix:
    """One Gauss-Newton step on the eight numbers of a perspective, far points weighted down (Tukey)."""
    at, distance, kind, pixel = looked_up(current, points, field, turned)
    used = np.flatnonzero(distance < reach)
    if len(used) < 12:
        return current
    at, kind, p = at[used], kind[used], points.at[used]
    goal = field.places[field.nearest.ravel()[pixel[used]]]
    nx, ny = field.normals[kind].T
    error = nx * (goal[:, 0] - at[:, 0]) + ny * (goal[:, 1] - at[:, 1])
    # Row by row what each of the numbers moves the points along their normals.
    home = np.ones((3, len(p)))
    home[:2] = p.T
    home /= p @ current[2, :2] + 1.0
    moves = np.empty((6 if affine else 8, len(p)))
    np.multiply(nx, home, out=moves[:3])
    np.multiply(ny, home, out=moves[3:6])
    if not affine:
        np.multiply(-(nx * at[:, 0] + ny * at[:, 1]), home[:2], out=moves[6:])
    weight = (1.0 - np.minimum(np.abs(error) / reach, 1.0) ** 2) ** 2
    totals = np.bincount(kind, weight, 2)  # as much say for the lines of either kind
    weight /= np.where(totals > 0, totals, 1.0)[kind]
    weighted = moves * weight
    normal_matrix = weighted @ moves.T
    diagonal = normal_matrix.ravel()[:: len(moves) + 1]
    diagonal += 1e-6 * np.maximum(diagonal, 1e-9)
    change = np.linalg.solve(normal_matrix, weighted @ error)
    flat = current.ravel().copy()
    flat[: len(change)] += change
    moved: Matrix = flat.reshape(3, 3)
    return moved if np.all(np.isfinite(moved)) else current
