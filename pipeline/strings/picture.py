"""A line of writing as one picture: what the second reader sees, which does not cut.

It reads whole lines, so that its errors are others than those of the cutting.
"""

from __future__ import annotations

from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.document import Image
from pipeline.strings.segment import Pieces

HEIGHT = 32
DIGIT = 20  # height of a typical digit in the picture, pixels
MARGIN = 6  # paper left and right of the ink, pixels
MAX_WIDTH = 512
SMALLEST = 0.6  # of their usual size, as which digits are drawn beside taller ones
FINE = 0.6  # standard deviation of the smoothing, pixels
INKED = 40  # of 255: anything fainter is the soft edge of a stroke


def draw_line(pieces: Pieces) -> Image:
    """The line of `pieces`, upright, its digits 20 pixels high: (32, W) uint8, ink bright on black.

    Where some are so much taller that they would not fit, all are drawn smaller. W is at most 512: a
    longer line is drawn narrower. Without pieces it is (32, 0).
    """
    if not len(pieces):
        return np.zeros((HEIGHT, 0), np.uint8)
    scale, middle = _frame(pieces.boxes, max(pieces.height, 1.0))
    left, right = int(pieces.boxes[:, 0].min()), int(pieces.boxes[:, 2].max())
    width = round((right - left) * scale) + 2 * MARGIN
    across = scale * min(1.0, MAX_WIDTH / width)
    width = min(width, MAX_WIDTH)
    # Averaged over the area first where it shrinks: warping alone would drop thin strokes.
    ink = pieces.ink if scale > 0.8 else cv2.blur(pieces.ink, (round(1 / across), round(1 / scale)))
    matrix = np.array(
        [
            [across, 0.0, MARGIN * across / scale - left * across],
            [0.0, scale, HEIGHT / 2.0 - middle * scale],
        ]
    )
    drawn = cv2.warpAffine(ink, matrix, (width, HEIGHT), flags=cv2.INTER_LINEAR)
    return _smooth(drawn)


def _frame(boxes: NDArray[np.int32], unit: float) -> tuple[float, float]:
    """Pixels of the picture for one of the line, and the row that comes to lie in the picture's middle.

    Many write zeros half as high as other digits: by them alone the others would reach out of it.
    """
    tall = _tall(boxes, unit)
    middle = middle_row(boxes, unit)
    if not len(tall):
        return DIGIT / unit, middle
    top, bottom = float(tall[:, 1].min()), float(tall[:, 3].max())
    room = (HEIGHT - 2) / DIGIT * unit
    smaller = min(1.0, max(SMALLEST, room / (bottom - top)))
    reach = 0.5 * room / smaller
    low, high = bottom - reach, top + reach
    return DIGIT / unit * smaller, min(max(middle, low), high) if low <= high else (low + high) / 2.0


def _smooth(picture: cv2.typing.MatLike) -> Image:
    """Without what is finer than a pen's stroke: there scanners differ, and hands do not."""
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), FINE), np.uint8)


def middle_row(boxes: NDArray[np.int32], unit: float) -> float:
    """The row on which the digits have their middles: the median over what is high enough for one.

    boxes : (N, 4) of pieces, N at least 1. unit : height of a typical digit, pixels.
    """
    tall = _tall(boxes, unit)
    among = tall if len(tall) else boxes
    return float(median(((among[:, 1] + among[:, 3]) / 2.0).tolist()))


def _tall(boxes: NDArray[np.int32], unit: float) -> NDArray[np.int32]:
    """Those of the boxes that are high enough for a digit."""
    return boxes[boxes[:, 3] - boxes[:, 1] >= 0.5 * unit]


def draw_crop(crop: Image) -> Image:
    """A normalized digit, (28, 28) uint8, as a line of its own: (32, W) uint8; without ink (32, 0)."""
    ys, xs = np.nonzero(crop > INKED)
    if not len(xs):
        return np.zeros((HEIGHT, 0), np.uint8)
    side = crop.shape[0]
    room = np.zeros((HEIGHT + side, side + 2 * MARGIN), np.uint8)
    top = round(HEIGHT / 2 - (int(ys.min()) + int(ys.max()) + 1) / 2) + side // 2
    room[top : top + side, MARGIN : MARGIN + side] = crop
    drawn = room[side // 2 : side // 2 + HEIGHT, int(xs.min()) : int(xs.max()) + 1 + 2 * MARGIN]
    return _smooth(drawn)
