"""Find rows of evenly spaced bars on a page, whatever its resolution and a few degrees askew.

A row of pixels through a barcode turns dark at even distances, bar after bar; handwriting and print seldom
do so for long. Every row of a flattened page is searched for such runs, and runs that continue each other
are taken together. Averaging a few rows flattens the page: upright bars stay, most writing blurs.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.document import Image
from pipeline.paper.shrink import shrink

# Longer side, pixels, at which bars are looked for, at most, and how many rows become one.
LARGEST, FLATTEN = 2700, 3
# Distance of one bar to the next there, pixels, and by how much of it two distances may differ.
CLOSEST, WIDEST, UNEVEN = 4.0, 26.0, 0.25
EDGES_IN_RUN = 7
MAX_RUNS = 700
MAX_ROWS = 6
# Grey levels by which a bar is darker than the mean of what is beside it.
CONTRAST = 9
# Bars that a row needs to be looked at: the shortest barcode has 32, some of them may be missed.
FEWEST_BARS = 18
# Steepest row that is followed, as a slope.
STEEPEST = 0.2


@dataclass(frozen=True, eq=False)
class BarRow:
    """A row of bars on the page.

    left, right : (x, y) of the first and the last bar that was seen, pixels. pitch : from bar to bar.
    """

    left: tuple[float, float]
    right: tuple[float, float]
    pitch: float


def find_bar_rows(grey: Image) -> list[BarRow]:
    """Rows that may be barcodes on a page, (H, W) uint8, the longest first."""
    small, scale = shrink(grey, LARGEST)
    if small.shape[1] < FEWEST_BARS * CLOSEST or len(small) < 2 * FLATTEN:
        return []
    runs = _regular_runs(_flatten(small))
    rows = [row for group in _grouped(runs) if (row := _row(group, 1 / scale, FLATTEN / scale)) is not None]
    rows.sort(key=lambda row: -(row.right[0] - row.left[0]) / row.pitch)
    return rows[:MAX_ROWS]


def _flatten(grey: Image) -> Image:
    """The mean of every three rows."""
    height = len(grey) // FLATTEN * FLATTEN
    upper, middle, lower = (grey[k:height:FLATTEN] for k in range(FLATTEN))
    two = cv2.addWeighted(upper, 0.5, middle, 0.5, 0.0)
    return np.asarray(cv2.addWeighted(two, 2.0 / 3.0, lower, 1.0 / 3.0, 0.0), np.uint8)


def _regular_runs(flat: Image) -> NDArray[np.float64]:
    """Runs of evenly spaced dark edges: (N, 4) row, first and last column, mean distance."""
    window = round(2.5 * 10) | 1
    dark = cv2.subtract(cv2.blur(flat, (window, 1)), flat) > CONTRAST
    edges = np.flatnonzero(dark[:, 1:] & ~dark[:, :-1])
    width = flat.shape[1] - 1
    if len(edges) < EDGES_IN_RUN:
        return np.zeros((0, 4))
    rows = edges // width
    step = np.diff(edges).astype(np.float64)
    near = (step >= CLOSEST) & (step <= WIDEST) & (rows[1:] == rows[:-1])
    even = near[1:] & near[:-1] & (np.abs(np.diff(step)) <= np.maximum(1.5, UNEVEN * step[1:]))
    change = np.flatnonzero(np.diff(np.concatenate([[0], even.astype(np.int8), [0]])))
    begin, end = change[::2], change[1::2] + 1  # edges from begin to end, both in the run
    long = end - begin + 1 >= EDGES_IN_RUN
    begin, end = begin[long], end[long]
    if len(begin) > MAX_RUNS:
        best = np.sort(np.argsort(begin - end, kind="stable")[:MAX_RUNS])
        begin, end = begin[best], end[best]
    first, last = edges[begin] % width, edges[end] % width
    return np.stack([rows[begin], first, last, (last - first) / (end - begin)], axis=1).astype(np.float64)


def _grouped(runs: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Runs that continue each other: neighbouring rows, overlapping or close, bars as far apart."""
    if not len(runs):
        return []
    y, first, last, pitch = runs.T
    wide = np.maximum(pitch[:, None], pitch[None, :])
    near = (
        (np.abs(y[:, None] - y[None, :]) <= 3)
        & (np.maximum(first[:, None], first[None, :]) - np.minimum(last[:, None], last[None, :]) < 3 * wide)
        & (np.abs(pitch[:, None] - pitch[None, :]) < 0.2 * wide)
    )
    # Each takes the least number among its neighbours, and that one's own, until nothing changes.
    labels = np.arange(len(runs))
    while True:
        least = np.where(near, labels[None, :], len(runs)).min(axis=1)
        least = least[least]
        if (least == labels).all():
            return [runs[labels == k] for k in np.unique(labels)]
        labels = least


def _row(runs: NDArray[np.float64], across: float, down: float) -> BarRow | None:
    """The line through runs, on the page; None where they are too short or on no line."""
    y = (runs[:, 0] + 0.5) * down
    first, last = (runs[:, 1] + 1.5) * across, (runs[:, 2] + 1.5) * across
    pitch = float(np.average(runs[:, 3], weights=runs[:, 2] - runs[:, 1])) * across
    left, right = float(first.min()), float(last.max())
    if right - left < FEWEST_BARS * pitch:
        return None
    x = np.concatenate([first, last])
    slope, offset = np.polyfit(x, np.concatenate([y, y]), 1, w=np.sqrt(np.tile(last - first, 2)))
    off = np.abs(slope * x + offset - np.concatenate([y, y]))
    if abs(slope) > STEEPEST or float(np.median(off)) > 2.0 * pitch:
        return None
    return BarRow((left, slope * left + offset), (right, slope * right + offset), pitch)
