"""Take ruled lines (underlines, the edges of a box) out of the ink; strokes that cross them stay whole."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.paper.ink import Mask


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
