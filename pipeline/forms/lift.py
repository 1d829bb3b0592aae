"""Cut a field out of a page, level and at the size that the reader likes, and find its frame exactly."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.document import Box, Image
from pipeline.forms.perspective import Matrix, apply
from pipeline.paper import ink
from pipeline.paper.ink import Darkness, Mask

# Height, pixels, of a box for one digit and of a frame for a number.
CELL_HEIGHT = 60
FRAME_HEIGHT = 76
# Height over width of a box that is written on from top to bottom.
TALLEST = 1.3
# Room around a field, in heights of its boxes.
MARGIN = 0.45
# How far the frame may be from where the registration puts it, in heights (and widths) of a box.
SHIFT = 0.3
STRETCH = 0.03
# How far a line may stray from level, of its length, either way.
LEAN = 0.005
# Share of a wall that must be drawn to be taken for one.
DRAWN = 0.6
# Darkness of a frame's print at least, and against the ink about it: frames may be much fainter than pens.
PRINT, FAINT_PRINT = 0.08, 0.35


@dataclass(frozen=True, eq=False)
class Patch:
    """A field cut out level.

    dark : (H, W) float32, darkness.
    cells : (N, 4) float64 left, top, right, bottom of its boxes (or its one frame) in the patch, the
        middles of their walls.
    walls : the columns of the drawn walls, and the rows of the drawn lines above and below.
    framed : 0..1, share of the expected frame that is drawn there.
    box : the field on the page.
    """

    dark: Darkness
    cells: NDArray[np.float64]
    walls: tuple[NDArray[np.float64], NDArray[np.float64]]
    framed: float
    box: Box

    @property
    def unit(self) -> float:
        """Height of a box as far as writing fills it, pixels."""
        return _unit(self.cells)


def lift(
    image: Image,
    matrix: Matrix,
    cells: NDArray[np.float64],
    height: int,
    dropout: str | None,
    *,
    framed: bool = True,
    shift: float = SHIFT,
) -> Patch:
    """The patch of a field.

    image : (H, W) uint8 or (H, W, 3) BGR, the page as decoded.
    matrix : (3, 3), from the layout's units to the page.
    cells : (N, 4), the boxes in the layout's units.
    height : pixels that a box shall come to.
    dropout : colour that is not to be seen, None for none.
    framed : whether the field has a frame; else it may have a line below, and nothing at its sides.
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
    found, walls, drawn = _snap(dark, there, shift) if framed else _settle_on_line(dark, there)
    return Patch(dark, found, walls, drawn, box)


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
    part = image[box.y : box.y + box.height, box.x : box.x + box.width]
    return part, np.array([box.x, box.y], np.float64)


def _snap(
    dark: Darkness, cells: NDArray[np.float64], shift: float
) -> tuple[NDArray[np.float64], tuple[NDArray[np.float64], NDArray[np.float64]], float]:
    """The boxes moved onto the frame drawn near them; its walls and lines; how much of it is drawn."""
    mask = ink.binarize(dark, max(PRINT, FAINT_PRINT * ink.ink_threshold(dark)))
    tall = float(np.median(cells[:, 3] - cells[:, 1]))
    wide = float(np.median(cells[:, 2] - cells[:, 0]))
    top, bottom = float(cells[:, 1].min()), float(cells[:, 3].max())
    left, right = float(cells[:, 0].min()), float(cells[:, 2].max())
    columns = _profile(mask, tall, slice(max(0, int(top)), int(bottom) + 1), down=True)
    rows = _profile(mask, min(wide, 2.0 * tall), slice(max(0, int(left)), int(right) + 1), down=False)
    xs = np.unique(np.round(np.concatenate([cells[:, 0], cells[:, 2]]), 2))
    ys = np.unique(np.round(np.concatenate([cells[:, 1], cells[:, 3]]), 2))
    x_places, x_seen = _settle(columns, _merged(xs, 0.02 * wide), shift * min(wide, tall))
    y_places, y_seen = _settle(rows, _merged(ys, 0.02 * tall), shift * min(wide * TALLEST, tall))
    moved = cells.copy()
    for column, edges, places in (
        (0, _merged(xs, 0.02 * wide), x_places),
        (2, _merged(xs, 0.02 * wide), x_places),
        (1, _merged(ys, 0.02 * tall), y_places),
        (3, _merged(ys, 0.02 * tall), y_places),
    ):
        nearest = np.abs(cells[:, column][:, None] - edges[None, :]).argmin(axis=1)
        moved[:, column] = places[nearest]
    drawn = float(min(np.mean(x_seen >= DRAWN), np.mean(y_seen >= DRAWN)))
    walls = tuple(
        # A single line where several should be is something else: the edge of a table, a tall 1.
        places[seen >= DRAWN] if np.mean(seen >= DRAWN) >= 0.5 else np.zeros(0)
        for places, seen in ((x_places, x_seen), (y_places, y_seen))
    )
    return moved, (walls[0], walls[1]), drawn


