"""Take the printed frame out of a field's ink, strokes that cross it left whole."""

from __future__ import annotations

import math
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.forms.lift import Patch
from pipeline.paper import ink
from pipeline.paper.ink import Mask

# Half of the strip about a wall in which its ink is looked for, in heights of a box.
BAND = 0.1
BESIDE = 5  # of that strip on either side of a thick wall, at least, pixels
DRAWN = 0.25  # share of a wall's strip, along it, that is inked where the wall is dark enough to be ink
BLOCK = 1.2  # length of the stretches in which a wall is followed, in heights of a box
BRIDGE, BROKEN = 0.35, 0.5  # most of a wall's length that a ring may share with it, likewise
WRITING = 0.2  # a box's ink: at least so tall or wide, in its heights, as to be writing
# Share of a component in the walls' strips from which it is what the frame left behind, and how much of that
# lies beyond them at most, in squares of a box's height.
LEFTOVER, BEYOND = 0.75, 0.01
# Darkness of writing against the darkest of the field: guide marks and tints are fainter.
FAINT = 0.42
PAPER = 0.1
# A piece of ink whose darkest spot is paler than this, against the writing, is a guide mark; area of a speck,
# in squares of a box's height.
PALE, SPECK = 0.6, 0.0016


def writing(patch: Patch) -> tuple[Mask, Mask]:
    """The ink of a patch without its frame, (H, W) uint8, and what was found to be frame, alike."""
    height = patch.unit
    band = max(3, round(BAND * height))
    mask = ink.binarize(patch.dark, _threshold(patch, band))
    strips = np.zeros_like(mask)
    gone = np.zeros_like(mask)
    for places, turned in ((patch.walls[0], False), (patch.walls[1], True)):
        seen, out, marked = (mask.T, gone.T, strips.T) if turned else (mask, gone, strips)
        tops = np.zeros(len(places), int) if turned else patch.tops.astype(int)
        thick = _usual_thickness(*_strips(seen, places, tops, band)[1:])
        # What runs into a thick wall must be seen on either side of it.
        band = max(band, math.ceil(thick / 2) + BESIDE)
        for view, part, middle in zip(*_strips(seen, places, tops, band), strict=True):
            out[view] |= _line(part, middle, height, thick)
            marked[view] = 255
    rest = np.where(gone > 0, np.uint8(0), mask)
    for x in patch.walls[0]:
        rest |= _shared(rest, gone, round(float(x)), band, BRIDGE * height)
    for y in patch.walls[1]:
        rest |= _shared(rest.T, gone.T, round(float(y)), band, BRIDGE * height).T
    return _without_faint(_without_leftovers(rest, strips, height), patch), gone


def _strips(
    seen: Mask, places: NDArray[np.float64], tops: NDArray[np.int_], band: int
) -> tuple[list[tuple[slice, slice]], list[Mask], list[float]]:
    """The strips about upright walls: where they are, their pixels, the columns of the walls in them."""
    views = [
        (slice(top, None), slice(max(0, int(x) - band), int(x) + band + 1))
        for x, top in zip(places, tops, strict=True)
    ]
    middles = [float(x) - columns.start for x, (_, columns) in zip(places, views, strict=True)]
    return views, [np.ascontiguousarray(seen[view]) for view in views], middles


def _threshold(patch: Patch, band: int) -> float:
    """Darkness that parts ink from paper inside the boxes; guide marks, much fainter than pen, are paper."""
    inside = [
        patch.dark[int(top) + band : int(bottom) - band, int(left) + band : int(right) - band].ravel()
        for left, top, right, bottom in patch.cells
        if bottom - top > 3 * band and right - left > 3 * band
    ]
    if not inside:
        return max(ink.ink_threshold(patch.dark), PAPER)
    values = np.concatenate(inside)
    dark = values[values > PAPER]
    if dark.size < 12:
        return 0.25
    pen = float(np.percentile(dark, 95))
    otsu = ink.ink_threshold(dark.reshape(1, -1).astype(np.float32))
    low = ink.ink_threshold(values.reshape(1, -1).astype(np.float32))
    return max(min(otsu, FAINT * pen) if otsu > low else low, 0.3 * pen, PAPER)


def _line(mask: Mask, middle: float, height: float, thick: float) -> Mask:
    """The pixels of a wall in the strip (H, w) around it, stretch by stretch: it may lean or be bowed.

    middle : column of the wall in the strip; height : of a box, thick : width of the wall, pixels.
    """
    off = np.zeros(mask.shape, np.float64)
    columns = np.arange(mask.shape[1])
    count = max(1, round(mask.shape[0] / (BLOCK * height)))
    for rows in np.array_split(np.arange(mask.shape[0]), count):
        inked = (mask[rows] > 0).sum(axis=0).astype(np.float64)
        near = np.abs(columns - middle)
        worth = np.where(near <= 5.0, inked - 0.02 * near * len(rows), -1.0)
        top = np.flatnonzero(worth >= 0.85 * worth.max()) if worth.max() > 0 else np.array([round(middle)])
        off[rows] = columns - round(float(top.mean()))
    core = np.abs(off) <= np.ceil(thick / 2) + 2
    wide = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((1, int(thick) + 3), np.uint8)) > 0
    gone = (mask > 0) & core & (~wide | _beyond_stubs(mask > 0, core, wide, off, thick))
    return np.where(gone, np.uint8(255), np.uint8(0))


