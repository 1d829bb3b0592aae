"""Take ruled lines (underlines, the edges of a box) out of the ink; strokes that cross them stay whole."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.paper.ink import Mask

LONG_WALL = 0.55  # of the picture's height


def find_lines(mask: Mask, min_length: int, max_thickness: int) -> Mask:
    """Ink that belongs to near-horizontal lines: (H, W) uint8, 255 on a line.

    mask : (H, W) uint8, ink bright.
    min_length : pixels a line must run without a gap wider than a tenth of this.
    max_thickness : pixels; thicker runs are strokes or blobs.
    """
    bridge = max(3, min_length // 10) | 1
    closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((1, bridge), np.uint8))
    runs = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((1, max(3, min_length)), np.uint8))
    if not runs.any():
        return np.zeros_like(mask)
    # A line drifts by a pixel or two along its way: rows next to a run that are inked in long
    # stretches belong to it, and whatever is still thin then is a line.
    half = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((1, max(3, min_length // 4)), np.uint8))
    grown = cv2.bitwise_and(cv2.dilate(runs, np.ones((3, min_length // 2 | 1), np.uint8)), half)
    column = np.ones(((max_thickness + 1) | 1, 1), np.uint8)
    # Nothing lies beyond the edge: a line along it is no thicker for that.
    edge = cv2.BORDER_CONSTANT
    thick = cv2.morphologyEx(grown, cv2.MORPH_OPEN, column, borderType=edge, borderValue=0)
    return np.asarray(cv2.bitwise_and(cv2.subtract(grown, thick), mask), np.uint8)


def find_walls(mask: Mask, rules: Mask, max_thickness: int) -> Mask:
    """Ink of the upright sides of a frame: (H, W) uint8, 255 on a wall.

    A wall is a straight line from one rule to another, at the end of both: an upright 1 between two rules
    has them on either side.

    rules : as `find_lines` gives them. max_thickness : pixels.
    """
    walls = np.zeros_like(mask)
    upright = find_lines(np.ascontiguousarray(mask.T), int(LONG_WALL * len(mask)), max_thickness)
    if not upright.any():
        return walls
    _, labels, stats, _ = cv2.connectedComponentsWithStats(np.ascontiguousarray(upright.T), connectivity=8)
    reach = max_thickness + 1
    for label, (left, top, width, height, _) in enumerate(stats[1:].tolist(), start=1):
        near = [rules[max(row - reach, 0) : row + reach + 1] for row in (top, top + height - 1)]
        ends = [np.asarray(part.any(axis=0), np.bool_) for part in near]
        right = left + width
        before = slice(max(left - 3 * reach, 0), max(left - reach, 0))
        after = slice(right + reach, right + 3 * reach)
        long = height >= LONG_WALL * len(mask) and width <= max_thickness
        if long and all(_ends_at(end, before, after) for end in ends):
            walls[labels == label] = 255
    return walls


def _ends_at(rule: NDArray[np.bool_], before: slice, after: slice) -> bool:
    """Whether the rule, (W,) where it is inked, runs on one side only."""
    return bool(rule[before].any() != rule[after].any())


def erase_lines(mask: Mask, lines: Mask, reach: int) -> Mask:
    """`mask` without `lines`, except where a stroke crosses: (H, W) uint8.

    A line pixel stays where other ink stands within `reach` pixels both above and below it, or
    where it is the end of a stroke that only just enters the line.
    """
    rest = cv2.subtract(mask, lines)
    column = np.ones((2 * reach + 1, 1), np.uint8)
    above, below = column.copy(), column.copy()
    above[reach + 1 :] = 0
    below[:reach] = 0
    over = cv2.dilate(rest, above, anchor=(0, reach))
    under = cv2.dilate(rest, below, anchor=(0, reach))
    crossing = cv2.bitwise_and(cv2.bitwise_and(over, under), lines)
    return np.asarray(cv2.bitwise_or(rest, crossing), np.uint8)
