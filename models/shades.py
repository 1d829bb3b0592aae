"""Numbers as pictures: ink, feature maps, and maps of what speaks for and against."""

from __future__ import annotations

import base64

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.document import Image

# Told apart by everybody, also who sees no red or green (Okabe and Ito, 2008).
FOR, AGAINST = (213, 94, 0), (0, 114, 178)  # RGB
GAP = 1
FRAME = 225


def ink_picture(crop: Image) -> Image:
    """A crop, ink bright on black, as dark ink on white paper: (H, W, 3) uint8 RGB."""
    return np.repeat((255 - crop)[:, :, None], 3, axis=2)


def lead_picture(values: NDArray[np.float64], crop: Image, full: float | None = None) -> Image:
    """Values (H, W): orange where they are positive, blue where negative, the ink of `crop` showing through.

    full : value of the full colour; the greatest where not given. (28, 28, 3) uint8 RGB.
    """
    side = crop.shape[0]
    if values.shape != crop.shape:
        resized = cv2.resize(values, (side, side), interpolation=cv2.INTER_NEAREST)
        values = resized.astype(np.float64, copy=False)
    greatest = float(np.abs(values).max()) if full is None else full
    share = np.clip(np.abs(values) / max(greatest, 1e-9), 0.0, 1.0)[:, :, None]
    hue = np.where((values > 0)[:, :, None], np.array(FOR), np.array(AGAINST))
    paper = 255.0 - 70.0 * (crop[:, :, None] / 255.0)
    return np.asarray(np.round(paper * (1.0 - share) + hue * share), np.uint8)


def maps_picture(values: NDArray[np.float32], columns: int) -> Image:
    """The maps of a layer (H, W, K) side by side in rows of `columns`, dark where a value is far from 0.

    Values above 0 are shown black, below 0 blue (only tanh has them). (rows, width, 3) uint8 RGB.
    """
    height, width, count = values.shape
    rows = -(-count // columns)
    high, wide = height + GAP, width + GAP
    sheet = np.full((rows * high + GAP, columns * wide + GAP, 3), FRAME, np.uint8)
    scaled = np.clip(values / max(float(np.abs(values).max()), 1e-9), -1.0, 1.0)
    for index in range(count):
        top, left = index // columns * high + GAP, index % columns * wide + GAP
        one = scaled[:, :, index, None]
        hue = np.where(one > 0, np.zeros(3), np.array(AGAINST))
        sheet[top : top + height, left : left + width] = np.round(255.0 * (1 - abs(one)) + hue * abs(one))
    return sheet


def frames_picture(frames: NDArray[np.float32]) -> Image:
    """Log-probabilities (T, 11) of the digits and of none: a row for each digit, dark where it is seen.

    Two columns for each frame, as wide as the line that they were seen in: (10, 2 T, 3) uint8 RGB.
    """
    shares = np.exp(frames[:, :10].T.astype(np.float64)).repeat(2, axis=1)
    return ink_picture(np.asarray(np.round(255.0 * np.clip(shares, 0.0, 1.0)), np.uint8))


def enlarge(picture: Image, times: int) -> Image:
    """Every pixel as a square of `times` pixels."""
    return picture.repeat(times, axis=0).repeat(times, axis=1)


def data_uri(picture: Image) -> str:
    """A picture (H, W, 3) uint8 RGB as PNG within an address, for pages that are one file."""
    _, png = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    return "data:image/png;base64," + base64.b64encode(png.tobytes()).decode("ascii")
