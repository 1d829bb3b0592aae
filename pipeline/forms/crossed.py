"""Tell a box that was crossed out from one with a digit in it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from pipeline import ink
from pipeline.ink import Mask

# Directions of the two strokes of a cross, degrees from level; digits have level and upright strokes.
RISING, FALLING = np.arange(20.0, 74.0, 3.0), np.arange(107.0, 163.0, 3.0)
# Width, in widths of a stroke, of the strip that a stroke of the cross keeps to.
STRIP = 2.4
# Least share of the ink in either strip; where the strokes cross, from one end of either to the other.
EITHER, MIDDLE = 0.3, (0.17, 0.83)
# Least height and width, in heights of a box; the lesser over the greater: a 1 has two ends, too.
SMALLEST, SLIMMEST = 0.22, 0.4
# Between the ends of the arms there is paper: size of those four places.
BAY = 0.2


class Cross(IntEnum):
    """How sure it is that a box was crossed out."""

    NO = 0
    MAYBE = 1
    YES = 2


@dataclass(frozen=True)
class _Limits:
    """narrow : most of a strip's width, of the ink's smaller side; together : least share of the ink in both
    strips; long : least length of either, of the ink's diagonal; inked : most ink in a place between arms.
    """

    narrow: float
    together: float
    long: float
    inked: float


# Of the first 4000 digits of MNIST's test set none is a cross by the strict limits, 1 in 30 by the loose.
_STRICT = _Limits(0.34, 0.86, 0.55, 0.12)
_LOOSE = _Limits(0.5, 0.84, 0.5, 0.4)


def crossed(mask: Mask, height: float) -> Cross:
    """Whether the ink of a box is a cross: two nearly straight strokes, slanting both ways, and nothing else.

    mask : (H, W) uint8, the box's ink; height : of the box, pixels.

    For either slant the strip with the most ink is taken (a Radon transform over few angles); a cross is
    where the two strips hold nearly all ink, run through it from end to end, and meet amid themselves.
    """
    ys, xs = np.nonzero(mask)
    if ys.size < 12:
        return Cross.NO
    part = mask[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1]
    if min(part.shape) < max(SMALLEST * height, SLIMMEST * max(part.shape)):
        return Cross.NO
    stroke = max(ink.stroke_width(mask), 1.5)
    points = np.stack([xs - xs.mean(), ys.mean() - ys], axis=1).astype(np.float64)
    if _is_cross(part, points, stroke, _STRICT):
        return Cross.YES
    return Cross.MAYBE if _is_cross(part, points, stroke, _LOOSE) else Cross.NO


def _is_cross(part: Mask, points: NDArray[np.float64], stroke: float, limits: _Limits) -> bool:
    if _most_inked_bay(part) > limits.inked:
        return False
    half = min(STRIP * stroke, limits.narrow * min(part.shape)) / 2.0
    diagonal = float(np.hypot(*part.shape))
    rising, up = _strip(points, RISING, half)
    falling, down = _strip(points, FALLING, half)
    both = rising & falling
    if (rising | falling).mean() < limits.together or not both.any():
        return False
    if min(rising.mean(), falling.mean()) < EITHER:
        return False
    centre = points[both].mean(axis=0)
    for held, way in ((rising, up), (falling, down)):
        along = points[held] @ way
        place = (float(centre @ way) - along.min()) / max(float(np.ptp(along)), 1.0)
        if np.ptp(along) < limits.long * diagonal or not MIDDLE[0] <= place <= MIDDLE[1]:
            return False
    return True


def _most_inked_bay(part: Mask) -> float:
    """Most ink in the middles of the four sides of the ink's own box, where 2, 7, 8 and 0 have strokes."""
    h, w = part.shape
    deep, wide = max(1, round(BAY * h)), max(1, round(BAY * w))
    level = slice(round((0.5 - BAY / 2) * w), round((0.5 + BAY / 2) * w) + 1)
    upright = slice(round((0.5 - BAY / 2) * h), round((0.5 + BAY / 2) * h) + 1)
    bays = (part[:deep, level], part[h - deep :, level], part[upright, :wide], part[upright, w - wide :])
    return max(float((bay > 0).mean()) for bay in bays)


def _strip(
    points: NDArray[np.float64], degrees: NDArray[np.float64], half: float
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Which points (N, 2), y up, lie in the strip of half that width with the most of them; its direction."""
    best, held, way = -1, np.zeros(len(points), bool), np.array([1.0, 0.0])
    for angle in np.radians(degrees):
        direction = np.array([np.cos(angle), np.sin(angle)])
        across = points @ np.array([-direction[1], direction[0]])
        order = np.sort(across)
        count = np.searchsorted(order, order + 2 * half, side="right") - np.arange(len(order))
        at = int(count.argmax())
        if count[at] > best:
            best = int(count[at])
            held = (across >= order[at]) & (across <= order[at] + 2 * half)
            way = direction
    return held, way
