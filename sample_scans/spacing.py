"""Setting characters side by side the way a hand does: by the room between their ink, not their boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sample_scans.ink import Blot

_SEEN = 96  # coverage that counts as ink for spacing
_FAR = 10_000


def _edges(blot: Blot) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """(h,) leftmost and rightmost + 1 ink column of each row, +-_FAR in empty rows."""
    mask = blot.coverage >= _SEEN
    inked = mask.any(axis=1)
    left = np.where(inked, mask.argmax(axis=1), _FAR)
    right = np.where(inked, mask.shape[1] - mask[:, ::-1].argmax(axis=1), -_FAR)
    return left, right


def _spread(edge: NDArray[np.intp], reach: int) -> NDArray[np.intp]:
    """Each row's greatest value among its neighbours up to `reach` rows away."""
    padded = np.pad(edge, reach, constant_values=-_FAR)
    highest: NDArray[np.intp] = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).max(axis=1)
    return highest


def line_up(
    rng: np.random.Generator,
    blots: Sequence[Blot | None],
    gap: float | Sequence[float],
    size: float,
    climb: float,
) -> tuple[list[Blot | None], list[tuple[int, int]]]:
    """Move each blot to the right of those before it; None stands for a space.

    gap : usual room in pixels between the ink of neighbours, row by row, so that a slanting 7 takes
    a dot under its roof; negative lets them overlap. One for all, or for each the room before it.
    size : height of a digit in pixels. climb : rise of the line, pixels up per pixel right.
    Returns the moved blots and the shift (x, y) of each.
    """
    present = [b for b in blots if b is not None]
    top = min((b.y for b in present), default=0)
    bottom = max((b.y + len(b.coverage) for b in present), default=1)
    frontier = np.full(bottom - top, -_FAR, np.intp)
    reach = max(1, round(0.12 * size))
    gaps = np.broadcast_to(gap, len(blots)).tolist()
    noise = (0.07 * size * rng.standard_normal(len(blots))).tolist()
    moved: list[Blot | None] = []
    shifts = []
    last_left, blank = 0, 0.0
    for blot, room, extra in zip(blots, gaps, noise, strict=True):
        if blot is None:
            moved.append(None)
            shifts.append((0, 0))
            blank += 0.45 * size + abs(extra)
            continue
        left, right = _edges(blot)
        rows = slice(blot.y - top, blot.y - top + len(left))
        free = int((_spread(frontier, reach)[rows] - left).max())
        ink_left = int(left.min())
        if free < -_FAR // 2:  # nothing before it at its height: go by the boxes
            free = int(frontier.max()) - ink_left if frontier.max() > -_FAR else 0
        x = round(free + room + extra + blank)
        if len(shifts) > 0:
            x = max(x, last_left + round(0.12 * size) - ink_left)
        drop = round(-climb * x)
        moved.append(replace(blot, x=x, y=blot.y + drop))
        shifts.append((x - blot.x, drop))
        np.maximum(frontier[rows], np.where(right > 0, right + x, -_FAR), out=frontier[rows])
        last_left, blank = x + ink_left, 0.0
    return moved, shifts
