"""Find the regions of a page that may hold the field, and lift the ink out of them for the segmenter."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.document import Box, Image
from pipeline.envelopes import boxes
from pipeline.layouts import Country, Layout
from pipeline.paper import ink
from pipeline.paper.ink import Darkness, Mask
from pipeline.strings.segment import digit_height

# Digits come to about this height (pixels) for the segmenter: enough for the network, no more.
DIGIT_HEIGHT = 40
CELL_HEIGHT = 56
PAGE_CONTRAST = 0.12


@dataclass(frozen=True, eq=False)
class Region:
    """A place where the field may be.

    box : on the page as decoded.
    strips : the ink to cut, darkness and mask (None: all ink counts); one for a line of writing,
        one for every printed box.
    boxed : each strip holds one digit or none.
    prior : 0..1, how probable it is that this is the field, before it is read.
    """

    box: Box
    strips: tuple[tuple[Darkness, Mask | None], ...]
    boxed: bool = False
    prior: float = 1.0


def locate(image: Image, layout: Layout) -> list[Region]:
    """Regions of a page that may hold the layout's field; none where only its lines can tell (`written`).

    image : (H, W) uint8 grey or (H, W, 3) BGR.
    """
    if layout.country is None:
        return [locate_line(image)]
    return _boxed_codes(image, layout.country) if layout.country.boxes else []


def locate_line(image: Image) -> Region:
    """The whole image as one line of digits, brought to a height that suits the segmenter."""
    grey = ink.to_grey(image)
    height, width = grey.shape
    dark = ink.darkness(grey, window=line_window(height))
    mask = ink.binarize(dark)
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    parts = np.array(stats[1:, :4], np.int32)
    parts[:, 2:] += parts[:, :2]
    digit = digit_height(parts[(parts[:, 3] - parts[:, 1]) >= 4])
    scale = DIGIT_HEIGHT / digit if digit else 1.0
    if scale < 0.7 or scale > 1.6:
        dark = _resize(dark, min(scale, 4.0))
    return Region(Box(0, 0, width, height), ((dark, None),))


def line_window(height: int) -> int:
    """Window for the brightness of the paper under a line of so many rows."""
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
    box = bounds_on_page(np.vstack([cells[:, :2], cells[:, 2:]]), image.shape)
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


def bounds_on_page(corners: NDArray[np.float64], shape: tuple[int, ...]) -> Box:
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
