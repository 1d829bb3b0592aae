"""Tell ink from paper: divide the background out, measure how dark the ink is, binarize.

Everything downstream works on *darkness*: float32 (H, W), 0 on bare paper and about 1 in the
middle of a stroke, whatever the paper's colour and the light on it were.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.document import Image
from pipeline.paper.shrink import shrink

Darkness = NDArray[np.float32]
Mask = NDArray[np.uint8]

BACKGROUND_SCALE = 8
MIN_CONTRAST = 0.06  # of the paper's brightness; anything fainter is texture, not writing
# Of a negative: how far from darkest to brightest its ground is at most, and how skewed greys are at least.
NEGATIVE_GROUND, NEGATIVE_SKEW = 0.45, 0.5


def to_grey(image: Image) -> Image:
    """(H, W) uint8 from grey or BGR; a grey image is returned as it is."""
    return image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)


def positive(grey: Image) -> Image:
    """`grey` (H, W) uint8 with its writing dark: turned round where it is bright on a dark ground.

    Ink is the less of what is there and stands apart from the rest: in a negative most is near the darkest,
    and greys are skewed to the bright. Light that falls unevenly is taken out first.
    """
    few = grey[::2, ::2].astype(np.float32)
    window = (min(few.shape) // 2) | 1
    few -= cv2.blur(few, (window, window), borderType=cv2.BORDER_REPLICATE)
    apart = few.ravel() - few.mean()
    squares = apart * apart
    if float(squares @ apart) <= NEGATIVE_SKEW * len(apart) * float(squares.mean()) ** 1.5:
        return grey
    low, middle, high = np.percentile(apart, (1, 50, 99))
    ground_is_dark = middle - low <= NEGATIVE_GROUND * (high - low)
    if high - low < MIN_CONTRAST * 255 or not ground_is_dark:
        return grey
    return np.asarray(cv2.bitwise_not(grey), np.uint8)


def paper_brightness(grey: Image, window: int) -> NDArray[np.float32]:
    """Brightness of the paper under every pixel, (H, W) float32.

    A grey closing wider than any stroke takes the ink away, a blur takes the closing's blocks
    away; both run on a reduced image, since paper varies slowly.

    window : pixels; must exceed the widest stroke and stay well below the size of a shadow.
    """
    return _paper(grey, window).astype(np.float32)


def _paper(grey: Image, window: int) -> Image:
    """Brightness of the paper under every pixel, (H, W) uint8, 1 at least."""
    height, width = grey.shape
    scale = min(BACKGROUND_SCALE, max(1, min(height, width) // 16))
    if scale == BACKGROUND_SCALE:
        small = shrink(grey, max(grey.shape) // scale)[0]
    else:
        reduced = (max(1, width // scale), max(1, height // scale))
        small = np.asarray(cv2.resize(grey, reduced, interpolation=cv2.INTER_AREA), np.uint8)
    size = max(3, window // scale) | 1
    kernel = np.ones((size, size), np.uint8)
    # Room on all sides, or a closing would carry light from half a window away up to the edge.
    roomy = cv2.copyMakeBorder(small, size, size, size, size, cv2.BORDER_REPLICATE)
    closed = cv2.morphologyEx(roomy, cv2.MORPH_CLOSE, kernel)[size:-size, size:-size]
    paper = cv2.blur(closed, (size, size), borderType=cv2.BORDER_REPLICATE)
    bright = np.maximum(np.asarray(paper, np.uint8), np.uint8(1))
    return np.asarray(cv2.resize(bright, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def darkness(grey: Image, window: int = 64) -> Darkness:
    """How much darker than its paper every pixel is: (H, W) float32, 0 paper .. 1 black."""
    ratio = grey.astype(np.float32)
    ratio /= paper_brightness(grey, window)
    return np.clip(1.0 - ratio, 0.0, 1.0, out=ratio)


def darkness_levels(grey: Image, window: int = 64) -> Image:
    """`darkness` in 256 levels, (H, W) uint8: enough to find writing, at a third of the cost."""
    return np.asarray(cv2.bitwise_not(cv2.divide(grey, _paper(grey, window), scale=255)), np.uint8)


def soften(dark: Darkness, sigma: float = 0.8) -> Darkness:
    """`dark` slightly blurred: lines finer than a pen's, as in a printed background, fade below the ink."""
    return np.asarray(cv2.GaussianBlur(dark, (0, 0), sigma), np.float32)


def ink_threshold(dark: Darkness) -> float:
    """Darkness above which a pixel is ink (Otsu 1979), never below the paper's own texture."""
    levels = np.minimum(dark * 255.0, 255.0).astype(np.uint8)
    level, _ = cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    return max(float(level) / 255.0, MIN_CONTRAST)


def binarize(dark: Darkness, threshold: float | None = None) -> Mask:
    """(H, W) uint8, 255 where there is ink; `threshold` defaults to `ink_threshold(dark)`."""
    limit = ink_threshold(dark) if threshold is None else threshold
    return np.where(dark > limit, np.uint8(255), np.uint8(0))


def stroke_width(mask: Mask) -> float:
    """Typical width of the strokes in pixels, from ink area over half its outline; 0 without ink."""
    area = int(np.count_nonzero(mask))
    if area == 0:
        return 0.0
    inner = cv2.erode(mask, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)
    outline = area - int(np.count_nonzero(inner))
    return 2.0 * area / max(outline, 1)


def even_ink(dark: Darkness, mask: Mask) -> Image:
    """Grey ink (H, W) uint8, bright on black: paper at 0, the strokes of `mask` near 255.

    Faint pencil and black felt tip come out alike, and paper texture below half the
    threshold between paper and ink vanishes; edges stay grey.
    """
    inked = dark[mask > 0]
    if inked.size == 0:
        return np.zeros(dark.shape, np.uint8)
    full = float(np.percentile(inked, 75))
    floor = min(0.5 * float(inked.min()), 0.5 * full)
    scaled = (dark - floor) * (255.0 / max(full - floor, 1e-3))
    even: Image = np.clip(scaled, 0.0, 255.0).astype(np.uint8)
    return even
