"""Find boxes with shared walls into whose frames the pen has written: by the lines that all of them share.

Ink that touches a frame leaves no closed hole inside it. But the line above and the line below go on from
wall to wall, and walls stand at equal steps between them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.paper.ink import Mask

# Of a comb's lines: share of its width that is drawn, and of what is drawn in its fullest row; of a wall:
# share of its height.
LINE, FULL, WALL = 0.6, 0.85, 0.8
STEEPEST = 0.12
BREAK = 0.1  # longest break in a line, in heights of the boxes
RIM = 0.08  # of a box's width, taken for its frame
LEAST = 2  # boxes side by side
FILLED = 0.65  # most of the ink between the walls: what is full is no row of boxes


def find_combs(
    part: Mask, groups: Sequence[int], aspect: tuple[float, float]
) -> Iterator[tuple[float, float, float, float]]:
    """Insides of the boxes of each comb in connected ink, left, top, right, bottom.

    part : (H, W) uint8, ink 255. groups : how many boxes may stand side by side. aspect : least and most
    width of a box over its height.
    """
    level, slope = _level(part)
    lines = _lines(level)
    if lines is None:
        return
    top, bottom = lines
    tall, middle = bottom - top, part.shape[1] / 2
    for begin, end in _stretches(level, top, bottom):
        count = _count(level[top : bottom + 1, begin:end] > 0, groups, aspect)
        wide = (end - begin - 1) / count if count else 0.0
        rim = RIM * wide
        for left in begin + wide * np.arange(count):
            down = slope * (left + wide / 2 - middle)
            yield left + rim, top + rim + down, left + wide - rim, top + tall - rim + down


def _level(part: Mask) -> tuple[Mask, float]:
    """Ink sheared so that its lower edge is level, and the slope that it had (Theil, 1950)."""
    height, width = part.shape
    low = height - 1 - (part[::-1] > 0).argmax(axis=0)
    half = width // 2
    slope = float(np.median((low[half : 2 * half] - low[:half]) / half))
    if abs(slope) > STEEPEST or abs(slope) * width < 1.0:
        return part, 0.0
    shear = np.array([[1.0, 0.0, 0.0], [slope, 1.0, -slope * width / 2]])
    flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(part, shear, (width, height), flags=flags), np.uint8), slope


def _lines(level: Mask) -> tuple[int, int] | None:
    """First row of the line above and last row of the line below; None where there are no two."""
    drawn = (level > 0).mean(axis=1)
    rows = np.flatnonzero(drawn >= max(LINE, FULL * float(drawn.max())))
    return (int(rows[0]), int(rows[-1])) if len(rows) and rows[-1] - rows[0] > len(drawn) / 2 else None


def _stretches(level: Mask, top: int, bottom: int) -> Iterator[tuple[int, int]]:
    """Columns, first and end (exclusive), over which both lines go on."""
    near, most = max(1, (bottom - top) // 12), max(1, round(BREAK * (bottom - top)))
    both = (level[max(0, top - near) : top + near + 1] > 0).any(axis=0)
    both &= (level[bottom - near : bottom + near + 1] > 0).any(axis=0)
    columns = np.flatnonzero(both)
    for run in np.split(columns, np.flatnonzero(np.diff(columns) > most) + 1):
        if len(run):
            yield int(run[0]), int(run[-1]) + 1


def _count(inside: NDArray[np.bool_], groups: Sequence[int], aspect: tuple[float, float]) -> int:
    """Into how many boxes walls at equal steps part the ink between two lines; 0 where they do not."""
    height, width = inside.shape
    found, best = 0, WALL
    for count in {*groups, sum(groups)} - set(range(LEAST)):
        step = (width - 1) / count
        if not aspect[0] <= step / height <= aspect[1]:
            continue
        reach = max(1, round(step / 10))
        places = np.rint(step * np.arange(count + 1)).astype(int).tolist()
        walls = [inside[:, max(0, at - reach) : at + reach + 1].any(axis=1).mean() for at in places]
        within = np.ones(width, np.bool_)
        for at in places:
            within[max(0, at - reach) : at + reach + 1] = False
        rim = max(1, height // 8)
        if min(walls) >= best and within.any() and inside[rim:-rim, within].mean() <= FILLED:
            found, best = count, float(min(walls))
    return found