def _settle_on_line(
    dark: Darkness, cells: NDArray[np.float64]
) -> tuple[NDArray[np.float64], tuple[NDArray[np.float64], NDArray[np.float64]], float]:
    """The area moved up or down onto the ruled line at its lower edge, where there is one; else as it is."""
    mask = ink.binarize(dark, max(PRINT, FAINT_PRINT * ink.ink_threshold(dark)))
    left, top, right, bottom = cells[0]
    rows = _profile(mask, 2.0 * (bottom - top), slice(max(0, int(left)), int(right) + 1), down=False)
    places, seen = _settle(rows, np.array([bottom]), SHIFT * float(bottom - top))
    if seen[0] < DRAWN:
        return cells, (np.zeros(0), np.zeros(0)), 0.0
    return cells + np.array([0.0, 1.0, 0.0, 1.0]) * (places[0] - bottom), (np.zeros(0), places), 1.0


def _merged(edges: NDArray[np.float64], apart: float) -> NDArray[np.float64]:
    """Edges without those that repeat another: neighbours in a comb share a wall."""
    kept = [edges[0]]
    for edge in edges[1:]:
        if edge - kept[-1] > max(apart, 1.0):
            kept.append(edge)
    return np.array(kept)


def _profile(mask: Mask, length: float, span: slice, *, down: bool) -> NDArray[np.float64]:
    """For every column (row) the share of `span` that is covered by long straight ink along it."""
    run = max(5, int(0.4 * length))
    kernel = np.ones((run, 1) if down else (1, run), np.uint8)
    gap = np.ones((3, 1) if down else (1, 3), np.uint8)
    # A line that leans by a few pixels on its way counts, and one that the scanner broke.
    lean = 2 * round(LEAN * (span.stop - span.start)) + 3
    side = np.ones((1, lean) if down else (lean, 1), np.uint8)
    soft = cv2.dilate(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, gap), side)
    lines = cv2.morphologyEx(soft, cv2.MORPH_OPEN, kernel) > 0
    share = lines[span].mean(axis=0) if down else lines[:, span].mean(axis=1)
    return np.asarray(share, np.float64)


def _settle(
    profile: NDArray[np.float64], edges: NDArray[np.float64], reach: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where the edges come to lie on the profile's lines, all moved alike, then each by itself.

    Returns the places and how much of each edge is drawn there (0..1).
    """
    centre = float(edges.mean())
    at = np.arange(len(profile))
    stretch = np.linspace(1 - STRETCH, 1 + STRETCH, 7)[:, None]
    shift = np.linspace(-reach, reach, 2 * int(reach) + 3)
    tried = centre + (edges - centre) * stretch[:, :, None] + shift[:, None]
    there = np.interp(tried, at, profile, left=0.0, right=0.0)
    # Nearer to where the registration puts it is better, all else equal.
    worth = (
        np.minimum(there, 0.9).mean(axis=2) - 0.1 * np.abs(shift) / max(reach, 1.0) - np.abs(stretch - 1.0)
    )
    chosen = tried.reshape(-1, len(edges))[worth.argmax()]
    fine = np.arange(-4.0, 4.5, 0.5)
    places, seen = chosen.copy(), np.zeros(len(edges))
    for index, place in enumerate(chosen):
        near = np.interp(place + fine, at, profile, left=0.0, right=0.0)
        top = near.max()
        if top >= DRAWN:
            # The middle of the wall, not its first column.
            places[index] = place + float(np.average(fine, weights=near >= 0.95 * top))
        seen[index] = top
    return places, seen
