"""The strokes of a digit: its middle lines between the places where they meet or end."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, convolve
from skimage.measure import label
from skimage.morphology import skeletonize
from skimage.segmentation import expand_labels, relabel_sequential

from pipeline.document import Image

INKED = 96  # grey level from which a pixel is ink
# Shorter middle lines, pixels, are spurs of thick strokes.
SPUR = 4


def find_strokes(crop: Image) -> NDArray[np.int64]:
    """Which stroke every pixel of ink belongs to: (H, W) int64, from 1; 0 is paper.

    The middle lines (Zhang and Suen, 1984) are cut where three or more meet; what is left of each takes the
    ink that is nearest to it.

    crop : (H, W) uint8, ink bright on black.

    >>> find_strokes(np.full((3, 20), 255, np.uint8)).tolist() == [[1] * 20] * 3
    True
    """
    ink = crop >= INKED
    thin = skeletonize(ink)  # type: ignore[no-untyped-call]
    beside = convolve(thin.astype(np.int64), np.ones((3, 3), np.int64), mode="constant") - 1
    meeting = binary_dilation(thin & (beside >= 3), np.ones((3, 3)))
    parts = label(thin & ~meeting, connectivity=2)  # type: ignore[no-untyped-call]
    lengths = np.bincount(parts.ravel())
    parts[lengths[parts] < SPUR] = 0
    if not parts.any():
        parts = label(ink, connectivity=2)  # type: ignore[no-untyped-call]
    numbered, _, _ = relabel_sequential(parts)  # type: ignore[no-untyped-call]
    return np.where(ink, spread(numbered, max(crop.shape)), 0)


def spread(strokes: NDArray[np.int64], distance: float) -> NDArray[np.int64]:
    """Every stroke (H, W) int64 grown by so many pixels, where no other is nearer."""
    spread_out: NDArray[np.int64] = expand_labels(strokes, distance)  # type: ignore[no-untyped-call]
    return spread_out.astype(np.int64)