def _beyond_stubs(
    mask: NDArray[np.bool_],
    core: NDArray[np.bool_],
    wide: NDArray[np.bool_],
    off: NDArray[np.float64],
    thick: float,
) -> NDArray[np.bool_]:
    """Of strokes that run into a wall and do not come out of it, what would be left of them beyond its edge.

    core : the wall and its edges; wide : ink that crosses or touches it; off : columns from its middle.
    """
    _, labels = cv2.connectedComponents((core & wide).astype(np.uint8), connectivity=8)
    beside = cv2.dilate((mask & ~core).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    sides = [
        np.bincount(labels[beside & (side * off > 0)], minlength=labels.max() + 1) > 0 for side in (-1, 1)
    ]
    stub = sides[0] ^ sides[1]
    stub[0] = False
    far = np.where(sides[0][labels], off >= 1 - np.ceil(thick / 2), off <= np.ceil(thick / 2) - 1)
    beyond: NDArray[np.bool_] = stub[labels] & far
    return beyond


def _usual_thickness(parts: list[Mask], middles: list[float]) -> float:
    """Width of a field's walls, pixels: of most of their rows, since strokes cover only some of them.

    1 where so few rows are inked that these may be strokes: of a frame too faint to be ink itself.
    """
    runs = [_thickness(part, middle) for part, middle in zip(parts, middles, strict=True)]
    widths = np.concatenate([np.zeros(0), *runs])
    return float(np.percentile(widths, 40)) if widths.size > DRAWN * sum(map(len, parts)) else 1.0


def _shared(rest: Mask, gone: Mask, middle: int, band: int, reach: float) -> Mask:
    """The stretches of a wall that a stroke runs along: a ring that leans on the wall would be open without.

    rest : ink without walls; gone : what was taken out; middle : column of the wall. Such a stretch lies
    between two places where ink touches the wall from one side, at most `reach` pixels apart, or BROKEN of
    it where a thin stroke left two pieces of ink.
    """
    kept = np.zeros_like(rest)
    first, last = max(0, middle - band), min(rest.shape[1], middle + band + 1)
    wall = gone[:, first:last]
    if not wall.any():
        return kept
    _, found = cv2.connectedComponents(np.ascontiguousarray(rest), connectivity=8)
    labels = np.asarray(found, np.int32)
    for side in (-1, 1):
        touching: dict[int, list[int]] = {0: []}
        for row, piece in _beside(labels, wall > 0, first, middle, side):
            touching.setdefault(piece, []).append(row)
            touching[0].append(row)
        for piece, rows in touching.items():
            for before, after in pairwise(rows):
                if 1 < after - before <= (reach if piece else BROKEN * reach):
                    near = slice(middle, last) if side > 0 else slice(first, middle + 1)
                    kept[before : after + 1, near] = gone[before : after + 1, near]
    return kept


def _beside(
    labels: NDArray[np.int32], wall: NDArray[np.bool_], first: int, middle: int, side: int
) -> list[tuple[int, int]]:
    """Rows in which ink touches a wall from one side, -1 or 1, and the number of that ink.

    wall : (H, w), of which column 0 is column `first` of `labels`; where it is white it lies at `middle`.
    """
    inked = wall.any(axis=1)
    last = wall.shape[1] - 1 - wall[:, ::-1].argmax(axis=1) if side > 0 else wall.argmax(axis=1)
    edge = np.where(inked, first + last + side, middle)
    # A thin stroke loses its last pixel or two to the wall.
    columns = edge[:, None] + side * np.arange(3)
    there = (columns >= 0) & (columns < labels.shape[1])
    near = labels[np.arange(len(wall))[:, None], np.where(there, columns, 0)]
    pieces = np.where(there, near, 0).max(axis=1)
    pieces[: int(inked.argmax())] = 0
    rows = np.flatnonzero(pieces)
    return list(zip(rows.tolist(), pieces[rows].tolist(), strict=True))


def _thickness(mask: Mask, middle: float) -> NDArray[np.float64]:
    """Width of the run of ink about the middle in every row that has one."""
    first = max(0, round(middle) - 2)
    inked = mask > 0
    near = inked[:, first : round(middle) + 3]
    rows = np.flatnonzero(near.any(axis=1))
    start = first + near[rows].argmax(axis=1)
    # The columns of paper next to it on either side.
    count = mask.shape[1]
    column = np.arange(count)
    left = np.maximum.accumulate(np.where(inked[rows], -1, column), axis=1)
    right = np.minimum.accumulate(np.where(inked[rows], count, column)[:, ::-1], axis=1)[:, ::-1]
    own = np.arange(len(rows))
    return np.asarray(right[own, start] - left[own, start] - 1, np.float64)


def _without_leftovers(mask: Mask, strips: Mask, height: float) -> Mask:
    """Without what the frame left behind: small or thin pieces that lie in the walls' strips."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    area = np.maximum(stats[:, cv2.CC_STAT_AREA], 1)
    inside = np.bincount(labels[strips > 0], minlength=count) / area
    side = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    gone = (inside >= LEFTOVER) & (area * (1.0 - inside) < BEYOND * height**2)
    gone |= (inside > 0.3) & (side < WRITING * height)
    gone[0] = True
    return np.where(gone[labels], np.uint8(0), np.uint8(255))


def _without_faint(mask: Mask, patch: Patch) -> Mask:
    """Without pieces that are nowhere nearly as dark as the writing in the boxes, and without specks."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    values = patch.inside(mask)
    if values.size < 12:
        return mask
    pen = float(np.percentile(values, 90))
    darkest = np.zeros(count)
    inked = mask > 0
    np.maximum.at(darkest, np.asarray(labels[inked], np.intp), patch.dark[inked])
    gone = (darkest < PALE * pen) | (stats[:, cv2.CC_STAT_AREA] < SPECK * patch.unit**2)
    gone[0] = True
    return np.where(gone[labels], np.uint8(0), np.uint8(255))
