"""Lay a form without lines over a page: by corners of its print, matched between reference and page."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.document import Image
from pipeline.forms.parts import least_part
from pipeline.forms.perspective import Registration, is_plausible
from pipeline.paper import ink

# Longer side, pixels, at which print is compared; corners looked for; matches without which nothing fits.
SIZE = 1200
CORNERS = 3000
LEAST_MATCHES = 20
# A match is unambiguous (Lowe, 2004), and right within so many pixels.
RATIO, REACH = 0.8, 4.0
# As near as this, share of SIZE, print of the page is print of the reference.
NEAR = 0.003


def register_print(
    reference: Image, extent: tuple[float, float], fields: NDArray[np.float64], page: Image
) -> Registration:
    """The best way to lay a form over a page by the print outside its fields; fit 0 where there is none.

    reference, page : (H, W) uint8 grey. extent : width and height of the form in the layout's units.
    fields : (N, 4) left, top, right, bottom of what is left out, in the layout's units.

    ORB corners (Rublee et al., 2011), RANSAC for the perspective (Fischler and Bolles, 1981). `fit` and
    `cover` are measured on the ink: the share of the reference's print that the page has, and back.
    """
    mine, _ = _reduced(reference)
    theirs, their_unit = _reduced(page)
    to_mine = np.array([mine.shape[1] / extent[0], mine.shape[0] / extent[1]])
    mask = np.full(mine.shape, 255, np.uint8)
    for left, top, right, bottom in np.rint(fields * np.tile(to_mine, 2)).astype(int):
        mask[max(0, top - 4) : bottom + 4, max(0, left - 4) : right + 4] = 0
    nothing = Registration(np.eye(3), 0.0, 1.0, 0.0)
    found = _perspective(mine, mask, theirs)
    if found is None:
        return nothing
    units = np.diag([to_mine[0], to_mine[1], 1.0])
    matrix = np.diag([1.0 / their_unit, 1.0 / their_unit, 1.0]) @ found @ units
    if not is_plausible(matrix, extent):
        return nothing
    fit, cover, residual, part = _agreement(mine, mask, theirs, found)
    return Registration(matrix / matrix[2, 2], fit, residual, cover, part=part)


def _reduced(grey: Image) -> tuple[Image, float]:
    unit = SIZE / max(grey.shape)
    way = cv2.INTER_AREA if unit < 1.0 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(grey, None, fx=unit, fy=unit, interpolation=way), np.uint8), unit


def _perspective(mine: Image, mask: Image, theirs: Image) -> NDArray[np.float64] | None:
    """From the reduced reference to the reduced page, None where too few corners agree."""
    orb = cv2.ORB_create(CORNERS, scaleFactor=1.2, nlevels=10, fastThreshold=10)  # type: ignore[attr-defined]
    points, marks = orb.detectAndCompute(mine, mask)
    others, their_marks = orb.detectAndCompute(theirs, None)
    if marks is None or their_marks is None or len(others) < 2:
        return None
    pairs = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(marks, their_marks, k=2)
    good = [pair[0] for pair in pairs if len(pair) == 2 and pair[0].distance < RATIO * pair[1].distance]
    if len(good) < LEAST_MATCHES:
        return None
    source = np.array([points[match.queryIdx].pt for match in good], np.float32)
    goal = np.array([others[match.trainIdx].pt for match in good], np.float32)
    cv2.setRNGSeed(1)  # the same page gives the same result
    matrix, inside = cv2.findHomography(source, goal, cv2.RANSAC, REACH, maxIters=4000, confidence=0.999)
    if matrix is None or int(inside.sum()) < LEAST_MATCHES:
        return None
    return np.asarray(matrix, np.float64)


def _agreement(
    mine: Image, mask: Image, theirs: Image, matrix: NDArray[np.float64]
) -> tuple[float, float, float, float]:
    """Share of the reference's print outside its fields that is on the page, and back; mean distance.

    And the share in that part of the form where least is on the page.
    """
    height, width = mine.shape
    level = cv2.warpPerspective(
        theirs, matrix, (width, height), flags=cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR, borderValue=255
    )
    first, second = (
        (ink.binarize(ink.darkness(np.asarray(picture, np.uint8), window=32)) > 0) & (mask > 0)
        for picture in (mine, level)
    )
    shares, parts, mean = [], [], 1.0
    for one, other in ((first, second), (second, first)):
        if not one.any() or not other.any():
            return 0.0, 0.0, 1.0, 0.0
        distance = cv2.distanceTransform(np.where(other, np.uint8(0), np.uint8(255)), cv2.DIST_L2, 3)[one]
        near = distance <= NEAR * SIZE
        shares.append(float(near.mean()))
        at = np.argwhere(one)[:, ::-1].astype(np.float64)
        parts.append(least_part(at, near, np.ones(len(at), bool), (float(width), float(height))))
        mean = min(mean, float(distance[near].mean()) / SIZE) if near.any() else mean
    return shares[0], shares[1], mean, parts[0]
