"""From a row of bars on a page to the state of each bar: where it begins and ends, above and below.

The row is lifted out level, at a fixed number of pixels a bar. Its middle, where every bar has ink, is the
band in which the brightness swings most at the distance of the bars; bars are the crests along it. How far
each reaches up and down falls into one height or two, which gives its state whatever was printed how large.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.barcode.find import BarRow
from pipeline.document import Image
from pipeline.paper import ink
from pipeline.paper.ink import Darkness

Columns = NDArray[np.intp]

PITCH = 10  # pixels from bar to bar in the level strip
REACH = 4.5  # height of the strip above and below the row's line, in distances of bars
SHORTEST, LONGEST = 32, 70  # bars of a row that is looked at; the strip has room for so many
BAND = 0.4  # half the height of the band that all bars cross, in distances of bars
SEGMENTS = 4
# Least difference between a high end and a low one, in distances of bars.
STEP = 0.45
# Of a crest along the band: how much darker than the white beside it, as a share of the ink's darkness.
CREST = 0.25
NEXT = (0.65, 1.4)  # distance of neighbouring bars, in usual ones


@dataclass(frozen=True, eq=False)
class Bars:
    """Bars of a row from left to right.

    states : a letter each: F reaches up and down, A up, D down, T neither. two_tops, two_bottoms : whether
        upper (lower) ends differ at all. corners : (4, 2) float64, x and y around the bars on the page.
    """

    states: str
    two_tops: bool
    two_bottoms: bool
    corners: NDArray[np.float64]


def read_bars(grey: Image, row: BarRow) -> Bars | None:
    """The bars of a row on a page (H, W) uint8; None where they cannot be told apart."""
    strip, back = _level(grey, row)
    dark = ink.darkness(strip, window=4 * PITCH)
    middle = _middle_line(dark)
    columns = _crests(dark, middle)
    if not SHORTEST <= len(columns) <= LONGEST:
        return None
    ends = _ends(dark, columns, middle)
    if ends is None:
        return None
    tops, two_tops = _two_levels(columns, -ends[:, 0])
    bottoms, two_bottoms = _two_levels(columns, ends[:, 1])
    states = "".join("TDAF"[down + 2 * up] for up, down in zip(tops, bottoms, strict=True))
    low, high = ends[:, 0].min(), ends[:, 1].max()
    left, right = columns[0] - PITCH / 4, columns[-1] + PITCH / 4
    corners = np.array([[left, low, 1], [right, low, 1], [right, high, 1], [left, high, 1]]) @ back.T
    return Bars(states, two_tops, two_bottoms, corners)


def _level(grey: Image, row: BarRow) -> tuple[Image, NDArray[np.float64]]:
    """The row cut out level with room at its ends; (2, 3) from there back to the page."""
    left, right = np.array(row.left), np.array(row.right)
    along = (right - left) / np.linalg.norm(right - left)
    pitch = float(row.pitch * np.hypot(*along) / along[0])  # distances were measured along the rows of pixels
    seen = float(np.linalg.norm(right - left)) / pitch
    room = max(LONGEST - seen, 4.0)
    height = round(2 * REACH * PITCH)
    size = (round((seen + 2 * room) * PITCH), height)
    step = along * pitch / PITCH
    across = np.array([-step[1], step[0]])
    origin = left - step * room * PITCH - across * height / 2
    back = np.stack([step, across, origin], axis=1)
    flags = cv2.WARP_INVERSE_MAP | (cv2.INTER_LINEAR if pitch < 1.6 * PITCH else cv2.INTER_AREA)
    border = cv2.BORDER_REPLICATE
    return np.asarray(cv2.warpAffine(grey, back, size, flags=flags, borderMode=border), np.uint8), back


def _middle_line(dark: Darkness) -> NDArray[np.float64]:
    """Row of the middle of the band that all bars cross, for every column of the strip."""
    height, width = dark.shape
    angle = (2 * np.pi / PITCH * np.arange(width)).astype(np.float32)
    waves = np.stack([np.cos(angle), np.sin(angle)])
    taper = np.hanning(width // (SEGMENTS - 1)).astype(np.float32)
    half = len(taper) // 2
    centres = np.linspace(half, width - half - 1, SEGMENTS + 2)
    rows, weights = [], []
    for centre in centres:
        begin = int(centre) - half
        part = slice(max(begin, 0), min(begin + len(taper), width))
        # By einsum: for so small a product BLAS would wake all its threads.
        both = np.einsum("yx,kx->yk", dark[:, part], waves[:, part] * taper[: part.stop - part.start])
        swing = np.hypot(both[:, :1], both[:, 1:])
        swing = cv2.blur(swing, (1, PITCH), borderType=cv2.BORDER_CONSTANT)[:, 0]
        rows.append(float(swing.argmax()))
        weights.append(float(swing.max()))
    near = np.array(weights) * (np.abs(np.array(rows) - height / 2) < 0.3 * height)
    if near.max() <= 0:
        return np.full(width, height / 2)
    used = near > 0.4 * near.max()
    line = np.polyfit(centres[used], np.array(rows)[used], min(1, int(used.sum()) - 1), w=near[used])
    return np.asarray(np.polyval(line, np.arange(width)), np.float64)


def _crests(dark: Darkness, middle: NDArray[np.float64]) -> Columns:
    """Columns of the bars: crests of darkness along the middle line, the longest unbroken chain of them."""
    band = np.arange(-round(BAND * PITCH), round(BAND * PITCH) + 1)
    rows = np.clip(np.rint(middle)[None, :] + band[:, None], 0, dark.shape[0] - 1).astype(int)
    along = np.ascontiguousarray(dark[rows, np.arange(dark.shape[1])[None, :]].mean(axis=0), np.float32)
    smooth = cv2.GaussianBlur(along[None, :], (0, 0), 0.12 * PITCH)[0].astype(np.float64)
    reach = PITCH // 2 + 1
    around = cv2.erode(smooth[None, :], np.ones((1, 2 * reach + 1), np.uint8))[0]
    crest = np.flatnonzero((smooth[1:-1] > smooth[:-2]) & (smooth[1:-1] >= smooth[2:])) + 1
    full = float(np.percentile(smooth[crest], 75)) if len(crest) else 0.0
    crest = crest[smooth[crest] - around[crest] > CREST * full]
    if not len(crest):
        return np.zeros(0, np.intp)
    step = np.diff(crest) / PITCH
    breaks = np.flatnonzero((step < NEXT[0]) | (step > NEXT[1])) + 1
    longest: Columns = max(np.split(crest, breaks), key=len)
    return longest


def _ends(dark: Darkness, columns: Columns, middle: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Upper and lower end of every bar, (N, 2) rows of the strip; None where a bar has no ink."""
    wide = np.asarray(cv2.blur(dark, (3, 1))[:, columns], np.float32)
    at = np.clip(np.rint(middle[columns]), 0, len(dark) - 1).astype(int)
    band = [float(wide[max(row - 3, 0) : row + 4, k].max()) for k, row in enumerate(at)]
    ends = np.empty((len(columns), 2))
    for k, (row, full) in enumerate(zip(at.tolist(), band, strict=True)):
        bar = wide[:, k]
        limit = 0.5 * full
        start = row + int(bar[max(row - 3, 0) : row + 4].argmax()) - min(row, 3)
        above = np.flatnonzero(bar[:start] <= limit)
        below = np.flatnonzero(bar[start:] <= limit)
        if full < ink.MIN_CONTRAST or not len(above) or not len(below):
            return None
        ends[k] = _crossing(bar, int(above[-1]), 1, limit), _crossing(bar, start + int(below[0]), -1, limit)
    return ends


