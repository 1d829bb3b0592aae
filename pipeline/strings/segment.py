"""Cut a line of writing into more pieces than it has digits: components, cut along cheap seams.

Nothing is decided here. A piece is at most one digit, a digit is one to `MAX_RUN` neighbouring
pieces, and `decode` finds out which runs are digits.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.document import Image
from pipeline.paper import deskew, ink, lines
from pipeline.paper.ink import Darkness, Mask

Labels = NDArray[np.int16]

MAX_RUN = 4
LEAN = np.float32(0.04)  # of a seam, for every row in which it moves sideways: straight is better
MAX_PIECES = 120
# In digit heights: what may be cut, how far cuts stand apart, and how wide a run may be.
CUT_WIDTH = 0.42
CUT_DISTANCE = 0.18
RUN_WIDTH = 1.7
# In stroke widths: how much ink a cut may pass through.
CUT_INK = 2.3
# Height of the ink in a valley between two digits, in digit heights, and against its neighbourhood.
VALLEY_HEIGHT = 0.6
VALLEY_DEPTH = 0.75
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
    mask : (H, W) uint8, ink bright; binarized here, and ruled lines taken out, where not given.
    slant : shear to take out; estimated where not given.
    """
    given = mask is not None
    if mask is None:
        mask = _without_rules(ink.binarize(ink.soften(dark)))
    stroke = max(1.0, ink.stroke_width(mask))
    slant = deskew.estimate_slant(mask) if slant is None else slant
    if slant:
        dark, mask = deskew.shear(dark, slant), deskew.shear(mask, slant)
        mask = np.where(mask > 127, np.uint8(255), np.uint8(0))
    even = ink.even_ink(dark, mask)
    if given:  # what is not the line's ink is not to be seen either, but for the soft edge of its strokes
        even = np.where(cv2.dilate(mask, np.ones((5, 5), np.uint8)) > 0, even, np.uint8(0))
    labels, boxes, height = _components(mask, even, stroke)
    labels, boxes = _cut(even, labels, boxes, height, stroke)
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


def _without_rules(mask: Mask) -> Mask:
    height = mask.shape[0]
    stroke = max(1.0, ink.stroke_width(mask))
    thickest = int(2 * stroke) + 1
    rules = lines.find_lines(mask, min_length=max(int(0.9 * height), 20), max_thickness=thickest)
    if not rules.any():
        return mask
    reach = int(1.5 * stroke) + 2
    walls = lines.find_walls(mask, rules, thickest)
    if walls.any():
        mask = lines.erase_lines(mask.T, walls.T, reach).T
    return lines.erase_lines(mask, np.asarray(cv2.bitwise_and(rules, mask), np.uint8), reach)


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


def _cut(
    even: Image, labels: Labels, boxes: NDArray[np.int32], height: float, stroke: float
) -> tuple[Labels, NDArray[np.int32]]:
    """Cut every component that is wide enough to hold two digits along its cheapest seams."""
    pieces: list[tuple[float, NDArray[np.bool_], tuple[int, ...]]] = []
    out = np.zeros_like(labels)
    for number, (left, top, right, bottom) in enumerate(boxes.tolist(), start=1):
        own = labels[top:bottom, left:right] == number
        if right - left > CUT_WIDTH * height and len(pieces) < MAX_PIECES:
            part = np.where(own, even[top:bottom, left:right], 0)
            seams = find_cuts(part, CUT_DISTANCE * height, CUT_INK * stroke, VALLEY_HEIGHT * height)
        else:
            seams = []
        for one in _split(own, seams):
            inked = one.view(np.uint8)
            if cv2.countNonZero(inked) < max(3.0, 0.5 * stroke * stroke) and seams:
                continue
            x, y, wide, tall = cv2.boundingRect(inked)
            box = (left + x, top + y, left + x + wide, top + y + tall)
            pieces.append((float(box[0] + box[2]), one, (left, top, *box)))
    pieces.sort(key=lambda piece: piece[0])
    for index, (_, one, place) in enumerate(pieces, start=1):
        left, top = place[:2]
        view = out[top : top + one.shape[0], left : left + one.shape[1]]
        view[one] = index
    return out, np.array([place[2:] for _, _, place in pieces], np.int32).reshape(-1, 4)


def _split(own: NDArray[np.bool_], seams: list[NDArray[np.intp]]) -> list[NDArray[np.bool_]]:
    """`own` cut along `seams` (a column for every row, ordered), as masks of the same shape."""
    if not seams:
        return [own]
    columns = np.arange(own.shape[1])
    side = (columns >= np.stack(seams)[:, :, None]).sum(axis=0, dtype=np.int16)
    return [part for k in range(len(seams) + 1) if (part := own & (side == k)).any()]


