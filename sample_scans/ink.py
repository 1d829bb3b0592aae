"""From the path of a pen to ink on a pixel grid: anti-aliased coverage with the pen's character."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.document import Box
from sample_scans.pen import Trace, Writer

Coverage = NDArray[np.uint8]
INKED = 64  # coverage from which a pixel counts as ink of its character
_FRACTION = 4  # bits behind the point in the coordinates given to OpenCV
_NIB = np.array([0.77, -0.64], np.float32)  # across this direction a fountain pen's line is broadest
_GRAIN = 256  # side of the tile of paper grain that a pencil feels


@dataclass(frozen=True, eq=False)
class Blot:
    """Ink of one character: `coverage` (h, w) uint8, 0 dry to 255 covered, its corner at (x, y)."""

    coverage: Coverage
    x: int
    y: int


@lru_cache(maxsize=1)
def _paper_grain() -> NDArray[np.float32]:
    """(512, 512) float32 around 1: the tooth of paper, twice the tile so that any offset fits."""
    noise = np.random.default_rng(1911).standard_normal((_GRAIN, _GRAIN)).astype(np.float32)
    fine = cv2.GaussianBlur(noise, (0, 0), 0.7, borderType=cv2.BORDER_REFLECT_101)
    coarse = cv2.GaussianBlur(noise, (0, 0), 2.5, borderType=cv2.BORDER_REFLECT_101)
    grain = fine / fine.std() + 0.6 * coarse / coarse.std()
    return np.tile((1 + 0.28 * grain).astype(np.float32), (2, 2))


def _line_widths(trace: Trace, points: NDArray[np.float32], width: float, pen: str) -> NDArray[np.float32]:
    """(N,) width of the line at each point, in the unit of `width`."""
    if pen == "felt":
        return width * (0.6 + 0.4 * trace.pressure)
    if pen == "fountain":
        step = np.empty_like(points)
        step[1:] = np.diff(points, axis=0)
        step[0] = step[1]
        across = np.abs(step @ _NIB) / np.maximum(np.hypot(step[:, 0], step[:, 1]), 1e-3)
        return np.asarray(width * trace.pressure * (0.65 + 0.7 * across), np.float32)
    return width * trace.pressure


def _draw_stroke(canvas: Coverage, points: NDArray[np.int32], widths: NDArray[np.intp]) -> None:
    """One stroke, cut where its width changes."""
    cuts = np.flatnonzero(np.diff(widths[:-1])) + 1
    starts = [0, *cuts.tolist()]
    stops = [*cuts.tolist(), len(points) - 1]
    for start, stop in zip(starts, stops, strict=True):
        piece = points[start : stop + 1]
        cv2.polylines(canvas, [piece], False, 255, int(widths[start]), cv2.LINE_8, _FRACTION)


def _texture(rng: np.random.Generator, coverage: Coverage, pen: str) -> Coverage:
    """What the pen leaves of a fully covered line: a pencil skips over the grain, a ball pen a little."""
    depth = {"pencil": 0.9, "ball": 0.25}.get(pen, 0.0)
    if not depth or max(coverage.shape) > _GRAIN:
        return coverage
    y, x = rng.integers(0, _GRAIN, 2).tolist()
    grain = _paper_grain()[y : y + coverage.shape[0], x : x + coverage.shape[1]]
    return np.asarray(cv2.multiply(coverage, 1 - depth * (1 - grain), dtype=cv2.CV_8U), np.uint8)


def lay_ink(
    rng: np.random.Generator, trace: Trace, writer: Writer, size: float, at: tuple[float, float]
) -> Blot:
    """The ink of one character from the writer's pen.

    size : height of a digit in pixels; at : pixel position of the trace's origin, the top left
    corner of the digit.
    The blot is drawn at 2 to 4 times its size and averaged down, whole pixels in its position.
    """
    width = max(0.9, writer.pen_width * size)
    scale = 4 if width < 6 else 2
    points = trace.points * np.float32(size) + np.asarray(at, np.float32)
    margin = 1.2 * width + 2
    low = np.floor(points.min(axis=0) - margin).astype(int)
    high = np.ceil(points.max(axis=0) + margin).astype(int)
    columns, rows = (high - low).tolist()
    canvas = np.zeros((rows * scale, columns * scale), np.uint8)
    widths = _line_widths(trace, points, width * scale, writer.pen)
    # Half a pixel: OpenCV's coordinates name pixel centres, ours the corners.
    fixed = np.rint(((points - low) * scale - 0.5) * (1 << _FRACTION)).astype(np.int32)
    for span in trace.spans:
        _draw_stroke(canvas, fixed[span], np.maximum(2, np.rint(widths[span])).astype(np.intp))
    coverage = np.asarray(cv2.resize(canvas, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)
    return Blot(_texture(rng, coverage, writer.pen), int(low[0]), int(low[1]))


def clip(blot: Blot, height: int, width: int) -> tuple[slice, slice, Coverage] | None:
    """The part of a blot that falls on a (height, width) page: its rows, columns and coverage."""
    rows, columns = blot.coverage.shape
    top, left = max(0, blot.y), max(0, blot.x)
    bottom, right = min(height, blot.y + rows), min(width, blot.x + columns)
    if top >= bottom or left >= right:
        return None
    part = blot.coverage[top - blot.y : bottom - blot.y, left - blot.x : right - blot.x]
    return slice(top, bottom), slice(left, right), part


def pool(blots: Sequence[Blot], height: int, width: int) -> Coverage:
    """All blots on one (height, width) sheet; ink over ink is no darker than the darker of both."""
    sheet = np.zeros((height, width), np.uint8)
    for blot in blots:
        part = clip(blot, height, width)
        if part is not None:
            rows, columns, coverage = part
            np.maximum(sheet[rows, columns], coverage, out=sheet[rows, columns])
    return sheet


def ink_box(blot: Blot, threshold: int = INKED) -> Box:
    """The tight box around a blot's ink, on the page; empty where nothing reaches the threshold."""
    mask = blot.coverage >= threshold
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return Box(blot.x, blot.y, 0, 0)
    top, left = int(rows[0]), int(columns[0])
    return Box(blot.x + left, blot.y + top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top)


def around(one: Box, other: Box) -> Box:
    """The smallest box that holds both."""
    left, top = min(one.x, other.x), min(one.y, other.y)
    right = max(one.x + one.width, other.x + other.width)
    bottom = max(one.y + one.height, other.y + other.height)
    return Box(left, top, right - left, bottom - top)


def given_ink(ink: Coverage, scale: float, aspect: float, lean: float, baseline: float) -> Blot:
    """The ink (h, w) of a given picture scaled and slanted, its lowest pixel at row `baseline`."""
    box = ink_box(Blot(ink, 0, 0))
    cut = ink[box.slices]
    rows, columns = max(2, round(box.height * scale)), max(2, round(box.width * scale * aspect))
    reach = abs(lean) * rows
    size = (int(columns + reach) + 4, rows + 4)
    across, down = columns / max(1, box.width), rows / max(1, box.height)
    start = 2 + (reach if lean > 0 else 0)
    matrix = np.array([[across, -lean * down, start], [0, down, 2]], np.float64)
    coverage = cv2.warpAffine(cut, matrix, size, flags=cv2.INTER_LINEAR)
    return Blot(np.asarray(coverage, np.uint8), 0, round(baseline) - rows - 2)
