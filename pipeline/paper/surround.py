"""Cut away what a strip lies on: the white canvas or the dark bed that a scan or a cut leaves around it.

The segmenter takes a strip to fill its picture. Where something surrounds it, the strip's edge would be a
stroke, and its own tint would be ink.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.document import Box, Image

DIFFERENT = 16  # levels from which on a pixel has not the grey of the surround
EVEN = 0.97  # share of a line of pixels that has that grey, out in the surround
STEP = 0.75  # share of the strip's outermost line that has another; paper around writing has no such edge
THINNEST = 2  # lines of surround; a single one is a soft edge
SOFT = 3  # lines at most in which one goes over into the other
LEAST_LEFT = 8  # pixels of strip in either direction


def find_strip(grey: Image) -> Box:
    """The strip in `grey` (H, W) uint8; all of it where nothing surrounds the strip.

    It must lie straight (`page_in_scan` finds what does not). Every side is looked at by itself, twice: two
    sides may be of two greys.
    """
    outer = Box(0, 0, grey.shape[1], grey.shape[0])
    for _ in range(2):
        inner = _within(grey[outer.slices])
        if inner is None:
            break
        outer = Box(outer.x + inner.x, outer.y + inner.y, inner.width, inner.height)
    return outer


def has_even_rim(grey: Image) -> bool:
    """Whether the outermost pixels all around are of one grey: as bare paper's are, or a surround's."""
    rim = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    return bool(_near(rim, _middle(rim)).mean() >= EVEN)


def _within(grey: Image) -> Box | None:
    """What is left without the surround; None where there is none on any side."""
    found = [_surround(side) for side in _sides(grey)]
    depths = [depth for depth, _ in found]
    inner = _inner(grey, depths)
    if not any(depths) or min(inner.width, inner.height) < LEAST_LEFT:
        return None
    for k, side in enumerate(_sides(grey[inner.slices])):
        depths[k] += _soft_edge(side, found[k][1]) if depths[k] else 0
    inner = _inner(grey, depths)
    if min(inner.width, inner.height) < LEAST_LEFT:
        return None
    for k, side in enumerate(_sides(grey[inner.slices])):
        if not _stands_out(side, found[k][1]):
            depths[k] = 0
    return _inner(grey, depths) if any(depths) else None


def _sides(grey: Image) -> tuple[Image, Image, Image, Image]:
    """The picture four times, so turned that its left, upper, right and lower side lies at the left."""
    return grey, grey.T, grey[:, ::-1], grey.T[:, ::-1]


def _inner(grey: Image, depths: Sequence[int]) -> Box:
    left, top, right, bottom = depths
    return Box(left, top, grey.shape[1] - left - right, grey.shape[0] - top - bottom)


def _surround(side: Image) -> tuple[int, int]:
    """How many columns from the left have the grey of the first one, 0 for too few; and that grey."""
    first = side[:, 0]
    bed = _middle(first)
    if _near(first, bed).mean() < EVEN:
        return 0, bed
    even = _near(side, bed).mean(axis=0) >= EVEN
    depth = side.shape[1] if even.all() else int(even.argmin())
    return (depth if depth >= THINNEST else 0), bed


def _middle(line: Image) -> int:
    """The middle one of a line's greys: their median, in a fraction of the time."""
    return int(np.partition(line, len(line) // 2)[len(line) // 2])


def _near(pixels: Image, bed: int) -> NDArray[np.bool_]:
    """Which pixels have the grey of the surround."""
    return np.asarray(np.abs(pixels.astype(np.int16) - bed) < DIFFERENT)


def _soft_edge(side: Image, bed: int) -> int:
    """How many more columns are still between the surround's grey and the strip's."""
    away = np.abs(np.median(side[:, : SOFT + 1], axis=0) - bed)
    soft = away[:-1] < 0.8 * away[-1]
    return len(soft) if soft.all() else int(soft.argmin())


def _stands_out(side: Image, bed: int) -> bool:
    """Whether the strip begins at the left at once, and is of another grey as a whole: a rule is not."""
    edge = (~_near(side[:, 0], bed)).mean() >= STEP
    return bool(edge and abs(float(np.median(side[::2, ::2])) - bed) >= DIFFERENT)
