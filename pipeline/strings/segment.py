"""Cut a line of writing into more pieces than it has digits: components, cut along cheap seams.

Nothing is decided here. A piece is at most one digit, a digit is one to `MAX_RUN` neighbouring
pieces, and `decode` finds out which runs are digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.document import Image
from pipeline.paper import deskew, ink
from pipeline.paper.ink import Darkness, Mask
from pipeline.paper.lines import erase_lines, find_lines
from pipeline.paper.walls import find_walls
from pipeline.strings.seams import Cut, find_cuts

Labels = NDArray[np.int16]
Pixel = TypeVar("Pixel", np.uint8, np.int16)

MAX_RUN = 4
MAX_PIECES = 120
# In digit heights: what may be cut, how far cuts stand apart, and how wide a run may be.
CUT_WIDTH = 0.42
CUT_DISTANCE = 0.18
RUN_WIDTH = 1.4
# In stroke widths: how much ink a cut may pass through.
CUT_INK = 2.3
# Height of the ink in a valley between two digits, in digit heights.
VALLEY_HEIGHT = 0.6
# Writing is somewhere about as dark as the rest of it, of 255, in at least so many pixels.
STRONG_INK, STRONG_PIXELS = 150, 3


@dataclass(frozen=True, eq=False)
class Pieces:
    """A line of writing in pieces, upright, from left to right.

    ink : (H, W) uint8, even grey ink, bright on black.
    labels : (H, W) int16, 0 where there is no piece, else 1 + the index of the piece.
    boxes : (N, 4) int32: left, top, right, bottom of each piece; right and bottom exclusive.
    height : of a typical digit, pixels.
    stroke : typical stroke width, pixels.
    slant : shear that was taken out.
    """

    ink: Image
    labels: Labels
    boxes: NDArray[np.int32]
    height: float
    stroke: float
    slant: float

    def __len__(self) -> int:
        return len(self.boxes)

    def part(self, first: int, last: int) -> Pieces:
        """The pieces from `first` to `last` (exclusive) without the ink of the others."""
        boxes = self.boxes[first:last]
        if not len(boxes):
            return Pieces(self.ink[:, :0], self.labels[:, :0], boxes, 0.0, self.stroke, self.slant)
        left, right = max(int(boxes[:, 0].min()) - 1, 0), int(boxes[:, 2].max()) + 1
        labels = self.labels[:, left:right]
        own = (labels > first) & (labels <= last)
        others = cv2.dilate(np.where(own, np.int16(0), labels), np.ones((3, 3), np.uint8)) > 0
        return Pieces(
            np.where(others & ~own, np.uint8(0), self.ink[:, left:right]),
            np.where(own, labels - np.int16(first), np.int16(0)),
            boxes - np.array([left, 0, left, 0], np.int32),
            digit_height(boxes),
            self.stroke,
            self.slant,
        )


def segment(dark: Darkness, mask: Mask | None = None, slant: float | None = None) -> Pieces:
    """Pieces of a line of writing.

    dark : (H, W) float32 as `ink.darkness` gives it.
    mask : (H, W) uint8, ink bright; binarized here, and printed lines taken out, where not given.
    slant : shear to take out; estimated where not given.
    """
    given = mask is not None
    if mask is None:
        mask = _without_print(ink.binarize(ink.soften(dark)))
    slant = deskew.estimate_slant(mask) if slant is None else slant
    if slant:
        dark, mask = deskew.shear(dark, slant), deskew.shear(mask, slant)
        mask = np.where(mask > 127, np.uint8(255), np.uint8(0))
    parts = _parts(dark, mask, slant, alone=given)
    labels, boxes = _cut(parts)
    return replace(parts, labels=labels, boxes=boxes)


def segment_box(dark: Darkness, mask: Mask) -> Pieces:
    """The ink of a printed box in pieces: not cut, since there is no more than one digit in it.

    Nor is it straightened: one digit has too few strokes to tell slant from shape.

    dark : (H, W) float32. mask : (H, W) uint8, the box's own ink bright.
    """
    parts = _parts(dark, mask, 0.0, alone=True)
    if len(parts) < 2:
        return parts
    # A digit that is broken is as high as its pieces together.
    return replace(parts, height=float(parts.boxes[:, 3].max() - parts.boxes[:, 1].min()))


def _parts(dark: Darkness, mask: Mask, slant: float, alone: bool) -> Pieces:
    """The connected components of a line, not yet cut; alone : what is not in `mask` is not to be seen."""
    stroke = max(1.0, ink.stroke_width(mask))
    even = ink.even_ink(dark, mask)
    if alone:  # but for the soft edge of its strokes
        even = np.where(cv2.dilate(mask, np.ones((5, 5), np.uint8)) > 0, even, np.uint8(0))
    labels, boxes, height = _components(mask, even, stroke)
    return Pieces(even, labels, boxes, height, stroke, slant)


def runs(pieces: Pieces) -> NDArray[np.int32]:
    """Every run of neighbouring pieces that might be one digit: (R, 2) int32, start and stop."""
    widest = RUN_WIDTH * pieces.height
    boxes = pieces.boxes.tolist()
    found = []
    for start in range(len(boxes)):
        left, _, right, _ = boxes[start]
        for stop, box in enumerate(boxes[start : start + MAX_RUN], start + 1):
            left, right = min(left, box[0]), max(right, box[2])
            if stop > start + 1 and right - left > widest:
                break
            found.append((start, stop))
    return np.array(found, np.int32).reshape(-1, 2)


def _without_print(mask: Mask) -> Mask:
    """The mask without printed rules and walls. Their grey stays: where print runs into a digit, it shows."""
    stroke = max(1.0, ink.stroke_width(mask))
    thickest = int(2 * stroke) + 1
    reach = int(1.5 * stroke) + 2
    rules = find_lines(mask, min_length=max(int(0.9 * len(mask)), 20), max_thickness=thickest)
    walls = find_walls(mask, rules, thickest)
    if walls.any():
        mask = erase_lines(mask.T, walls.T, reach).T
    if rules.any():
        mask = erase_lines(mask, np.asarray(cv2.bitwise_and(rules, mask), np.uint8), reach)
    return mask


def _components(mask: Mask, even: Image, stroke: float) -> tuple[Labels, NDArray[np.int32], float]:
    """Connected components, left to right, and the height of a typical digit.

    Specks go, and what is nowhere as dark as the writing: the lines of a printed background.
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8, ltype=cv2.CV_16U)
    strong = np.bincount(labels[even > STRONG_INK], minlength=count)
    least = max(4.0, 0.8 * stroke * stroke)
    area = stats[:, cv2.CC_STAT_AREA]
    kept = (np.flatnonzero((area[1:] >= least) & (strong[1:] >= STRONG_PIXELS)) + 1).tolist()
    if len(kept) > MAX_PIECES:  # texture, not writing: keep the largest
        kept = sorted(kept, key=lambda i: -area[i])[:MAX_PIECES]
    kept.sort(key=lambda i: stats[i, cv2.CC_STAT_LEFT] + stats[i, cv2.CC_STAT_WIDTH] / 2)
    renumber = np.zeros(count, np.int16)
    renumber[kept] = np.arange(1, len(kept) + 1)
    boxes = stats[kept, :4].astype(np.int32).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    return renumber[labels], boxes, digit_height(boxes)


