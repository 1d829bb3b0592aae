"""Tell guide marks as dark as the pen: what nearly all boxes of a page hold in the same place is print.

A scan in black and white makes pale marks as black as the writing, and then nobody can tell a 1 that was
written along a mark from the mark.
"""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.paper.ink import Mask

# So many boxes of one size tell print from writing: in fewer, a hand may well write the same everywhere.
BOXES = 12
# Share of the boxes that have ink in a place where marks are. Writing agrees so well only in small places,
# in a box's middle say: longest side of what is print, in heights of a box, dots so near joined.
SAME, LONG, NEAR = 0.8, 0.4, 0.08
# Boxes of one size: the next in width is wider by no more than this share.
ALIKE = 0.05
SIDE = 60  # pixels, to which boxes are brought to be compared

Comb = tuple[Mask, NDArray[np.float64]]
"""The ink of a field, (H, W) uint8, and its boxes (N, 4) float64: left, top, right, bottom."""


def find_guided(combs: Mapping[int, Comb]) -> frozenset[int]:
    """Which combs of a page have boxes that all hold the same dark marks."""
    boxes = [(number, mask, cell) for number, (mask, cells) in combs.items() for cell in cells]
    guided: set[int] = set()
    for group in _alike(np.array([cell[2] - cell[0] for _, _, cell in boxes])):
        if len(group) >= BOXES and _is_print(np.mean([_ink(*boxes[k][1:]) for k in group], axis=0)):
            guided |= {boxes[k][0] for k in group}
    return frozenset(guided)


def _alike(widths: NDArray[np.float64]) -> list[NDArray[np.intp]]:
    """The indices of boxes (N,) of each size."""
    order = np.argsort(widths, kind="stable")
    wider = np.flatnonzero(np.diff(widths[order]) > ALIKE * widths[order][:-1]) + 1
    return [group for group in np.split(order, wider) if len(group)]


def _ink(mask: Mask, cell: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Where a box has ink, (SIDE, SIDE)."""
    left, top, right, bottom = cell
    way = np.array([[SIDE / (right - left), 0.0, 0.0], [0.0, SIDE / (bottom - top), 0.0]])
    way[:, 2] = -way[0, 0] * left, -way[1, 1] * top
    return np.asarray(cv2.warpAffine(mask, way, (SIDE, SIDE), flags=cv2.INTER_NEAREST) > 0, np.bool_)


def _is_print(share: NDArray[np.float64]) -> bool:
    """Whether what most boxes have ink in, of which the share is given at every place, is long enough."""
    dot = np.ones((round(NEAR * SIDE),) * 2, np.uint8)
    same = cv2.morphologyEx((share >= SAME).astype(np.uint8), cv2.MORPH_CLOSE, dot)
    _, _, stats, _ = cv2.connectedComponentsWithStats(same, connectivity=8)
    places = stats[1:, cv2.CC_STAT_WIDTH : cv2.CC_STAT_HEIGHT + 1]
    return bool(places.size) and float(places.max()) >= LONG * SIDE
