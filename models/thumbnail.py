"""A page as the page classifier sees it: 64x64 pixels in colour, whatever its size and shape."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.document import Image
from pipeline.paper.shrink import shrink

SIDE = 64


def thumbnail(image: Image) -> Image:
    """(H, W) uint8 grey or (H, W, 3) BGR -> (64, 64, 3) uint8 BGR: shrunk as it is, black around it.

    The black keeps the page's shape to be seen: a strip, a sheet and an envelope differ in that.
    """
    image, _ = shrink(image, 4 * SIDE)
    scale = SIDE / max(image.shape[:2])
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1.0 else cv2.INTER_LINEAR)
    if small.ndim == 2:
        small = cv2.cvtColor(small, cv2.COLOR_GRAY2BGR)
    out = np.zeros((SIDE, SIDE, 3), np.uint8)
    left, top = (SIDE - size[0]) // 2, (SIDE - size[1]) // 2
    out[top : top + size[1], left : left + size[0]] = small
    return out
