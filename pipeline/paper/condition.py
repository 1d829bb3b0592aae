"""What a scanner's drift shows in: contrast, stroke width and skew of a page, measured on its middle.

For comparing nights, not for reading: it costs some milliseconds, so a night measures a sample.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.document import Image
from pipeline.paper import ink
from pipeline.paper.ink import Mask

_LONGEST = 1600  # pixels of the middle that are looked at, however large the page
_LEAST_INK = 200  # pixels; with less there is nothing to measure
_MOST_POINTS = 4000
_STEEPEST, _STEP = 6.0, 0.25  # degrees


@dataclass(frozen=True)
class Condition:
    """How a page came out of the scanner.

    contrast : darkness of the ink, 0 as bright as its paper .. 1 black.
    stroke : width of the strokes, pixels.
    skew : degrees by which level lines sink towards the right.
    """

    contrast: float
    stroke: float
    skew: float


def measure_condition(image: Image) -> Condition | None:
    """The condition of a page, (H, W) or (H, W, 3) uint8; None where it is as good as bare."""
    dark = ink.darkness(ink.to_grey(_middle(image)))
    mask = ink.binarize(dark)
    inked = mask > 0
    if np.count_nonzero(inked) < _LEAST_INK:
        return None
    return Condition(float(np.median(dark[inked])), ink.stroke_width(mask), measure_skew(mask))


def _middle(image: Image) -> Image:
    height, width = image.shape[:2]
    top, left = max(0, height - _LONGEST) // 2, max(0, width - _LONGEST) // 2
    return image[top : top + _LONGEST, left : left + _LONGEST]


def measure_skew(mask: Mask) -> float:
    """Degrees by which level lines of ink sink towards the right: where rows differ most (Postl 1986)."""
    rows, columns = np.nonzero(mask)
    every = -(-len(rows) // _MOST_POINTS)
    y, x = rows[::every].astype(np.float32), columns[::every].astype(np.float32) - mask.shape[1] / 2
    angles = np.arange(-_STEEPEST, _STEEPEST + _STEP / 2, _STEP)
    return float(max(angles, key=lambda angle: (_unevenness(y - x * np.tan(np.radians(angle))), -abs(angle))))


def _unevenness(heights: np.ndarray) -> int:
    counts = np.bincount((heights - heights.min()).astype(np.intp) // 2)  # of two rows each
    return int((counts**2).sum())
