"""From whatever pixels a file holds to the two kinds a page has: grey, or blue-green-red, 8 bits."""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from pipeline.document import Image

_DEEP_MODES: Final = ("I;16", "I;16B", "I;16L", "I;16N", "I", "F")
# A camera with 12 bits often writes them into 16 without saying so. A page whose paper is
# darker than a sixteenth of the range is not dark, its range is smaller.
_INTEGER_RANGES: Final = (2**8 - 1, 2**12 - 1, 2**16 - 1, 2**32 - 1)


def to_image(picture: Pillow.Image, *, min_is_white: bool = False) -> Image:
    """The loaded picture as a page image: (H, W) uint8 where it is grey, else (H, W, 3) BGR.

    Transparent parts become white paper, deeper pixels are scaled by their full range.
    min_is_white : deep pixels stand for ink, not for light (Pillow turns only shallow ones).
    """
    if picture.mode in _DEEP_MODES:
        return scale_to_8_bits(np.asarray(picture), min_is_white=min_is_white)
    if picture.has_transparency_data:
        return _on_white(picture)
    if picture.mode == "LAB":
        return np.array(picture.getchannel("L"))
    if picture.mode in ("1", "L") or _has_grey_palette(picture):
        return np.array(picture.convert("L"))
    return cv2.cvtColor(np.asarray(picture.convert("RGB")), cv2.COLOR_RGB2BGR).astype(np.uint8, copy=False)


def scale_to_8_bits(values: NDArray[Any], *, min_is_white: bool = False) -> Image:
    """Integers or floats, any shape, scaled so that their full range becomes 0..255.

    The range is what the type holds, or the least usual one that holds the brightest pixel:
    1.0 (floats only), 8, 12, 16 or 32 bits. Below zero and NaN count as 0.
    min_is_white : the result is inverted, and only the type's range is used: the brightest
        pixel then is ink, and a page without any would have its noise blown up.
    """
    is_float = np.issubdtype(values.dtype, np.floating)
    if is_float:
        values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    values = np.maximum(values, 0)
    top = float(values.max(initial=0))
    ranges: tuple[float, ...] = (1.0, *_INTEGER_RANGES) if is_float else _INTEGER_RANGES
    if min_is_white and values.dtype.itemsize == 2:
        ranges = (2**16 - 1,)
    full = next((limit for limit in ranges if top <= limit), top)
    scaled: Image = np.rint(values.astype(np.float32) * np.float32(255 / full)).astype(np.uint8)
    return 255 - scaled if min_is_white else scaled


def upright(image: Image, orientation: int) -> Image:
    """The image turned as the orientation tag (EXIF and TIFF, 1..8) wants it shown.

    Any other number leaves it as it is.
    """
    if orientation in (5, 6, 7, 8):
        image = cv2.transpose(image).astype(np.uint8, copy=False)
    flip = {2: 1, 3: -1, 4: 0, 6: 1, 7: -1, 8: 0}.get(orientation)
    return image if flip is None else cv2.flip(image, flip).astype(np.uint8, copy=False)


def square_pixels(image: Image, x_dpi: float, y_dpi: float) -> Image:
    """The image stretched along its coarser axis until both have the finer one's dots an inch.

    A fax has 204 x 98 or 204 x 196 dots an inch; digits from it would be squat.
    """
    height, width = image.shape[:2]
    if x_dpi > y_dpi:
        height = round(height * x_dpi / y_dpi)
    else:
        width = round(width * y_dpi / x_dpi)
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)


def _on_white(picture: Pillow.Image) -> Image:
    grey = picture.mode in ("1", "L", "LA", "La")
    layers = np.asarray(picture.convert("LA" if grey else "RGBA"))
    ink, alpha = layers[..., :-1], layers[..., -1:]
    if alpha.any():  # a page that is invisible as a whole has an alpha that means nothing
        ink = (255 - ((255 - ink.astype(np.uint16)) * alpha + 127) // 255).astype(np.uint8)
    return ink[..., 0].copy() if grey else np.ascontiguousarray(ink[..., ::-1])


def _has_grey_palette(picture: Pillow.Image) -> bool:
    if picture.mode != "P":
        return False
    colours = np.array(picture.getpalette("RGB"), np.uint8).reshape(-1, 3)
    return bool((colours == colours[:, :1]).all())