def digit_height(boxes: NDArray[np.int32]) -> float:
    """Height of a typical digit among components (N, 4): dots and dashes do not count; 0 if N is 0."""
    if not len(boxes):
        return 0.0
    heights = (boxes[:, 3] - boxes[:, 1]).tolist()
    least = 0.5 * max(heights)
    return float(median(height for height in heights if height >= least))


def _cut(parts: Pieces) -> tuple[Labels, NDArray[np.int32]]:
    """Cut every component that is wide enough to hold two digits along its cheapest seams: labels, boxes."""
    even, labels, height, stroke = parts.ink, parts.labels, parts.height, parts.stroke
    places = parts.boxes.tolist()
    owns = [_window(labels, place) == number for number, place in enumerate(places, start=1)]
    wide = [i for i, (left, _, right, _) in enumerate(places) if right - left > CUT_WIDTH * height]
    inks = [np.where(owns[i], _window(even, places[i]), np.uint8(0)) for i in wide]
    found = find_cuts(inks, CUT_DISTANCE * height, CUT_INK * stroke, VALLEY_HEIGHT * height)
    cuts = dict(zip(wide, found, strict=True))
    pieces: list[tuple[float, NDArray[np.bool_], list[int], list[int]]] = []
    for i, (own, place) in enumerate(zip(owns, places, strict=True)):
        seams = cuts.get(i, []) if len(pieces) < MAX_PIECES else []
        for one in _split(own, seams):
            inked = one.view(np.uint8)
            if cv2.countNonZero(inked) < max(3.0, 0.5 * stroke * stroke) and seams:
                continue
            x, y, across, down = cv2.boundingRect(inked)
            left, top = place[0] + x, place[1] + y
            pieces.append((2.0 * left + across, one, place, [left, top, left + across, top + down]))
    pieces.sort(key=lambda piece: piece[0])
    out = np.zeros_like(labels)
    for index, (_, one, place, _) in enumerate(pieces, start=1):
        _window(out, place)[one] = index
    return out, np.array([box for _, _, _, box in pieces], np.int32).reshape(-1, 4)


def _window(image: NDArray[Pixel], box: Sequence[int]) -> NDArray[Pixel]:
    """The part of an image in a box: left, top, right, bottom."""
    left, top, right, bottom = box
    return image[top:bottom, left:right]


def _split(own: NDArray[np.bool_], seams: list[Cut]) -> list[NDArray[np.bool_]]:
    """`own` cut along `seams` (a column for every row, ordered), as masks of the same shape."""
    if not seams:
        return [own]
    columns = np.arange(own.shape[1])
    side = (columns >= np.stack(seams)[:, :, None]).sum(axis=0, dtype=np.int16)
    return [part for k in range(len(seams) + 1) if (part := own & (side == k)).any()]
