"""A page as the page classifier sees it: 64x64 pixels in colour, whatever its size and shape."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.document import Image
from pipeline.paper.page_in_scan import find_page
from pipeline.paper.shrink import shrink

SIDE = 64
GLANCE = 256  # longer side, pixels, at which the page is looked for in its scan


def thumbnail(scan: Image) -> Image:
    """(H, W) uint8 grey or (H, W, 3) BGR -> (64, 64, 3) uint8 BGR: the page in the scan, black around it.

    What lies around the page is cut away where the page is found. It is shrunk as it is, and the black keeps
    its shape to be seen: a strip, a sheet and an envelope differ in that.
    """
    glance = _glance(scan)
    found = find_page(glance)
    small = _shrunk_with_lines(glance if found is None else found.image)
    if small.ndim == 2:
        small = np.repeat(small[:, :, None], 3, axis=2)
    out = np.zeros((SIDE, SIDE, 3), np.uint8)
    left, top = (SIDE - small.shape[1]) // 2, (SIDE - small.shape[0]) // 2
    out[top : top + small.shape[0], left : left + small.shape[1]] = small
    return out


def _glance(scan: Image) -> Image:
    """The scan with its longer side `GLANCE` pixels, or as it is where that is less."""
    scan, _ = shrink(scan, 2 * GLANCE)
    scale = GLANCE / max(scan.shape[:2])
    if scale >= 1.0:
        return scan
    size = (max(1, round(scan.shape[1] * scale)), max(1, round(scan.shape[0] * scale)))
    return np.asarray(cv2.resize(scan, size, interpolation=cv2.INTER_AREA), np.uint8)


def _shrunk_with_lines(page: Image) -> Image:
    """A page with its longer side 64 pixels, thin lines half as dark again as shrinking leaves them.

    Each pixel is midway between the mean and the darkest of the four that it comes of: the frames of a form
    would else be as faint as the paper's own texture.
    """
    scale = SIDE / max(page.shape[:2])
    width, height = (max(1, round(n * scale)) for n in (page.shape[1], page.shape[0]))
    kind = cv2.INTER_AREA if 2 * scale < 1.0 else cv2.INTER_LINEAR
    double = np.asarray(cv2.resize(page, (2 * width, 2 * height), interpolation=kind), np.uint8)
    fours = double.reshape(height, 2, width, 2, *page.shape[2:])
    mean = fours.sum(axis=(1, 3), dtype=np.uint16) // 4
    darkest = fours.min(axis=(1, 3))
    return np.asarray((mean + darkest) // 2, np.uint8)
