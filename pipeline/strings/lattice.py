"""Every way to read a line of pieces: its runs, their crops, and what their geometry says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.document import Image
from pipeline.strings.normalize import crops
from pipeline.strings.picture import draw_line, middle_row
from pipeline.strings.segment import Pieces, runs

DIGIT_FEATURES = (
    "digit",  # 1 for every digit: how many digits a path has
    "pieces",  # pieces beyond the first
    "short",  # how far the run's height falls below 0.8 of a typical digit's
    "tiny",  # the same below 0.45
    "wide",  # how far its width passes 0.8 digit heights
    "very-wide",  # the same beyond 1.2
    "narrow",  # how far its width falls below 0.3
    "off-line",  # distance of its middle from the middle of the line, digit heights
    "inner-gap",  # white between its pieces, digit heights
    "overlap",  # how far it reaches under its right neighbour, digit heights
)
# Each digit weighs these in its own way: zeros are often small, ones narrow, sevens reach below the line.
SHAPE_FEATURES = (
    "frequency",  # 1: how often the digit stands at all
    "height",  # of the run over that of a typical digit, less 1
    "height-squared",
    "width",  # of the run, digit heights, less 0.6
    "width-squared",
    "drop",  # how far its middle lies below the line's, digit heights
)
JUNK_FEATURES = (
    "junk",  # 1 for every piece that is left out
    "tall",  # its height over that of a typical digit
    "taller",  # how far that passes 0.5
    "inked",  # its area of ink over digit height times stroke width
)


@dataclass(frozen=True, eq=False)
class Lattice:
    """The runs of a line of pieces as edges of a graph from piece 0 to piece `size`.

    edges : (R, 2) int32, start and stop of each run, sorted by start, then stop.
    crops : (R, 28, 28) uint8.
    digit_features : (R, len(DIGIT_FEATURES)) float32.
    shape_features : (R, len(SHAPE_FEATURES)) float32.
    junk_features : (R, len(JUNK_FEATURES)) float32; only runs of one piece may be left out.
    boxes : (R, 4) int32 left, top, right, bottom, on the upright strip.
    picture : (32, W) uint8, the whole line for the network that does not cut (see `picture`).
    proba : (R, 11) float32, what the network says of every run, where it was asked already.
    box_ink : (28, 28, 3) uint8, a printed box for the network that tells what it holds; else None.
    """

    size: int
    edges: NDArray[np.int32]
    crops: Image
    digit_features: NDArray[np.float32]
    shape_features: NDArray[np.float32]
    junk_features: NDArray[np.float32]
    boxes: NDArray[np.int32]
    picture: Image
    proba: NDArray[np.float32] | None = None
    box_ink: Image | None = None

    @property
    def whole(self) -> NDArray[np.bool_]:
        """Which run is all pieces together: (R,); none where they are too many or too far apart."""
        whole: NDArray[np.bool_] = (self.edges[:, 0] == 0) & (self.edges[:, 1] == self.size)
        return whole


def build_lattice(pieces: Pieces, box_ink: Image | None = None) -> Lattice:
    """The lattice of a line of pieces; without pieces it has no edges, and no picture of its box."""
    edges = runs(pieces)
    boxes = _run_boxes(pieces.boxes, edges)
    digit, shape, junk = _features(pieces, edges, boxes)
    return Lattice(
        len(pieces),
        edges,
        crops(pieces, edges, boxes),
        digit,
        shape,
        junk,
        boxes,
        draw_line(pieces),
        box_ink=box_ink if len(pieces) else None,
    )


def part_of(pieces: Pieces, lattice: Lattice, first: int, last: int, proba: NDArray[np.float32]) -> Lattice:
    """The lattice of the pieces from `first` to `last` (exclusive) of a line that has been cut.

    lattice : of all pieces, with the network's probabilities `proba` (R, 11) for its runs.
    """
    own = (lattice.edges[:, 0] >= first) & (lattice.edges[:, 1] <= last)
    part, edges, boxes = pieces.part(first, last), lattice.edges[own] - first, lattice.boxes[own]
    digit, shape, junk = _features(part, edges, boxes)
    return Lattice(
        len(part), edges, lattice.crops[own], digit, shape, junk, boxes, draw_line(part), proba[own]
    )


def _run_boxes(pieces: NDArray[np.int32], edges: NDArray[np.int32]) -> NDArray[np.int32]:
    boxes = pieces.tolist()
    found = []
    for start, stop in edges.tolist():
        if stop == start + 1:
            found.append(boxes[start])
        else:  # as the run of one piece less, and that piece
            left, top, right, bottom = found[-1]
            box = boxes[stop - 1]
            found.append([min(left, box[0]), min(top, box[1]), max(right, box[2]), max(bottom, box[3])])
    return np.array(found, np.int32).reshape(-1, 4)


def _features(
    pieces: Pieces, edges: NDArray[np.int32], boxes: NDArray[np.int32]
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    digit = np.zeros((len(edges), len(DIGIT_FEATURES)), np.float32)
    shape = np.zeros((len(edges), len(SHAPE_FEATURES)), np.float32)
    junk = np.zeros((len(edges), len(JUNK_FEATURES)), np.float32)
    if not len(edges):
        return digit, shape, junk
    unit = max(pieces.height, 1.0)
    tall = np.minimum((boxes[:, 3] - boxes[:, 1]) / unit, 2.0)
    wide = (boxes[:, 2] - boxes[:, 0]) / unit
    line = middle_row(pieces.boxes, unit)
    gaps, overlaps = _neighbours(pieces.boxes, edges, unit)
    digit[:, 0] = 1.0
    digit[:, 1] = edges[:, 1] - edges[:, 0] - 1
    digit[:, 2] = np.maximum(0.8 - tall, 0.0)
    digit[:, 3] = np.maximum(0.45 - tall, 0.0)
    digit[:, 4] = np.maximum(wide - 0.8, 0.0)
    digit[:, 5] = np.maximum(wide - 1.2, 0.0)
    digit[:, 6] = np.maximum(0.3 - wide, 0.0)
    drop = np.clip(((boxes[:, 1] + boxes[:, 3]) / 2.0 - line) / unit, -2.0, 2.0)
    digit[:, 7] = np.abs(drop)
    digit[:, 8] = gaps
    digit[:, 9] = overlaps
    shape[:, 0] = 1.0
    shape[:, 1] = np.clip(tall - 1.0, -1.0, 1.0)
    shape[:, 2] = shape[:, 1] ** 2
    shape[:, 3] = np.clip(wide - 0.6, -0.6, 1.0)
    shape[:, 4] = shape[:, 3] ** 2
    shape[:, 5] = drop
    areas = np.bincount(pieces.labels.ravel(), minlength=len(pieces) + 1)[1:]
    junk[:, 0] = 1.0
    junk[:, 1] = tall
    junk[:, 2] = np.maximum(tall - 0.5, 0.0)
    junk[:, 3] = np.minimum(areas[edges[:, 0]] / (unit * max(pieces.stroke, 1.0)), 3.0)
    return digit, shape, junk


def _neighbours(
    boxes: NDArray[np.int32], edges: NDArray[np.int32], unit: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """For every run the widest white between its pieces, and its reach under the next piece."""
    gaps, overlaps = [], []
    lefts, rights = boxes[:, 0].tolist(), boxes[:, 2].tolist()
    for start, stop in edges.tolist():
        reach, widest = rights[start], 0
        for piece in range(start + 1, stop):
            widest = max(widest, lefts[piece] - reach)
            reach = max(reach, rights[piece])
        gaps.append(widest / unit)
        overlaps.append(min(max(0, reach - lefts[stop]) / unit, 1.0) if stop < len(lefts) else 0.0)
    return np.array(gaps), np.array(overlaps)
