"""Look at a page at a fraction of its size: halved again and again, which costs a tenth of other scales."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.document import Image


def shrink(image: Image, longest: int) -> tuple[Image, float]:
    """`image`, (H, W) or (H, W, 3), halved until its longer side is at most `longest`; its scale, 1 / 2^n.

    Every pixel is the mean of four; an odd row or column at the end is left out. Pixel x of the small
    image covers the pixels from x / scale to (x + 1) / scale of the large one.
    """
    scale = 1.0
    while max(image.shape[:2]) > longest and min(image.shape[:2]) > 1:
        height, width = image.shape[0] // 2, image.shape[1] // 2
        even = image[: 2 * height, : 2 * width]
        image = np.asarray(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
        scale /= 2.0
    return image, scale
