"""Vary training crops: small affine warps, stroke thickness, fading, scraps of neighbouring ink."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.document import Image

SIDE = 28


@dataclass(frozen=True)
class Augmentation:
    """How far a crop may be varied; each amount is drawn anew for each crop.

    rotation : degrees, shear : pixels sideways per pixel up, zoom : share, shift : pixels.
    thickness, blur, scrap : probabilities.
    """

    rotation: float = 10.0
    shear: float = 0.25
    zoom: float = 0.14
    stretch: float = 0.14
    shift: float = 2.0
    thickness: float = 0.2
    blur: float = 0.15
    scrap: float = 0.1


MILD = Augmentation()


def augment(crops: Image, rng: np.random.Generator, how: Augmentation = MILD) -> Image:
    """Varied copies of `crops` (N, 28, 28) or (N, 28, 28, C) uint8, of the same shape and type."""
    out = np.empty_like(crops)
    matrices = _warps(len(crops), rng, how)
    dice = rng.random((len(crops), 4))
    kernel = np.ones((2, 2), np.uint8)
    for i, crop in enumerate(crops):
        warped = cv2.warpAffine(crop, matrices[i], (SIDE, SIDE), flags=cv2.INTER_LINEAR)
        if dice[i, 0] < how.thickness:
            change = cv2.dilate if dice[i, 1] < 0.5 else cv2.erode
            changed = change(warped, kernel)
            share = 0.3 + 0.7 * dice[i, 2]
            warped = cv2.addWeighted(warped, 1.0 - share, changed, share, 0.0)
        elif dice[i, 0] < how.thickness + how.blur:
            warped = cv2.GaussianBlur(warped, (3, 3), 0.3 + 0.7 * dice[i, 2])
        if dice[i, 3] < how.scrap:
            _add_scrap(warped, crops[int(rng.integers(len(crops)))], rng)
        out[i] = warped
    return out


def _warps(count: int, rng: np.random.Generator, how: Augmentation) -> NDArray[np.float64]:
    """(count, 2, 3) matrices that turn, shear, zoom and shift about the centre."""
    angle = np.radians(rng.uniform(-how.rotation, how.rotation, count))
    lean = rng.uniform(-how.shear, how.shear, count)
    zoom = np.exp(rng.uniform(-how.zoom, how.zoom, count))
    stretch = np.exp(rng.uniform(-how.stretch, how.stretch, count))
    cos, sin = np.cos(angle), np.sin(angle)
    linear = np.empty((count, 2, 2))
    linear[:, 0, 0] = zoom * stretch * cos
    linear[:, 0, 1] = zoom * (lean * cos - sin) * stretch
    linear[:, 1, 0] = zoom / stretch * sin
    linear[:, 1, 1] = zoom / stretch * (lean * sin + cos)
    centre = np.full(2, (SIDE - 1) / 2.0)
    offset = centre - linear @ centre + rng.uniform(-how.shift, how.shift, (count, 2))
    return np.concatenate([linear, offset[:, :, None]], axis=2)


def _add_scrap(crop: Image, other: Image, rng: np.random.Generator) -> None:
    """A narrow edge of another crop at one side, as a neighbour's ink that the cut left behind."""
    depth = int(rng.integers(1, 4))
    if rng.random() < 0.5:
        crop[:, :depth] = np.maximum(crop[:, :depth], other[:, 14 : 14 + depth])
    else:
        crop[:, SIDE - depth :] = np.maximum(crop[:, SIDE - depth :], other[:, 14 - depth : 14])
