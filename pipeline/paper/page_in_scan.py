"""Find the page in its scan: cut away the scanner's bed around it, or straighten a photo of it on a table."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.document import Box, Image
from pipeline.paper.ink import Mask
from pipeline.paper.shrink import shrink

Corners = NDArray[np.float64]  # (4, 2) x, y: upper left, upper right, lower right, lower left

LOOK_SIZE = 720  # longer side, pixels, at which the page is looked for, at most
DIFFERENT = 22.0  # levels between a bed and the paper on it, at least, in one of the colours
LEAST_AREA = 0.12  # of the scan
FILLED = 0.93  # share of the quadrangle that must be page, and of the page that must be in it
RIGHT_ANGLE = (58.0, 122.0)  # degrees that a page's corner has when photographed from above
LEVEL = 0.004  # a page that is this level (of its size) is cut out as it lies


@dataclass(frozen=True, eq=False)
class FoundPage:
    """A page without what was around it.

    image : (H, W) uint8 or (H, W, 3). back : (3, 3) homography from its pixels to those of the scan.
    """

    image: Image
    back: NDArray[np.float64]

    def place(self, box: Box, shape: tuple[int, ...]) -> Box:
        """The upright box around `box`, of this page, on the scan of `shape`."""
        right, bottom = box.x + box.width, box.y + box.height
        corners = [[(box.x, box.y)], [(right, box.y)], [(right, bottom)], [(box.x, bottom)]]
        there = cv2.perspectiveTransform(np.array(corners, np.float64), self.back)[:, 0]
        limit = np.array([shape[1], shape[0]])
        low = np.clip(np.floor(there.min(axis=0) + 1e-6), 0, limit - 1).astype(int)
        high = np.clip(np.ceil(there.max(axis=0) - 1e-6), low + 1, limit).astype(int)
        return Box(int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1]))


def find_page(scan: Image) -> FoundPage | None:
    """The page in a scan, (H, W) uint8 grey or (H, W, 3) BGR; None where the scan is all page.

    The bed is told by its colour along the scan's rim. What is found must be a quadrangle with a right
    angle inside the scan: a shadow across a page has none.
    """
    small, scale = shrink(scan, LOOK_SIZE)
    if min(small.shape[:2]) < 24:
        return None
    bed = _bed_colour(small)
    if bed is None:
        return None
    corners = _find_corners(small, bed)
    if corners is None:
        return None
    return _cut_out(scan, (corners + 0.5) / scale)


def _bed_colour(small: Image) -> NDArray[np.float64] | None:
    """The usual colour of the rim, (C,), where it differs from that of the middle; else None."""
    planes = small.reshape(*small.shape[:2], -1)
    rim = np.concatenate([planes[:2].reshape(-1, planes.shape[2]), planes[-2:].reshape(-1, planes.shape[2])])
    rim = np.concatenate(
        [rim, planes[:, :2].reshape(-1, planes.shape[2]), planes[:, -2:].reshape(-1, planes.shape[2])]
    )
    height, width = planes.shape[:2]
    middle = planes[height // 4 : -height // 4 : 3, width // 4 : -width // 4 : 3].reshape(-1, planes.shape[2])
    bed = np.median(rim, axis=0)
    # Ink darkens a part of the middle: paper is what most of it is.
    paper = np.median(middle, axis=0)
    return bed if float(np.abs(bed - paper).max()) >= DIFFERENT else None


def _find_corners(small: Image, bed: NDArray[np.float64]) -> Corners | None:
    mask = _page_mask(small, bed)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return None
    page = max(contours, key=cv2.contourArea)
    hull = np.asarray(cv2.convexHull(page), np.int32)
    area = cv2.contourArea(page)
    if area < LEAST_AREA * mask.size or area < FILLED * cv2.contourArea(hull):
        return None
    rough = _four_corners(hull)
    if rough is None or not _looks_like_page(rough, mask.shape):
        return None
    corners = _refine(rough, page[:, 0].astype(np.float64))
    return corners if abs(cv2.contourArea(corners.astype(np.float32)) / area - 1.0) < 1.0 - FILLED else None


def _page_mask(small: Image, bed: NDArray[np.float64]) -> Mask:
    """What differs from the bed, holes filled: (h, w) uint8."""
    soft = cv2.GaussianBlur(small, (5, 5), 0).reshape(*small.shape[:2], -1)
    apart = np.abs(soft.astype(np.float32) - bed.astype(np.float32)).max(axis=2)
    levels = np.minimum(apart, 255.0).astype(np.uint8)
    limit, _ = cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    mask = np.where(levels > max(limit, 0.5 * DIFFERENT), np.uint8(255), np.uint8(0))
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
    return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((7, 7), np.uint8)), np.uint8)


def _four_corners(hull: NDArray[np.int32]) -> Corners | None:
    """A convex outline as four corners, from the upper left clockwise; None where it is no quadrangle."""
    length = cv2.arcLength(hull, True)
    for share in (0.01, 0.02, 0.03, 0.045, 0.06):
        corners = cv2.approxPolyDP(hull, share * length, True)[:, 0].astype(np.float64)
        if len(corners) == 4:
            break
    else:
        return None
    middle = corners.mean(axis=0)
    angles = np.arctan2(*(corners - middle).T[::-1])
    corners = corners[np.argsort(angles)]
    first = int((corners - middle).sum(axis=1).argmin())
    return np.roll(corners, -first, axis=0)


def _looks_like_page(corners: Corners, shape: tuple[int, ...]) -> bool:
    """Whether a corner lies inside, and every one that does is about square."""
    height, width = shape[:2]
    rim = 3.0
    inside = (corners > rim).all(axis=1) & (corners < [width - 1 - rim, height - 1 - rim]).all(axis=1)
    before, after = np.roll(corners, 1, axis=0) - corners, np.roll(corners, -1, axis=0) - corners
    cosine = (before * after).sum(axis=1) / np.maximum(
        np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1), 1e-9
    )
    angles = np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))
    square = (angles >= RIGHT_ANGLE[0]) & (angles <= RIGHT_ANGLE[1])
    return bool(inside.any() and square.all())


def _refine(corners: Corners, outline: NDArray[np.float64]) -> Corners:
    """Corners where the lines meet that fit the outline (N, 2) along the four sides."""
    lines = []
    for a, b in pairwise([*corners, corners[0]]):
        along = b - a
        length = float(np.linalg.norm(along))
        offset = outline - a
        t = offset @ along / length**2
        away = np.abs(offset[:, 0] * along[1] - offset[:, 1] * along[0]) / length
        near = outline[(t > 0.08) & (t < 0.92) & (away < 0.03 * length + 2.0)]
        if len(near) < 8:
            return corners
        vx, vy, x, y = cv2.fitLine(near.astype(np.float32), cv2.DIST_HUBER, 0, 0.01, 0.01)[:, 0].tolist()
        lines.append(np.cross([x, y, 1.0], [x + vx, y + vy, 1.0]))
    meeting = [np.cross(lines[k - 1], lines[k]) for k in range(4)]
    if any(abs(point[2]) < 1e-9 for point in meeting):
        return corners
    refined = np.array([point[:2] / point[2] for point in meeting])
    return refined if float(np.abs(refined - corners).max()) < 0.06 * float(np.ptp(corners)) else corners


def _cut_out(scan: Image, corners: Corners) -> FoundPage:
    """The quadrangle as an upright page, a little within its edges."""
    middle = corners.mean(axis=0)
    corners = middle + (corners - middle) * 0.992
    upper, right, lower, left = (np.linalg.norm(b - a) for a, b in pairwise([*corners, corners[0]]))
    width, height = max(1, round(float(upper + lower) / 2)), max(1, round(float(left + right) / 2))
    low, high = corners.min(axis=0), corners.max(axis=0)
    flat = np.array([low, (high[0], low[1]), high, (low[0], high[1])])
    if float(np.abs(flat - corners).max()) <= LEVEL * max(width, height):
        x0, y0 = np.maximum(np.floor(low), 0).astype(int).tolist()
        x1, y1 = np.ceil(high).astype(int).tolist()
        back = np.array([[1.0, 0.0, x0], [0.0, 1.0, y0], [0.0, 0.0, 1.0]])
        return FoundPage(np.ascontiguousarray(scan[y0:y1, x0:x1]), back)
    frame = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    back = cv2.getPerspectiveTransform(frame, corners.astype(np.float32))
    page = cv2.warpPerspective(
        scan,
        back,
        (width, height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return FoundPage(np.asarray(page, np.uint8), np.asarray(back, np.float64))
