"""How a form lies on a page: a perspective, how well it fits, and which of them a camera could see."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Registration:
    """A layout laid over a page.

    matrix : (3, 3) float64, from the layout's units to pixels of the page.
    fit : 0..1, share of the layout's printed lines that the page has at their place; the lesser of
        the lines across and down.
    residual : mean distance of those lines from the page's, share of the page's longer side.
    cover : 0..1, share of the page's own lines, where the form lies, that the layout knows.
    inside : 0..1, share of the form that lies on the page and not beyond its edges: of its printed lines,
        of its fields, of its sheet, the least.
    part : 0..1, share of the form's print that the page has, in that part of the form where it has least.
    """

    matrix: Matrix
    fit: float
    residual: float
    cover: float
    inside: float = 1.0
    part: float = 1.0

    def to_page(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points (N, 2) of the layout on the page."""
        return apply(self.matrix, points)


def apply(matrix: Matrix, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points (N, 2) through a (3, 3) perspective matrix."""
    mapped = points @ matrix[:, :2].T + matrix[:, 2]
    divided: NDArray[np.float64] = mapped[:, :2] / mapped[:, 2:]
    return divided


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
