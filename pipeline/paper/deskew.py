"""Straighten: the slant of handwriting (a shear), and the skew of a page (a rotation)."""

from __future__ import annotations

from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.paper.ink import Mask

Pixel = TypeVar("Pixel", np.uint8, np.float32)

SLANTS = np.tan(np.radians(np.arange(-30, 50, 5)))
COARSE_SKEWS = np.arange(-12.0, 12.5, 1.0)
FINE_SKEWS = np.arange(-0.8, 0.85, 0.2)
USUAL_SKEW = 8.0


def estimate_slant(mask: Mask) -> float:
    """Shear that makes the strokes of `mask` upright: pixels to the left per pixel upwards.

    The shear whose column sums are the most peaked (sum of squares) wins: upright strokes pile
    up in few columns (the projection criterion of Vinciarelli and Luettin, 2001). 0 without ink.
    """
    ys, xs = _points(mask, 4000)
    if ys.size < 20:
        return 0.0
    return float(SLANTS[_peakedness(xs, ys - mask.shape[0] / 2.0, SLANTS).argmax()])


def shear(image: NDArray[Pixel], slant: float) -> NDArray[Pixel]:
    """`image` (H, W) sheared about its middle row, widened so that nothing is cut off; new ground is 0."""
    height, width = image.shape
    pad = shear_margin(height, slant)
    matrix = np.array([[1.0, slant, pad - slant * height / 2.0], [0.0, 1.0, 0.0]])
    return cv2.warpAffine(image, matrix, (width + 2 * pad, height), flags=cv2.INTER_LINEAR)  # type: ignore[return-value]


def shear_margin(height: int, slant: float) -> int:
    """Columns that `shear` adds on either side of a picture of so many rows."""
    return int(np.ceil(abs(slant) * height / 2.0))


def estimate_skew(boxes: NDArray[np.int32], width: int) -> float:
    """Degrees by which lines of components run downhill to the right, -12..12; 0 without components.

    The rotation that lines up the bottoms of the components best (Baird, 1987), wide ones counting
    more. Slanted handwriting in few lines has its ink lined up by false angles, its bottoms hardly.

    boxes : (N, 4) left, top, right, bottom. width : of the page.
    """
    if len(boxes) < 4:
        return 0.0
    wide = boxes[:, 2] - boxes[:, 0]
    across = (boxes[:, 0] + boxes[:, 2] - width) / 2.0
    ys = boxes[:, 3].astype(np.intp)
    best = 0.0
    for degrees in (COARSE_SKEWS, FINE_SKEWS):
        tried = best + degrees
        peaks = _peakedness(ys, across, -np.tan(np.radians(tried)), wide)
        best = float(tried[(peaks * np.exp(-0.5 * (tried / USUAL_SKEW) ** 2)).argmax()])
    return best


def rotate(
    image: NDArray[Pixel], degrees: float, paper: int = 255
) -> tuple[NDArray[Pixel], NDArray[np.float64]]:
    """`image` (H, W) or (H, W, 3) turned counter-clockwise by `degrees` about its centre, same size.

    Returns the image, new ground filled with `paper`, and the (2, 3) matrix from old to new pixels.
    """
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2.0, height / 2.0), degrees, 1.0)
    ground = (paper, paper, paper)
    turned = cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_LINEAR, borderValue=ground)
    return turned, matrix  # type: ignore[return-value]


def _points(mask: Mask, limit: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of at most about `limit` ink pixels, evenly thinned."""
    ys, xs = np.nonzero(mask)
    step = ys.size // limit + 1
    return ys[::step], xs[::step]


def _peakedness(
    along: NDArray[np.intp],
    across: NDArray[np.float64],
    shears: NDArray[np.float64],
    weights: NDArray[np.int32] | None = None,
) -> NDArray[np.float64]:
    """For every shear the sum of squares of the histogram of `along + shear * across`, weighted."""
    places = np.multiply.outer(shears, across)
    places += along
    places -= places.min()
    bins = int(places.max()) + 3
    np.rint(places, out=places)
    places += 1 + bins * np.arange(len(shears))[:, None]  # each shear has bins of its own
    flat = places.astype(np.intp).ravel()
    counts = None if weights is None else np.tile(weights, len(shears))
    sums = np.bincount(flat, counts, bins * len(shears)).reshape(len(shears), bins).astype(np.float64)
    # Neighbouring rows (columns) belong to one stroke: smooth over three before squaring.
    sums[:, 1:-1] = sums[:, :-2] + sums[:, 1:-1] + sums[:, 2:]
    peaks: NDArray[np.float64] = (sums**2).sum(axis=1)
    return peaks