def find_cuts(part: Image, distance: float, limit: float, valley: float) -> list[NDArray[np.intp]]:
    """Where to cut a component (h, w) uint8: for each cut a column for every row, from left to right.

    Valleys first, then seams that keep `distance` (pixels) from them and from one another;
    `limit` is the ink a seam may pass, `valley` the height of the ink that a valley may have.
    """
    h, w = part.shape
    if w < 2 * distance or h < 3:
        return []
    straight = [np.full(h, column, np.intp) for column in find_valleys(part, valley)]
    tried = straight + find_seams(part, limit, max(1, int(0.5 * distance)))
    if not tried:
        return []
    ways = np.stack(tried)
    inked = part[np.arange(h), ways] > 64
    count = inked.sum(axis=1)
    middles = np.where(count > 0, (ways * inked).sum(axis=1) / np.maximum(count, 1), ways[:, h // 2])
    cuts: list[NDArray[np.intp]] = []
    centres: list[float] = []
    edge = max(1, int(0.6 * distance))
    for cut, centre in zip(tried, middles.tolist(), strict=True):
        if edge <= centre < w - edge and all(abs(centre - other) >= distance for other in centres):
            cuts.append(cut)
            centres.append(centre)
    ordered = [cuts[i] for i in np.argsort([float(cut.mean()) for cut in cuts])]
    for before, after in pairwise(ordered):
        np.maximum(before, after, out=after)  # cuts that cross share the stretch
    return ordered


def find_valleys(part: Image, limit: float) -> list[int]:
    """Columns where the ink is low between higher ink on both sides, as where two rings lean together.

    A seam would rather pass twice through thin walls than once along two that have merged.
    limit : height of the ink in the valley, from its first row to its last, pixels.
    """
    inked = part > 64
    h = part.shape[0]
    first = np.where(inked.any(axis=0), inked.argmax(axis=0), h)
    last = np.where(inked.any(axis=0), h - inked[::-1].argmax(axis=0), h)
    height = (last - first).astype(np.float64)
    left, right = np.maximum.accumulate(height), np.maximum.accumulate(height[::-1])[::-1]
    low = (height > 0) & (height <= VALLEY_DEPTH * np.minimum(left, right)) & (height <= limit)
    starts = np.flatnonzero(np.diff(np.concatenate([[0], low.astype(np.int8)])) == 1)
    ends = np.flatnonzero(np.diff(np.concatenate([low.astype(np.int8), [0]])) == -1) + 1
    found = []
    for start, end in zip(starts, ends, strict=True):
        flat = np.flatnonzero(height[start:end] <= height[start:end].min() + 1)
        found.append(int(start + flat[len(flat) // 2]))
    return found


def find_seams(part: Image, limit: float, apart: int = 1) -> list[NDArray[np.intp]]:
    """Cheap ways from the top to the bottom of a component, the cheapest first.

    A seam moves at most one column a row and pays for the ink it passes (a drop-fall that sees
    the whole way, found by dynamic programming from both ends; cf. Congedo et al., 1995).

    part : (h, w) uint8 ink.
    limit : pixels of full ink that a seam may pass.
    apart : of seams whose middles are no farther apart (pixels) only the cheapest is taken.
    """
    cost = part.astype(np.float32) / 255.0 + 0.01
    h = len(cost)
    middle = h // 2
    above, below = _accumulate(cost[: middle + 1]), _accumulate(cost[: middle - 1 if middle else None : -1])
    through = above[-1] + below[-1] - cost[middle]
    lowest = cv2.erode(through[None], np.ones((1, 2 * apart + 1), np.uint8))[0]
    cheap = np.flatnonzero((through <= limit + 0.01 * h) & (through <= lowest))
    order = cheap[np.argsort(through[cheap], kind="stable")]
    return list(np.vstack([_trace(above, order)[::-1], _trace(below, order)[1:]]).T)


def _accumulate(cost: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cost of the cheapest way from the first row to every pixel."""
    total = cost.copy()
    sideways = np.empty(cost.shape[1], np.float32)
    best = np.empty(cost.shape[1], np.float32)
    for before, row in pairwise(total):
        np.add(before, LEAN, out=sideways)
        np.minimum(before[1:], sideways[:-1], out=best[1:])
        best[0] = before[0]
        np.minimum(best[:-1], sideways[1:], out=best[:-1])
        np.add(row, best, out=row)
    return total


def _trace(total: NDArray[np.float32], columns: NDArray[np.intp]) -> NDArray[np.intp]:
    """The cheapest ways from `columns` (N,) of the last row to the first one: (rows, N), last row first."""
    before = total[:-1]
    move, cheapest = np.zeros(before.shape, np.intp), before.copy()
    left = before[:, :-1] + LEAN <= cheapest[:, 1:]
    move[:, 1:][left] = -1
    np.minimum(cheapest[:, 1:], before[:, :-1] + LEAN, out=cheapest[:, 1:])
    move[:, :-1][before[:, 1:] + LEAN < cheapest[:, :-1]] = 1
    ways = np.empty((len(total), len(columns)), np.intp)
    ways[0] = columns
    for row, step in enumerate(move[::-1], start=1):
        np.add(ways[row - 1], step[ways[row - 1]], out=ways[row])
    return ways
