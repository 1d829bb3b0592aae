"""Find the printed frame of a field exactly: boxes with walls, boxes parted by ticks, a ruled line."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.paper import ink
from pipeline.paper.ink import Darkness, Mask

# How far the frame may be from where the registration puts it, in heights (and widths) of a box.
SHIFT = 0.3
STRETCH = 0.03
# How far a line may stray from level, of its length, either way.
LEAN = 0.005
# Share of a wall that must be drawn to be taken for one.
DRAWN = 0.6
# Darkness of a frame's print at least, and against the ink about it: frames may be much fainter than pens.
PRINT, FAINT_PRINT = 0.08, 0.35
# Height of ticks that part the boxes of an open comb, in heights of a box; share of them that must be there.
TICKS, TICKED = (0.5, 0.35, 0.22), 0.8


@dataclass(frozen=True, eq=False)
class Frame:
    """A frame as it is drawn.

    cells : (N, 4), the boxes moved onto it; walls, drawn, tops : as `walls`, `framed`, `tops` of a Patch.
    """

    cells: NDArray[np.float64]
    walls: tuple[NDArray[np.float64], NDArray[np.float64]]
    drawn: float
    tops: NDArray[np.float64]


def snap(dark: Darkness, cells: NDArray[np.float64], shift: float, tallest: float, ticks: bool) -> Frame:
    """The frame drawn near the boxes; where it has no walls, and `ticks` may be instead, those.

    dark : (H, W) float32; cells : (N, 4) left, top, right, bottom in it. shift : how far the frame may be, in
    heights (and widths) of a box; tallest : height over width up to which a box is written on.
    """
    whole = _walled(dark, cells, shift, tallest)
    ticked = _ticked(dark, cells, shift) if ticks and whole.drawn < 0.5 else None
    return ticked or whole


def _walled(dark: Darkness, cells: NDArray[np.float64], shift: float, tallest: float) -> Frame:
    """The boxes moved onto walls and lines."""
    mask = _printed(dark)
    tall = float(np.median(cells[:, 3] - cells[:, 1]))
    wide = float(np.median(cells[:, 2] - cells[:, 0]))
    top, bottom = float(cells[:, 1].min()), float(cells[:, 3].max())
    left, right = float(cells[:, 0].min()), float(cells[:, 2].max())
    columns = _profile(mask, tall, slice(max(0, int(top)), int(bottom) + 1), down=True)
    rows = _profile(mask, min(wide, 2.0 * tall), slice(max(0, int(left)), int(right) + 1), down=False)
    xs = np.unique(np.round(np.concatenate([cells[:, 0], cells[:, 2]]), 2))
    ys = np.unique(np.round(np.concatenate([cells[:, 1], cells[:, 3]]), 2))
    x_places, x_seen = _settle(columns, _merged(xs, 0.02 * wide), shift * min(wide, tall))
    y_places, y_seen = _settle(rows, _merged(ys, 0.02 * tall), shift * min(wide * tallest, tall))
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
    return Frame(moved, (walls[0], walls[1]), drawn, np.zeros(len(walls[0])))


def _ticked(dark: Darkness, cells: NDArray[np.float64], shift: float) -> Frame | None:
    """Boxes that stand on one line and are parted by ticks upon it; None where there are none.

    The outer walls, and a line above, may be drawn whole.
    """
    mask = _printed(dark)
    wide, tall = np.median(cells[:, 2:] - cells[:, :2], axis=0)
    rows = _profile(
        mask, 2.0 * tall, slice(max(0, int(cells[:, 0].min())), int(cells[:, 2].max()) + 1), down=False
    )
    lines, seen = _settle(rows, np.array([cells[:, 3].max()]), shift * tall)
    if seen[0] < DRAWN:
        return None
    foot = float(lines[0])
    edges = _merged(np.unique(np.round(np.concatenate([cells[:, 0], cells[:, 2]]), 2)), 0.02 * wide)
    for share in TICKS:
        span = slice(max(0, int(foot - share * tall)), int(foot) + 1)
        columns = _profile(mask, share * tall, span, down=True)
        places, there = _settle(columns, edges, shift * min(wide, tall))
        if np.mean(there >= DRAWN) >= TICKED:
            break
    else:
        return None
    whole = _profile(mask, tall, slice(max(0, int(foot - tall)), int(foot) + 1), down=True)
    long = np.interp(places, np.arange(len(whole)), whole) >= DRAWN
    tops = np.where(long, 0.0, span.start - 3.0)
    above, roof = _settle(rows, lines - tall, 0.1 * tall)
    nearest = [np.abs(cells[:, side][:, None] - edges[None, :]).argmin(axis=1) for side in (0, 2)]
    low = np.full(len(cells), foot)
    moved = np.stack([places[nearest[0]], low - tall, places[nearest[1]], low], axis=1)
    level = np.concatenate([above[roof >= DRAWN], lines])
    drawn = there >= DRAWN
    return Frame(moved, (places[drawn], level), float(drawn.mean()), tops[drawn])


def _printed(dark: Darkness) -> Mask:
    """What may be a frame's print, writing among it."""
    return ink.binarize(dark, max(PRINT, FAINT_PRINT * ink.ink_threshold(dark)))


def settle_on_line(dark: Darkness, cells: NDArray[np.float64]) -> Frame:
    """The area moved up or down onto the ruled line at its lower edge, where there is one; else as it is."""
    mask = _printed(dark)
    left, top, right, bottom = cells[0]
    rows = _profile(mask, 2.0 * (bottom - top), slice(max(0, int(left)), int(right) + 1), down=False)
    places, seen = _settle(rows, np.array([bottom]), SHIFT * float(bottom - top))
    if seen[0] < DRAWN:
        return Frame(cells, (np.zeros(0), np.zeros(0)), 0.0, np.zeros(0))
    moved = cells + np.array([0.0, 1.0, 0.0, 1.0]) * (places[0] - bottom)
    return Frame(moved, (np.zeros(0), places), 1.0, np.zeros(0))


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
