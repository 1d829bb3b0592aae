"""Where components may be cut: valleys between two digits, and the cheapest ways from top to bottom.

All components of a line are looked at together: one by one most of the time would go into calling NumPy.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.document import Image

Cut = NDArray[np.intp]  # a column for every row

LEAN = np.float32(0.04)  # of a seam, for every row in which it moves sideways: straight is better
INKED = 64  # of 255
# Height of the ink in a valley between two digits, against its neighbourhood.
VALLEY_DEPTH = 0.75
ROOM = 1_000_000  # pixels for components that lie side by side
BARRIER = np.float32(1e6)  # ink between components that lie side by side: no seam passes it


def find_cuts(parts: Sequence[Image], distance: float, limit: float, valley: float) -> list[list[Cut]]:
    """Where to cut components (h, w) uint8: of each its cuts, a column for every row, from left to right.

    Valleys first, then seams that keep `distance` (pixels) from them and from one another;
    `limit` is the ink a seam may pass, `valley` the height of the ink that a valley may have.
    """
    large = [i for i, part in enumerate(parts) if part.shape[1] >= 2 * distance and len(part) >= 3]
    seams = find_seams([parts[i] for i in large], limit, max(1, int(0.5 * distance)))
    cuts: list[list[Cut]] = [[] for _ in parts]
    for i, ways in zip(large, seams, strict=True):
        straight = [np.full(len(parts[i]), column, np.intp) for column in find_valleys(parts[i], valley)]
        cuts[i] = _keep_apart(parts[i], straight + ways, distance)
    return cuts


def _keep_apart(part: Image, tried: list[Cut], distance: float) -> list[Cut]:
    """Those of the cuts, the best of which come first, that keep their distance, from left to right."""
    if not tried:
        return []
    h, w = part.shape
    ways = np.stack(tried)
    inked = part[np.arange(h), ways] > INKED
    count = inked.sum(axis=1)
    middles = np.where(count > 0, (ways * inked).sum(axis=1) / np.maximum(count, 1), ways[:, h // 2])
    cuts: list[Cut] = []
    centres: list[float] = []
    edge = max(1, int(0.6 * distance))
    for cut, centre in zip(tried, middles.tolist(), strict=True):
        if edge <= centre < w - edge and all(abs(centre - other) >= distance for other in centres):
            cuts.append(cut)
            centres.append(centre)
    ordered = sorted(cuts, key=lambda cut: int(cut.sum()))
    for before, after in pairwise(ordered):
        np.maximum(before, after, out=after)  # cuts that cross share the stretch
    return ordered


def find_valleys(part: Image, limit: float) -> list[int]:
    """Columns where the ink is low between higher ink on both sides, as where two rings lean together.

    A seam would rather pass twice through thin walls than once along two that have merged.
    limit : height of the ink in the valley, from its first row to its last, pixels.
    """
    inked = part > INKED
    reach = len(part) - inked[::-1].argmax(axis=0) - inked.argmax(axis=0)
    height = np.where(inked.any(axis=0), reach, 0)
    left, right = np.maximum.accumulate(height), np.maximum.accumulate(height[::-1])[::-1]
    low = np.zeros(len(height) + 2, np.bool_)
    low[1:-1] = (height > 0) & (height <= VALLEY_DEPTH * np.minimum(left, right)) & (height <= limit)
    edges = np.flatnonzero(low[1:] != low[:-1]).tolist()
    found = []
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        flat = np.flatnonzero(height[start:end] <= height[start:end].min() + 1)
        found.append(int(start + flat[len(flat) // 2]))
    return found


def find_seams(parts: Sequence[Image], limit: float, apart: int = 1) -> list[list[Cut]]:
    """Cheap ways from the top to the bottom of every component, the cheapest first.

    A seam moves at most one column a row and pays for the ink it passes (a drop-fall that sees
    the whole way, found by dynamic programming from both ends; cf. Congedo et al., 1995).

    parts : (h, w) uint8 ink.
    limit : pixels of full ink that a seam may pass.
    apart : of seams whose middles are no farther apart (pixels) only the cheapest is taken.
    """
    return [seams for group in _groups(parts) for seams in _find_together(group, limit, apart)]


def _groups(parts: Sequence[Image]) -> Iterator[list[Image]]:
    """The parts in their order, as many at a time as fit beside one another."""
    group: list[Image] = []
    for part in parts:
        wider = [*group, part]
        if group and max(map(len, wider)) * sum(each.shape[1] for each in wider) > ROOM:
            yield group
            wider = [part]
        group = wider
    if group:
        yield group


def _find_together(parts: Sequence[Image], limit: float, apart: int) -> list[list[Cut]]:
    """What `find_seams` gives, in one pass over all rows.

    Every component lies there in two halves, the lower one upside down: its middle row is the last of both.
    """
    upper = [part[: len(part) // 2 + 1] for part in parts]
    lower = [part[len(part) // 2 :][::-1] for part in parts]
    cost, lefts = _side_by_side([*upper, *lower], apart)
    total = _accumulate(cost)
    half = lefts[len(parts)]
    through = total[-1, :half] + total[-1, half:] - cost[-1, :half]
    lowest = cv2.erode(through[None], np.ones((1, 2 * apart + 1), np.uint8))[0]
    widths = np.diff(lefts[: len(parts) + 1])
    allowed = np.repeat([limit + 0.01 * len(part) for part in parts], widths).astype(np.float32)
    cheap = np.flatnonzero((through <= allowed) & (through <= lowest))
    owner = np.repeat(np.arange(len(parts)), widths)[cheap]
    order = cheap[np.lexsort((through[cheap], owner))]
    up, down = np.split(_trace(total, np.concatenate([order, order + half])), 2, axis=1)
    ends = np.searchsorted(owner, np.arange(len(parts) + 1)).tolist()
    seams = []
    for i, (begin, end) in enumerate(pairwise(ends)):
        above = up[: len(upper[i]), begin:end][::-1] - lefts[i]
        below = down[1 : len(lower[i]), begin:end] - lefts[len(parts) + i]
        seams.append(list(np.vstack([above, below]).T))
    return seams


def _side_by_side(halves: Sequence[Image], apart: int) -> tuple[NDArray[np.float32], list[int]]:
    """What it costs to pass every pixel of the halves, their last rows in one; and where each begins.

    Between them are barriers, `apart` pixels wide; above a half of fewer rows there is nothing to pay.
    """
    lefts = [0, *np.cumsum([half.shape[1] + apart for half in halves]).tolist()]
    deepest = max(map(len, halves))
    cost = np.full((deepest, lefts[-1]), BARRIER)
    for half, left in zip(halves, lefts, strict=False):
        place = cost[:, left : left + half.shape[1]]
        place[: deepest - len(half)] = 0.0
        place[deepest - len(half) :] = half.astype(np.float32) / 255.0 + 0.01
    return cost, lefts


def _accumulate(cost: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cost of the cheapest way from the first row to every pixel."""
    total = cost.copy()
    sideways = np.empty(cost.shape[1], np.float32)
    best = np.empty(cost.shape[1], np.float32)
    for before, row in pairwise(total):
        np.add(before, LEAN, out=sideways)
        np.minimum(before[1:], sideways[:-1], out=best[1:])
        best[0] = before[0]
        np.minimum(best[:-1], sideways[1:], out=best[:-1])
        np.add(row, best, out=row)
    return total


def _trace(total: NDArray[np.float32], columns: NDArray[np.intp]) -> NDArray[np.intp]:
    """The cheapest ways from `columns` (N,) of the last row to the first one: (rows, N), last row first."""
    before = total[:-1]
    move = np.zeros(before.shape, np.int8)
    cheapest = before.copy()
    np.minimum(before[:, 1:], before[:, :-1] + LEAN, out=cheapest[:, 1:])
    move[:, 1:] -= before[:, :-1] + LEAN <= before[:, 1:]
    move[:, :-1][before[:, 1:] + LEAN < cheapest[:, :-1]] = 1
    ways = np.empty((len(total), len(columns)), np.intp)
    ways[0] = columns
    for row, step in enumerate(move[::-1], start=1):
        np.add(ways[row - 1], step[ways[row - 1]], out=ways[row])
    return ways
