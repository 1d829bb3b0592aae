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
    h, w = glyph.shape
    scale = INNER / max(h, w)
    size = (max(1, round(w * scale)), max(1, round(h * scale)))
    way = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_LINEAR
    small = cv2.resize(glyph, size, interpolation=way)
    moments = cv2.moments(small)
    mass = moments["m00"]
    out = np.zeros((SIDE, SIDE), np.uint8)
    if mass <= 0.0:
        return out
    left = round(SIDE / 2 - moments["m10"] / mass)
    top = round(SIDE / 2 - moments["m01"] / mass)
    left = min(max(left, 0), SIDE - size[0])
    top = min(max(top, 0), SIDE - size[1])
    out[top : top + size[1], left : left + size[0]] = small
    return out


def crops(pieces: Pieces, runs: NDArray[np.int32]) -> Image:
    """The runs of a line of pieces, normalized: (R, 28, 28) uint8.

    Ink of neighbouring pieces is left out, also where the boxes overlap.
    runs : (R, 2) int32, start and stop (exclusive) of each.
    """
    out = np.zeros((len(runs), SIDE, SIDE), np.uint8)
    # The soft edge of a stroke lies outside the binary piece: give it to the piece it touches.
    labels = cv2.dilate(pieces.labels, np.ones((3, 3), np.uint8))
    labels = np.where(pieces.labels > 0, pieces.labels, labels)
    height, width = labels.shape
    for index, (start, stop) in enumerate(runs):
        boxes = pieces.boxes[start:stop]
        left, top = max(int(boxes[:, 0].min()) - 1, 0), max(int(boxes[:, 1].min()) - 1, 0)
        right, bottom = min(int(boxes[:, 2].max()) + 1, width), min(int(boxes[:, 3].max()) + 1, height)
        own = labels[top:bottom, left:right]
        inside = (own > start) & (own <= stop)
        out[index] = normalize(np.where(inside, pieces.ink[top:bottom, left:right], np.uint8(0)))
    return out
