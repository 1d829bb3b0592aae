"""A page's lines as a map to look up: how far from any place the nearest line is, and where."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.forms.perspective import Matrix, apply
from pipeline.forms.rules import Rules, sample

# Longer side, pixels, of the map.
MAP_SIZE = 1000


@dataclass(frozen=True, eq=False)
class LineMap:
    """Nearest line pixel of every pixel of the (reduced) page, for lines across and down.

    distance : (2, H, W) float32; nearest : (2, H, W) int32, rows of `places`, (N, 2) float64 x and y;
    normals : (2, 2), of the two kinds of line; unit : pixels of the map per pixel of the page.
    """

    distance: NDArray[np.float32]
    nearest: NDArray[np.int32]
    places: NDArray[np.float64]
    normals: NDArray[np.float64]
    unit: float
    size: float


@dataclass(frozen=True, eq=False)
class LinePoints:
    """Points on the layout's lines: (P, 2), and for each whether its line runs down."""

    at: NDArray[np.float64]
    down: NDArray[np.bool_]


def sampled(layout: Rules, size: float) -> LinePoints:
    """Points along a layout's lines, so close that none is missed; `size` is its longer side."""
    across, _ = sample(layout.across, size / 150.0)
    down, _ = sample(layout.down, size / 150.0)
    return LinePoints(np.vstack([across, down]), np.arange(len(across) + len(down)) >= len(across))


def line_map(page: Rules, shape: tuple[int, ...]) -> LineMap:
    """The map of a page's lines; `shape` is the page's height and width, pixels."""
    unit = MAP_SIZE / max(shape[:2])
    height, width = max(1, round(shape[0] * unit)), max(1, round(shape[1] * unit))
    distances = np.full((2, height, width), np.inf, np.float32)
    nearest = np.zeros((2, height, width), np.int32)
    places: list[NDArray[np.float64]] = [np.zeros((1, 2))]
    for kind, lines in enumerate((page.across, page.down)):
        empty = np.full((height, width), 255, np.uint8)
        for x1, y1, x2, y2 in np.rint(lines * unit * 16.0).astype(int):
            cv2.line(empty, (int(x1), int(y1)), (int(x2), int(y2)), 0, 1, cv2.LINE_8, 4)
        ys, xs = np.nonzero(empty == 0)
        if not len(ys):
            continue
        distance, labels = cv2.distanceTransformWithLabels(
            empty, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
        )
        place = np.zeros((len(ys) + 1, 2))
        place[labels[ys, xs]] = np.stack([xs, ys], axis=1)
        distances[kind] = distance
        np.add(labels, sum(map(len, places)), out=nearest[kind])
        places.append(place)
    c, s = np.cos(page.tilt), np.sin(page.tilt)
    normals = np.array([[-s, c], [c, s]])
    return LineMap(distances, nearest, np.concatenate(places), normals, unit, float(MAP_SIZE))


def looked_up(
    matrix: Matrix, points: LinePoints, field: LineMap, turned: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.intp], NDArray[np.intp]]:
    """Where the points come to lie, how far from a line of their kind (inf off the page), which kind.

    And which pixel of the maps of both kinds, one behind the other, each lies on; 0 off the page.
    """
    at = apply(matrix, points.at)
    kind = (points.down ^ turned).astype(np.intp)
    _, height, width = field.distance.shape
    x, y = np.rint(at).T
    inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    pixel = np.where(inside, (kind * height + y) * width + x, 0).astype(np.intp)
    distance = np.where(inside, field.distance.ravel()[pixel], np.inf).astype(np.float64)
    return at, distance, kind, pixel
