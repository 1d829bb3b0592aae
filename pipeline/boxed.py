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
from pipeline.forms.box_ink import BoxInk
from pipeline.forms.lift import Patch, lift
from pipeline.forms.share import share_out
from pipeline.forms.unframe import writing
from pipeline.paper import ink

# Height, pixels, that a box comes to.
CELL_HEIGHT = 56
# How far the frames may be from where they were found, in widths of a box.
SHIFT = 0.1
# Frames so pale against the pen are lifted to the paper's brightness, and so much more than they need.
PALE_FRAME, BEYOND = 0.75, 1.2
# Share of a row's walls that must be drawn.
LEAST_FRAMED = 0.6
# Frames so thick, in heights of a box, that strokes cannot be followed through them.
THICK = 0.1
# Of a box's sides, left out where the pen's darkness is measured.
RIM = 0.15
NO_WALLS = (np.zeros(0), np.zeros(0))


def lift_boxes(image: Image, row: BoxRow) -> tuple[Box, tuple[BoxInk, ...]] | None:
    """The row's box on the page, and the ink of every one of its cells.

    image : (H, W, 3) uint8 BGR or (H, W) grey. None where no frames are drawn there, but a word, say.
    """
    matrix, cells = _level(row.cells)
    patches = [lift(channel, matrix, cells, CELL_HEIGHT, None, shift=SHIFT) for channel in _channels(image)]
    framed = max(patches, key=lambda patch: patch.framed)
    if framed.framed < LEAST_FRAMED:
        return None
    seen = [replace(patch, cells=framed.cells, walls=framed.walls, tops=framed.tops) for patch in patches]
    patch, frame, pen = max(
        ((each, _frame(each), _pen(each)) for each in seen), key=lambda found: found[2] - found[1]
    )
    thick = _thickness(framed, _frame(framed))
    if frame < PALE_FRAME * pen:
        patch = _without_frames(patch, thick, min(BEYOND * frame, (frame + pen) / 2), pen)
    elif thick > THICK * patch.unit:
        patch = _without_frames(patch, thick, pen, pen)
    return patch.box, share_out(patch, *writing(patch))


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


def _without_frames(patch: Patch, thick: float, by: float, pen: float) -> Patch:
    """The patch, outside the boxes' insides less dark by so much, and without walls.

    What is as dark as the pen there stays so: strokes go on over pale frames. by : `pen` leaves nothing.
    """
    inside = np.zeros(patch.dark.shape, np.bool_)
    rim = thick / 2 + 1.5
    for left, top, right, bottom in patch.cells:
        inside[round(top + rim) : round(bottom - rim) + 1, round(left + rim) : round(right - rim) + 1] = True
    share = pen / (pen - by) if by < pen else 0.0
    left_over = np.clip((patch.dark - np.float32(by)) * np.float32(share), np.float32(0), patch.dark)
    dark = np.where(inside, patch.dark, left_over)
    return replace(patch, dark=dark, walls=NO_WALLS, tops=np.zeros(0))


def _thickness(patch: Patch, frame: float) -> float:
    """Width of the frames' lines, pixels, from those above and below; 0 where there are none."""
    left, right = int(patch.cells[:, 0].min()), int(patch.cells[:, 2].max())
    reach = round(0.2 * patch.unit)
    widths = [
        (patch.dark[max(0, int(y) - reach) : int(y) + reach + 1, left:right] > 0.5 * frame).sum(axis=0)
        for y in patch.walls[1]
    ]
    return float(np.percentile(np.concatenate(widths), 40)) if widths else 0.0


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
