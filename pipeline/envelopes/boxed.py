"""Lift the writing out of a row of printed boxes, the frames left behind.

The channel is taken in which the frames are palest against the pen: print in the colour of light orange
is paper to a red channel. What is still seen of the frames there is taken out as on forms.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pipeline.document import Box, Image
from pipeline.envelopes.boxes import BoxRow
from pipeline.forms.lift import Patch, lift
from pipeline.forms.unframe import share_out, writing
from pipeline.paper import ink
from pipeline.paper.ink import Darkness, Mask

# Height, pixels, that a box comes to.
CELL_HEIGHT = 56
# How far the frames may be from where they were found, in widths of a box.
SHIFT = 0.1
# Frames so pale against the pen are lifted to the paper's brightness, and so much more than they need.
PALE_FRAME, BEYOND = 0.6, 1.2
# Half of the strip about a wall in which its print lies, in heights of a box.
BAND = 0.07
# Of a box's sides, left out where the pen's darkness is measured.
RIM = 0.15
NO_WALLS = (np.zeros(0), np.zeros(0))


def lift_boxes(image: Image, row: BoxRow) -> tuple[Box, tuple[tuple[Darkness, Mask], ...]]:
    """The row's box on the page, and for every one of its cells the darkness around it and its own ink.

    image : (H, W, 3) uint8 BGR or (H, W) grey.
    """
    matrix, cells = _level(row.cells)
    patches = [lift(channel, matrix, cells, CELL_HEIGHT, None, shift=SHIFT) for channel in _channels(image)]
    framed = max(patches, key=lambda patch: patch.framed)
    seen = [replace(patch, cells=framed.cells, walls=framed.walls) for patch in patches]
    patch, frame, pen = max(
        ((each, _frame(each), _pen(each)) for each in seen), key=lambda found: found[2] - found[1]
    )
    if frame < PALE_FRAME * pen:
        patch = replace(patch, dark=_paled(patch, BEYOND * frame), walls=NO_WALLS)
    mask, _ = writing(patch)
    return patch.box, share_out(patch, mask)


def _channels(image: Image) -> Iterator[Image]:
    yield ink.to_grey(image)
    if image.ndim == 3:
        yield from (np.ascontiguousarray(image[:, :, channel]) for channel in (2, 1, 0))


def _level(cells: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A turn (3, 3) from a level row to the page, and the cells (N, 4) of that row."""
    middles = (cells[:, :2] + cells[:, 2:]) / 2
    centre = middles.mean(axis=0)
    slope = float(np.polyfit(middles[:, 0], middles[:, 1], 1)[0])
    along = np.array([1.0, slope]) / np.hypot(1.0, slope)
    turn = np.array([[along[0], -along[1]], [along[1], along[0]]])
    level = (middles - centre) @ turn
    half = np.median(cells[:, 2:] - cells[:, :2], axis=0) / 2
    matrix = np.eye(3)
    matrix[:2, :2], matrix[:2, 2] = turn, centre
    return matrix, np.hstack([level - half, level + half])


def _paled(patch: Patch, by: float) -> Darkness:
    """The patch's darkness, less of it along the walls."""
    dark = patch.dark.copy()
    band = max(3, round(BAND * patch.unit))
    columns, rows = (np.rint(places).astype(int).tolist() for places in patch.walls)
    strips = np.zeros(dark.shape, np.bool_)
    for x in columns:
        strips[:, max(0, x - band) : x + band + 1] = True
    for y in rows:
        strips[max(0, y - band) : y + band + 1] = True
    dark[strips] = np.maximum(dark[strips] - np.float32(by), 0.0)
    return dark


def _frame(patch: Patch) -> float:
    """How dark the frames are, where their walls were found; 0 where none were."""
    columns, rows = patch.walls
    top, bottom = int(patch.cells[:, 1].min()), int(patch.cells[:, 3].max())
    left, right = int(patch.cells[:, 0].min()), int(patch.cells[:, 2].max())
    lines = [patch.dark[top:bottom, max(0, int(x) - 2) : int(x) + 3].max(axis=1) for x in columns]
    lines += [patch.dark[max(0, int(y) - 2) : int(y) + 3, left:right].max(axis=0) for y in rows]
    return float(np.median(np.concatenate(lines))) if lines else 0.0


def _pen(patch: Patch) -> float:
    """How dark the writing in the boxes is."""
    inside = []
    for left, top, right, bottom in patch.cells:
        rim_x, rim_y = RIM * (right - left), RIM * (bottom - top)
        inside.append(
            patch.dark[int(top + rim_y) : int(bottom - rim_y), int(left + rim_x) : int(right - rim_x)]
        )
    values = np.concatenate([part.ravel() for part in inside])
    return float(np.percentile(values, 95)) if values.size else 0.0
