"""Cut a field out of a page, level and at the size that the reader likes, and find its frame exactly."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.document import Box, Image
from pipeline.forms.perspective import Matrix, apply
from pipeline.forms.snap import SHIFT, settle_on_line, snap
from pipeline.paper import ink
from pipeline.paper.ink import Darkness, Mask

# Height, pixels, of a box for one digit and of a frame for a number.
CELL_HEIGHT = 60
FRAME_HEIGHT = 76
# Height over width of a box that is written on from top to bottom.
TALLEST = 1.3
# Room around a field, in heights of its boxes.
MARGIN = 0.45


@dataclass(frozen=True, eq=False)
class Patch:
    """A field cut out level.

    dark : (H, W) float32, darkness.
    cells : (N, 4) float64 left, top, right, bottom of its boxes (or its one frame) in the patch, the
        middles of their walls.
    walls : the columns of the drawn walls, and the rows of the drawn lines above and below.
    framed : 0..1, share of the expected frame that is drawn there.
    box : the field on the page.
    tops : for every column of `walls` the row from which it is drawn: 0, or where a tick begins.
    """

    dark: Darkness
    cells: NDArray[np.float64]
    walls: tuple[NDArray[np.float64], NDArray[np.float64]]
    framed: float
    box: Box
    tops: NDArray[np.float64]

    @property
    def unit(self) -> float:
        """Height of a box as far as writing fills it, pixels."""
        return _unit(self.cells)

    def inside(self, mask: Mask) -> NDArray[np.float32]:
        """Darkness (N,) of the ink, bright in `mask` (H, W), that lies in the boxes."""
        boxes = np.zeros(mask.shape, bool)
        for left, top, right, bottom in self.cells.astype(int):
            boxes[max(0, top) : bottom + 1, max(0, left) : right + 1] = True
        return self.dark[(mask > 0) & boxes]


def lift(
    image: Image,
    matrix: Matrix,
    cells: NDArray[np.float64],
    height: int,
    dropout: str | None,
    *,
    framed: bool = True,
    ticks: bool = False,
    shift: float = SHIFT,
) -> Patch:
    """The patch of a field.

    image : (H, W) uint8 or (H, W, 3) BGR, the page as decoded.
    matrix : (3, 3), from the layout's units to the page.
    cells : (N, 4), the boxes in the layout's units.
    height : pixels that a box shall come to.
    dropout : colour that is not to be seen, None for none.
    framed : whether the field has a frame; else it may have a line below, and nothing at its sides.
    ticks : whether ticks at the foot may part the boxes, where there are no walls.
    shift : how far the frame may be from the cells, in heights (and widths) of a box.
    """
    low, high = cells[:, :2].min(axis=0), cells[:, 2:].max(axis=0)
    scale = height / _unit(cells)
    margin = MARGIN * height / scale
    size = tuple(int(np.ceil(side)) for side in (high - low + 2 * margin) * scale)
    place = np.array([[1 / scale, 0, low[0] - margin], [0, 1 / scale, low[1] - margin], [0, 0, 1.0]])
    outline = np.array([[low[0], low[1]], [high[0], low[1]], [high[0], high[1]], [low[0], high[1]]])
    on_page = apply(matrix, outline)
    box = bounds(on_page, image.shape)
    part, offset = _part(image, apply(matrix, _grown(low, high, 1.3 * margin)))
    grey = drop_colour(part, dropout)
    to_part = np.array([[1.0, 0, -offset[0]], [0, 1.0, -offset[1]], [0, 0, 1.0]])
    level = sample_page(grey, to_part @ matrix @ place, (size[0], size[1]))
    dark = ink.darkness(level, window=max(24, min(64, height)))
    there = (cells - np.tile(low - margin, 2)) * scale
    frame = snap(dark, there, shift, TALLEST, ticks) if framed else settle_on_line(dark, there)
    return Patch(dark, frame.cells, frame.walls, frame.drawn, box, frame.tops)


def _unit(cells: NDArray[np.float64]) -> float:
    """Height of a box that writing fills: of boxes much taller than wide only a part is written on."""
    wide, tall = np.median(cells[:, 2:] - cells[:, :2], axis=0)
    return float(min(tall, TALLEST * wide))


def sample_page(grey: Image, place: Matrix, size: tuple[int, int]) -> Image:
    """`grey` seen through `place` ((3, 3), from the sample to the page), smoothed where that shrinks it."""
    corner = apply(place, np.array([[0.0, 0.0], [size[0], 0.0], [0.0, size[1]]]))
    step = float(np.hypot(*(corner[1] - corner[0]))) / max(size[0], 1)
    finer = min(8, max(1, round(step)))
    whole = cv2.warpPerspective(
        grey,
        place @ np.diag([1.0 / finer, 1.0 / finer, 1.0]),
        (size[0] * finer, size[1] * finer),
        flags=cv2.WARP_INVERSE_MAP | (cv2.INTER_LINEAR if finer > 1 else cv2.INTER_CUBIC),
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA) if finer > 1 else whole, np.uint8)


def drop_colour(image: Image, dropout: str | None) -> Image:
    """(H, W) uint8 in which print of the colour is as light as the paper; plain grey where None.

    The channel in which the colour is brightest shows it least; what of the colour's hue is left
    beside dark ink is lifted to that channel's paper.
    """
    if image.ndim == 2:
        return image
    if dropout is None:
        return ink.to_grey(image)
    names = {"red": (0, 0, 255), "green": (0, 255, 0), "blue": (255, 0, 0)}
    wanted = names.get(dropout) or tuple(int(dropout[at : at + 2], 16) for at in (5, 3, 1))
    channel = int(np.argmax(wanted))
    return np.ascontiguousarray(image[:, :, channel])


def bounds(corners: NDArray[np.float64], shape: tuple[int, ...]) -> Box:
    """The upright box around `corners` (N, 2), cut to a page of `shape`."""
    height, width = shape[:2]
    low = np.clip(np.floor(corners.min(axis=0)), 0, [width - 1, height - 1]).astype(int)
    high = np.clip(np.ceil(corners.max(axis=0)), 1, [width, height]).astype(int)
    high = np.maximum(high, low + 1)
    return Box(int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1]))


def _grown(low: NDArray[np.float64], high: NDArray[np.float64], by: float) -> NDArray[np.float64]:
    (x1, y1), (x2, y2) = low - by, high + by
    return np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]])


def _part(image: Image, corners: NDArray[np.float64]) -> tuple[Image, NDArray[np.float64]]:
    """The part of the page around the corners, so that no more than it is worked on, and where it begins."""
    box = bounds(corners, image.shape)
    part = image[box.slices]
    return part, np.array([box.x, box.y], np.float64)
