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

    distance : two (H, W) float32; nearest : two (H, W) int32, rows of `places`, two (N, 2) float32 x and y;
    normals : two (2,), of the two kinds of line; unit : pixels of the map per pixel of the page.
    """

    distance: tuple[NDArray[np.float32], NDArray[np.float32]]
    nearest: tuple[NDArray[np.int32], NDArray[np.int32]]
    places: tuple[NDArray[np.float32], NDArray[np.float32]]
    normals: tuple[NDArray[np.float64], NDArray[np.float64]]
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
    distances, nearests, places = [], [], []
    for lines in (page.across, page.down):
        empty = np.full((height, width), 255, np.uint8)
        for x1, y1, x2, y2 in np.rint(lines * unit * 16.0).astype(int):
            cv2.line(empty, (int(x1), int(y1)), (int(x2), int(y2)), 0, 1, cv2.LINE_8, 4)
        if not (empty == 0).any():
            distances.append(np.full((height, width), np.inf, np.float32))
            nearests.append(np.zeros((height, width), np.int32))
            places.append(np.zeros((1, 2), np.float32))
            continue
        distance, labels = cv2.distanceTransformWithLabels(
            empty, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
        )
        ys, xs = np.nonzero(empty == 0)
        place = np.zeros((len(ys) + 1, 2), np.float32)
        place[labels[ys, xs]] = np.stack([xs, ys], axis=1)
        distances.append(np.asarray(distance, np.float32))
        nearests.append(np.asarray(labels, np.int32))
        places.append(place)
    c, s = np.cos(page.tilt), np.sin(page.tilt)
    normals = (np.array([-s, c]), np.array([c, s]))
    return LineMap(
        (distances[0], distances[1]),
        (nearests[0], nearests[1]),
        (places[0], places[1]),
        normals,
        unit,
        float(MAP_SIZE),
    )


def looked_up(
    matrix: Matrix, points: LinePoints, field: LineMap, turned: bool
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