def _crossing(bar: NDArray[np.float32], outside: int, towards: int, limit: float) -> float:
    """Where between a pixel outside the bar and the next one inside its darkness crosses the limit."""
    low, high = float(bar[outside]), float(bar[outside + towards])
    return outside + towards * (limit - low) / max(high - low, 1e-6)


def _two_levels(columns: Columns, reach: NDArray[np.float64]) -> tuple[NDArray[np.bool_], bool]:
    """Which bars reach far, and whether any do: their reach is one straight line or two parallel ones."""
    x = (columns - columns.mean()) / PITCH
    slope = 0.0
    far = np.zeros(len(x), bool)
    for _ in range(3):
        level = reach - slope * x
        limit = _split(level)
        far = level > limit
        if not far.any() or far.all() or level[far].mean() - level[~far].mean() < STEP * PITCH:
            far = np.zeros(len(x), bool)
        # Parallel lines share their slope: fit it to what is left of each group without its mean.
        left = reach - np.where(far, reach[far].mean() if far.any() else 0.0, reach[~far].mean())
        at = x - np.where(far, x[far].mean() if far.any() else 0.0, x[~far].mean())
        slope = float((at * left).sum() / max((at * at).sum(), 1e-6))
    return far, bool(far.any())


def _split(level: NDArray[np.float64]) -> float:
    """The limit between two groups that leaves the least variance within them (Otsu 1979)."""
    order = np.sort(level)
    count = np.arange(1, len(order))
    low = np.cumsum(order)[:-1]
    between = (low / count - (order.sum() - low) / (len(order) - count)) ** 2 * count * (len(order) - count)
    best = int(between.argmax())
    return float(order[best] + order[best + 1]) / 2
