"""Bring runs of ink to the form in which MNIST holds its digits: 28x28, grey, ink bright on black."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.document import Image
from pipeline.strings.segment import Pieces

SIDE = 28
INNER = 20


def normalize(glyph: Image) -> Image:
    """A glyph of any size as MNIST would hold it: (28, 28) uint8.

    glyph : (h, w) uint8, ink bright on black, cropped to its ink.

    The aspect is kept, the longer side becomes 20 pixels, and the centre of mass comes to the
    centre of the picture (LeCun et al., 1998).

    >>> stroke = normalize(np.full((40, 8), 255, np.uint8))  # 20 x 4 pixels in the middle
    >>> stroke.shape, np.flatnonzero(stroke[14]).tolist()
    ((28, 28), [12, 13, 14, 15])
    """
    out = np.zeros((SIDE, SIDE), np.uint8)
    _centre(glyph, out)
    return out


def _centre(glyph: cv2.typing.MatLike, out: Image) -> None:
    """Put a glyph, brought to its size, with its centre of mass into the middle of an empty crop."""
    h, w = glyph.shape
    scale = INNER / max(h, w)
    size = (max(1, round(w * scale)), max(1, round(h * scale)))
    way = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_LINEAR
    small = cv2.resize(glyph, size, interpolation=way)
    moments = cv2.moments(small)
    mass = moments["m00"]
    if mass <= 0.0:
        return
    left = round(SIDE / 2 - moments["m10"] / mass)
    top = round(SIDE / 2 - moments["m01"] / mass)
    left = min(max(left, 0), SIDE - size[0])
    top = min(max(top, 0), SIDE - size[1])
    out[top : top + size[1], left : left + size[0]] = small


def crops(pieces: Pieces, runs: NDArray[np.int32], boxes: NDArray[np.int32]) -> Image:
    """The runs of a line of pieces, normalized: (R, 28, 28) uint8.

    Ink of neighbouring pieces is left out, also where the boxes overlap.
    runs : (R, 2) int32, start and stop (exclusive) of each. boxes : (R, 4) int32 left, top, right, bottom.
    """
    out = np.zeros((len(runs), SIDE, SIDE), np.uint8)
    # The soft edge of a stroke lies outside the binary piece: give it to the piece it touches.
    labels = cv2.dilate(pieces.labels, np.ones((3, 3), np.uint8))
    labels = np.where(pieces.labels > 0, pieces.labels, labels)
    low = np.maximum(boxes[:, :2] - 1, 0).tolist()
    high = np.minimum(boxes[:, 2:] + 1, labels.shape[::-1]).tolist()
    for crop, (start, stop), (left, top), (right, bottom) in zip(out, runs.tolist(), low, high, strict=True):
        inside = cv2.inRange(labels[top:bottom, left:right], start + 1, stop)
        _centre(cv2.bitwise_and(pieces.ink[top:bottom, left:right], inside), crop)
    return out
