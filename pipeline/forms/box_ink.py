"""The ink of a printed box, and the picture of it that a network sees: what is written, what is printed."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from cv2.typing import MatLike

from pipeline.document import Image
from pipeline.paper.ink import Darkness, Mask
from pipeline.strings.lattice import Lattice, build_lattice
from pipeline.strings.normalize import SIDE
from pipeline.strings.segment import segment_box

# Fewer pixels of ink are no writing.
SPECK = 12
# Longer side of the writing in the picture: a fine stroke through a digit is to be seen, and print beside it.
INNER = 22


class BoxInk(NamedTuple):
    """A printed box, for a digit or for a whole number, and its surroundings.

    dark : (H, W) float32, darkness. own : (H, W) uint8, the writing that belongs to the box. printed :
        (H, W) uint8, where a line of the frame was found: it was taken out, or left where a stroke seems
        to run along it, and whether one does nobody can see.
    """

    dark: Darkness
    own: Mask
    printed: Mask


def cut_box(ink: BoxInk) -> Lattice:
    """The lattice of a box for one digit, with its picture."""
    return build_lattice(segment_box(ink.dark, ink.own), draw_box(ink))


def draw_box(ink: BoxInk) -> Image | None:
    """A box as a network sees it, (28, 28, 3) uint8; None where it holds no writing.

    The writing, the print, and how dark either is, against the pen. The writing's longer side comes to 22
    pixels, its centre of mass to the middle as far as all of it stays in the picture.
    """
    if int(np.count_nonzero(ink.own)) < SPECK:
        return None
    pen = max(float(np.percentile(ink.dark[ink.own > 0], 90)), 0.05)
    # What is neither, guide marks say, is not to be seen: each form has its own.
    either = cv2.dilate(np.maximum(ink.own, ink.printed), np.ones((3, 3), np.uint8)) > 0
    dark = np.where(either, np.minimum(ink.dark * np.float32(255.0 / pen), np.float32(255.0)), 0.0)
    window = _window(cv2.merge([ink.own, ink.printed, dark.astype(np.uint8)]), *_place(ink.own))
    way = cv2.INTER_AREA if len(window) > SIDE else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(window, (SIDE, SIDE), interpolation=way), np.uint8)


def _place(own: Mask) -> tuple[int, int, int]:
    """Left, top and side of the square that the picture shows; it may reach beyond what was lifted."""
    left, top, wide, tall = cv2.boundingRect(own)
    side = round(max(wide, tall) * SIDE / INNER)
    moments = cv2.moments(own, binaryImage=True)
    x, y = (
        int(np.clip(round(moments[name] / moments["m00"] - side / 2), low + size - side, low))
        for name, low, size in (("m10", left, wide), ("m01", top, tall))
    )
    return x, y, side


def _window(layers: MatLike, x: int, y: int, side: int) -> MatLike:
    """A square of layers (H, W, 3), paper where it reaches beyond them."""
    height, width = layers.shape[:2]
    rims = (max(0, -y), max(0, y + side - height), max(0, -x), max(0, x + side - width))
    roomy = cv2.copyMakeBorder(layers, *rims, cv2.BORDER_CONSTANT, value=(0, 0, 0))
    return roomy[max(y, 0) : max(y, 0) + side, max(x, 0) : max(x, 0) + side]
