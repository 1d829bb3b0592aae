"""Find the regions of a page that may hold the field, and lift the ink out of them for the segmenter."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.boxed import lift_boxes
from pipeline.document import Box, Image
from pipeline.envelopes import boxes
from pipeline.forms.box_ink import BoxInk
from pipeline.layouts import Country, Layout
from pipeline.paper import ink
from pipeline.paper.ink import Darkness, Mask
from pipeline.paper.page_in_scan import find_page
from pipeline.paper.surround import find_strip, has_even_rim
from pipeline.strings.lattice import Lattice
from pipeline.strings.segment import digit_height

# Digits come to about this height (pixels) for the segmenter: enough for the network, no more.
DIGIT_HEIGHT = 40
PAGE_CONTRAST = 0.12
MOST_ROWS = 3  # of printed boxes that are read
# A row of boxes in the other half of the mail is that improbable: more often the page lies upside down.
UNUSUAL_HALF = 0.05


@dataclass(frozen=True, eq=False)
class Region:
    """A place where the field may be.

    box : on the page as decoded.
    strips : the ink to cut of lines of writing, darkness and mask (None: all ink counts).
    boxes : instead, that of printed boxes, each with one digit or none.
    prior : 0..1, how probable it is that this is the field, before it is read.
    lattices : instead of strips, where the ink had to be cut to find the field.
    looks : what it looks like among the lines of a page, in the order of `spot.FEATURES`; empty where that
        was not asked.
    """

    box: Box
    strips: tuple[tuple[Darkness, Mask | None], ...] = ()
    boxes: tuple[BoxInk, ...] = ()
    prior: float = 1.0
    lattices: tuple[Lattice, ...] = ()
    looks: tuple[float, ...] = ()

    @property
    def boxed(self) -> bool:
        """Whether it is a row of printed boxes."""
        return bool(self.boxes)


def locate(image: Image, layout: Layout) -> tuple[list[Region], list[Box]]:
    """Regions of a page that may hold the layout's field; none where only its lines can tell (`written`).

    image : (H, W) uint8 grey or (H, W, 3) BGR. Gives also the rows of printed boxes in which nothing is
    written: their frames are no zeros.
    """
    if layout.country is None:
        return [locate_line(image)], []
    return _boxed_codes(image, layout.country) if layout.country.boxes else ([], [])


def locate_line(image: Image) -> Region:
    """The strip in the image as one line of digits, brought to a height that suits the segmenter.

    What surrounds the strip is left out; bright writing on dark ground is as good as dark on bright.
    """
    grey = ink.to_grey(image)
    box = find_strip(grey)
    # A strip that lies askew has edges that no row or column of pixels follows.
    found = find_page(grey) if has_even_rim(grey) and not _is_inside(box, grey) else None
    if found is not None:
        height, width = found.image.shape
        box = found.place(Box(0, 0, width, height), grey.shape)
    return Region(box, ((take_line(grey[box.slices] if found is None else found.image), None),))


def take_line(grey: Image) -> Darkness:
    """Darkness of a line that fills its picture, (H, W) uint8, at a height that suits the segmenter."""
    grey = ink.positive(grey)
    dark = ink.darkness(grey, window=line_window(len(grey)))
    mask = ink.binarize(dark)
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    parts = np.array(stats[1:, :4], np.int32)
    parts[:, 2:] += parts[:, :2]
    digit = digit_height(parts[(parts[:, 3] - parts[:, 1]) >= 4])
    scale = DIGIT_HEIGHT / digit if digit else 1.0
    if scale < 0.7 or scale > 1.6:
        dark = _resize(dark, min(scale, 4.0))
    return dark


def _is_inside(box: Box, grey: Image) -> bool:
    """Whether something was cut away on all four sides."""
    height, width = grey.shape
    rest = width - box.x - box.width, height - box.y - box.height
    return box.x > 0 and box.y > 0 and min(rest) > 0


def line_window(height: int) -> int:
    """Window for the brightness of the paper under a line of so many rows."""
    return max(24, min(64, height))


def _boxed_codes(image: Image, country: Country) -> tuple[list[Region], list[Box]]:
    """Rows of printed boxes in which something is written, or where there are none, empty ones."""
    empty: list[Box] = []
    for rows in boxes.find_box_rows(image, country.boxes):
        regions = []
        for box, inks in filter(None, (lift_boxes(image, row) for row in rows[:MOST_ROWS])):
            inked = sum(bool(ink.own.any()) for ink in inks)
            if inked > len(inks) // 2:
                prior = _where_printed(box, image, country)
                regions.append(Region(box, boxes=inks, prior=prior))
            elif not inked:
                empty.append(box)
        if regions:
            return regions, []
    return [], empty


def _where_printed(box: Box, image: Image, country: Country) -> float:
    """How probable a row of boxes is there, against the half of the mail where its country prints it."""
    upper = 2 * box.y + box.height < image.shape[0]
    return 1.0 if upper == (country.boxes_in == "upper") else UNUSUAL_HALF


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
