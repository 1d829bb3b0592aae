"""Find the regions of a page that may hold the field, and lift the ink out of them for the segmenter."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline import address, boxes, deskew, ink
from pipeline.document import Box, Image
from pipeline.ink import Darkness, Mask
from pipeline.layouts import Country, Layout
from pipeline.segment import digit_height

# Digits come to about this height (pixels) for the segmenter: enough for the network, no more.
DIGIT_HEIGHT = 40
CELL_HEIGHT = 56
# Longer side, pixels, at which the lines of a page are looked for.
SEARCH_SIZE = 1600
MIN_SKEW = 0.4
PAGE_CONTRAST = 0.12


@dataclass(frozen=True, eq=False)
class Region:
    """A place where the field may be.

    box : on the page as decoded.
    strips : the ink to cut, darkness and mask (None: all ink counts); one for a line of writing,
        one for every printed box.
    boxed : each strip holds one digit or none.
    prior : 0..1, how much its place speaks for it.
    """

    box: Box
    strips: tuple[tuple[Darkness, Mask | None], ...]
    boxed: bool = False
    prior: float = 1.0


def locate(image: Image, layout: Layout) -> list[Region]:
    """Regions of a page that may hold the layout's field; any number, also none.

    image : (H, W) uint8 grey or (H, W, 3) BGR.
    """
    if layout.country is None:
        return [locate_line(image)]
    found = _boxed_codes(image, layout.country) if layout.country.boxes else []
    return found or _written_codes(image, layout.country)


def locate_line(image: Image) -> Region:
    """The whole image as one line of digits, brought to a height that suits the segmenter."""
    grey = ink.to_grey(image)
    height, width = grey.shape
    dark = ink.darkness(grey, window=_line_window(height))
    mask = ink.binarize(dark)
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    parts = np.array(stats[1:, :4], np.int32)
    parts[:, 2:] += parts[:, :2]
    digit = digit_height(parts[(parts[:, 3] - parts[:, 1]) >= 4])
    scale = DIGIT_HEIGHT / digit if digit else 1.0
    if scale < 0.7 or scale > 1.6:
        dark = _resize(dark, min(scale, 4.0))
    return Region(Box(0, 0, width, height), ((dark, None),))


def _line_window(height: int) -> int:
    return max(24, min(64, height))


def _boxed_codes(image: Image, country: Country) -> list[Region]:
    """Rows of printed boxes, the frames dropped out by their colour where they have one."""
    regions = []
    for row in boxes.find_box_rows(image, country.boxes)[:3]:
        upright, cells, back = _straighten(image, row.cells)
        channel = upright[:, :, 2] if row.coloured and upright.ndim == 3 else ink.to_grey(upright)
        dark = ink.darkness(np.ascontiguousarray(channel))
        regions.append(Region(back, _cells(dark, cells), boxed=True))
    return regions


def _straighten(image: Image, cells: NDArray[np.float64]) -> tuple[Image, NDArray[np.float64], Box]:
    """The row of boxes cut out level, with cells `CELL_HEIGHT` high; the cells there; its box on the page."""
    middles = (cells[:, :2] + cells[:, 2:]) / 2
    slope = float(np.polyfit(middles[:, 0], middles[:, 1], 1)[0])
    size = np.median(cells[:, 2:] - cells[:, :2], axis=0)
    scale = CELL_HEIGHT / float(size[1])
    centre = middles.mean(axis=0)
    along = np.array([1.0, slope]) / np.hypot(1.0, slope)
    matrix = scale * np.array([[along[0], along[1]], [-along[1], along[0]]])
    span = (middles - centre) @ matrix.T
    margin = CELL_HEIGHT * 0.6
    width = int(span[-1, 0] - span[0, 0] + size[0] * scale + 2 * margin)
    height = int(CELL_HEIGHT + 2 * margin)
    offset = np.array([width / 2.0, height / 2.0]) - matrix @ centre
    level = cv2.warpAffine(
        image,
        np.hstack([matrix, offset[:, None]]),
        (width, height),
        flags=cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA,
        borderMode=cv2.BORDER_REPLICATE,
    )
    placed = middles @ matrix.T + offset
    half = np.array([size[0] * scale / 2.0, CELL_HEIGHT / 2.0])
    box = _bounds(np.vstack([cells[:, :2], cells[:, 2:]]), image.shape)
    return np.asarray(level, np.uint8), np.hstack([placed - half, placed + half]), box


def _cells(dark: Darkness, cells: NDArray[np.float64]) -> tuple[tuple[Darkness, Mask | None], ...]:
    """The ink of every cell: components that have their middle in it, whole even where they leave it."""
    inside = dark[:, int(cells[0, 0]) : int(cells[-1, 2])]
    mask = ink.binarize(dark, max(ink.ink_threshold(inside), PAGE_CONTRAST))
    _, labels, stats, centres = cv2.connectedComponentsWithStats(mask, connectivity=8)
    strips = []
    for left, top, right, bottom in cells:
        reach = 0.1 * (right - left)
        own = (
            (centres[:, 0] > left + reach)
            & (centres[:, 0] < right - reach)
            & (centres[:, 1] > top)
            & (centres[:, 1] < bottom)
            & (stats[:, cv2.CC_STAT_WIDTH] < 1.6 * (right - left))
            & (stats[:, cv2.CC_STAT_AREA] >= 0.004 * (right - left) * (bottom - top))
        )
        own[0] = False
        x0, x1 = max(0, int(left - 0.4 * (right - left))), int(right + 0.4 * (right - left))
        part = np.where(own[labels[:, x0:x1]], np.uint8(255), np.uint8(0))
        strips.append((dark[:, x0:x1], part))
    return tuple(strips)


def _written_codes(image: Image, country: Country) -> list[Region]:
    """Stretches of the page's lines of text that may be the code."""
    grey = ink.to_grey(image)
    shrink = min(1.0, SEARCH_SIZE / max(grey.shape))
    small = (
        grey if shrink == 1.0 else cv2.resize(grey, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    )
    small = small.astype(np.uint8, copy=False)
    mask = _page_mask(small)
    skew = deskew.estimate_skew(mask)
    turn = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    if abs(skew) >= MIN_SKEW:
        small, turn = deskew.rotate(small, skew)
        mask = _page_mask(small)
    labels, lines = address.find_text_lines(mask)
    back = np.vstack([turn, [0.0, 0.0, 1.0]]) @ np.diag([shrink, shrink, 1.0])
    return [
        _lift(grey, labels, candidate, np.linalg.inv(back))
        for candidate in address.find_candidates(lines, country, small.shape)
    ]


def _page_mask(grey: Image) -> Mask:
    dark = ink.darkness(grey)
    return ink.binarize(dark, max(ink.ink_threshold(dark), PAGE_CONTRAST))


def _lift(
    grey: Image, labels: NDArray[np.int32], candidate: address.Candidate, back: NDArray[np.float64]
) -> Region:
    """The candidate's own ink at a digit height that suits the segmenter, straight from the full page.

    back : (3, 3), from the straightened search image to the page.
    """
    line = candidate.line
    margin = 0.35 * line.height
    left, top = line.boxes[:, :2].min(axis=0) - margin
    right, bottom = line.boxes[:, 2:].max(axis=0) + margin
    scale = DIGIT_HEIGHT / max(line.height, 1.0)
    size = (max(8, int((right - left) * scale)), max(8, int((bottom - top) * scale)))
    place = np.array([[1 / scale, 0.0, left], [0.0, 1 / scale, top], [0.0, 0.0, 1.0]])
    dark = ink.darkness(_sample(grey, back @ place, size), window=_line_window(size[1]))
    x0, y0 = max(int(left), 0), max(int(top), 0)
    own = np.isin(labels[y0 : int(bottom) + 1, x0 : int(right) + 1], line.numbers).astype(np.uint8) * 255
    own = np.asarray(cv2.dilate(own, np.ones((3, 3), np.uint8)), np.uint8)
    place[:2, 2] -= [x0, y0]
    allowed = cv2.warpAffine(own, place[:2], size, flags=cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR) > 127
    limit = ink.ink_threshold(dark[allowed].reshape(1, -1)) if allowed.any() else 1.0
    mask = np.where(allowed & (dark > limit), np.uint8(255), np.uint8(0))
    corners = np.array([[left, top, 1], [right, top, 1], [left, bottom, 1], [right, bottom, 1]]) @ back.T
    return Region(_bounds(corners[:, :2], grey.shape), ((dark, mask),), prior=candidate.prior)


def _sample(grey: Image, place: NDArray[np.float64], size: tuple[int, int]) -> Image:
    """`grey` seen through `place` ((3, 3), from the sample to the page), smoothed where that shrinks it."""
    finer = max(1, round(float(np.sqrt(abs(np.linalg.det(place[:2, :2]))))))
    step = np.diag([1.0 / finer, 1.0 / finer, 1.0])
    whole = cv2.warpAffine(
        grey,
        (place @ step)[:2],
        (size[0] * finer, size[1] * finer),
        flags=cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA) if finer > 1 else whole, np.uint8)


def _bounds(corners: NDArray[np.float64], shape: tuple[int, ...]) -> Box:
    """The upright box around `corners` (N, 2), cut to a page of `shape`."""
    height, width = shape[:2]
    low = np.clip(np.floor(corners.min(axis=0)), 0, [width - 1, height - 1]).astype(int)
    high = np.clip(np.ceil(corners.max(axis=0)), 1, [width, height]).astype(int)
    return Box(int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1]))


def _resize(dark: Darkness, scale: float) -> Darkness:
    scale = max(scale, 1.0 / min(dark.shape))  # a strip of few rows keeps one
    way = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_CUBIC
    resized = cv2.resize(dark, None, fx=scale, fy=scale, interpolation=way)
    return np.clip(resized, 0.0, 1.0).astype(np.float32, copy=False)
