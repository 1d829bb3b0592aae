"""Bring a picture of a form level, so that places on it can be told as upright rectangles."""

from __future__ import annotations

import math

import cv2
import numpy as np

from pipeline.document import Image
from pipeline.forms.rules import Segments, find_rules, lengths
from pipeline.paper import ink

# Degrees that a form may lean and still count as level: a wide comb then rises by less than its line's width.
LEVEL = 0.15
# Length of lines, share of the longer side, at least, for the page to be levelled by them.
TELLING = 0.1


def level(image: Image) -> tuple[Image, float]:
    """The picture with its printed lines level and upright, and by how many degrees they leaned at most.

    image : (H, W) uint8 or (H, W, 3) BGR. Size and middle stay as they are; new corners are white. A picture
    that is level already, or shows no long lines, is returned as it is.
    """
    rules = find_rules(ink.to_grey(image))
    least = TELLING * max(image.shape[:2])
    across, upright = _lean(rules.across, least), _lean(rules.down[:, [1, 0, 3, 2]], least)
    if across is None or upright is None:  # turned, not sheared
        turn = across if across is not None else -(upright or 0.0)
        across, upright = turn, -turn
    degrees = math.degrees(max(abs(across), abs(upright)))
    if degrees < LEVEL:
        return image, degrees
    # Columns: where a level and an upright step lie on the leaning page.
    steps = np.array([[math.cos(across), math.sin(upright)], [math.sin(across), math.cos(upright)]])
    middle = np.array([image.shape[1] - 1, image.shape[0] - 1]) / 2.0
    place = np.column_stack([steps, middle - steps @ middle])
    size = (image.shape[1], image.shape[0])
    white = (255, 255, 255)
    levelled = cv2.warpAffine(
        image, place, size, flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP, borderValue=white
    )
    return np.asarray(levelled, np.uint8), degrees


def _lean(lines: Segments, least: float) -> float | None:
    """Radians by which lines that run along x rise with it, the median by length; None without long ones."""
    long = lines[lengths(lines) >= least]
    if not len(long):
        return None
    angles = np.arctan2(long[:, 3] - long[:, 1], long[:, 2] - long[:, 0])
    order = np.argsort(angles)
    weights = np.cumsum(lengths(long)[order])
    return float(angles[order][np.searchsorted(weights, weights[-1] / 2.0)])
