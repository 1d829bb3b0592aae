"""Find a row of printed boxes, one digit each: by the colour of their frames, else by their outlines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.document import Image
from pipeline.envelopes.combs import find_combs
from pipeline.paper import ink
from pipeline.paper.ink import Mask

MIN_SIDE = 8  # pixels; a digit in a smaller box cannot be read
MAX_SIDE = 0.3  # of the page's height
ASPECT = (0.4, 1.25)  # width over height
COLOURED = 0.035  # redness over the paper's that is a printed frame and not JPEG noise
FAINT = (0.2, 0.14, 0.1, 0.07)  # darkness at which fainter and fainter frames are looked for
FRAMED = 0.62  # share of a box's outline that must be drawn
# Of a row: share of the boxes that must be seen as such, and of all frames that must be drawn; in steps from
# box to box how far one may be out of its place, and how much more than a step two groups may stand apart.
SEEN, LEAST_DRAWN, OFF_PLACE, GROUP_GAP = 0.4, 0.75, 0.2, 2.2
# Boxes within a row that may be missing without a look at their frames.
MISSING = 1


@dataclass(frozen=True)
class BoxRow:
    """A row of printed boxes.

    cells : (N, 4) float64 left, top, right, bottom of the inside of every box, page pixels.
    coloured : the frames have a colour that the red channel does not see.
    """

    cells: NDArray[np.float64]
    coloured: bool


def find_box_rows(image: Image, groups: Sequence[int]) -> Iterator[list[BoxRow]]:
    """Rows of as many equal boxes as `groups` has, best first, once for every way to look for them.

    image : (H, W, 3) uint8 BGR or (H, W) grey. A way that finds none gives nothing; rows of which several
    boxes had to be guessed come after all others.
    """
    guessed: list[tuple[float, BoxRow]] = []
    for coloured, mask in _masks(image):
        found = [(seen, BoxRow(cells, coloured)) for seen, cells in _rows(mask, groups)]
        rows = [row for seen, row in found if seen > sum(groups) - MISSING - 1]
        if rows:
            yield rows
        guessed += [(seen, row) for seen, row in found if seen <= sum(groups) - MISSING - 1]
    if guessed:
        yield [row for _, row in sorted(guessed, key=lambda each: -each[0])]


def _masks(image: Image) -> Iterator[tuple[bool, Mask]]:
    """Where frames may be drawn: in their colour, then in whatever is dark, then in what is less so."""
    if image.ndim == 3:
        yield True, _coloured(image)
    dark = ink.darkness(ink.to_grey(image))
    for limit in (ink.ink_threshold(dark), *FAINT):
        yield False, ink.binarize(dark, limit)


def _coloured(image: Image) -> Mask:
    """Where thin print is orange or red: (H, W) uint8, 255 there.

    JPEG smears colour over its neighbourhood, and frames may be faint: what counts is to be
    redder than the ground and at least half as red as the reddest point near by.
    """
    channels = image.astype(np.float32)
    redness = channels[:, :, 2] - (channels[:, :, 0] + channels[:, :, 1]) / 2.0
    height, width = redness.shape
    window = max(9, min(height, width) // 10) | 1
    small = cv2.resize(redness, (max(1, width // 4), max(1, height // 4)), interpolation=cv2.INTER_AREA)
    ground = cv2.morphologyEx(small, cv2.MORPH_OPEN, np.ones((window // 4 | 1, window // 4 | 1), np.uint8))
    redness -= cv2.resize(ground, (width, height), interpolation=cv2.INTER_LINEAR)
    reach = max(5, min(height, width) // 60) | 1
    reddest = cv2.dilate(redness, np.ones((reach, reach), np.uint8))
    mask = np.where((redness > COLOURED * 255.0) & (redness > 0.5 * reddest), np.uint8(255), np.uint8(0))
    return cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)).astype(np.uint8, copy=False)


def _rows(mask: Mask, groups: Sequence[int]) -> list[tuple[float, NDArray[np.float64]]]:
    """Cells of the rows of boxes in a mask, and how many of them were seen as boxes; most first."""
    boxes = _framed(mask, groups)
    rows: list[tuple[float, NDArray[np.float64]]] = []
    used = np.zeros(len(boxes), bool)
    for seed in np.argsort(-boxes[:, 3] + boxes[:, 1]) if len(boxes) else []:
        if used[seed]:
            continue
        alike = _alike(boxes, int(seed))
        used[alike] = True
        found = _fill(_distinct(boxes[alike]), groups, mask)
        if found is not None:
            rows.append(found)
    return sorted(rows, key=lambda item: -item[0])


def _framed(mask: Mask, groups: Sequence[int]) -> NDArray[np.float64]:
    """Insides of everything in `mask` that looks like a drawn box: (N, 4) left, top, right, bottom.

    groups : how many may have walls in common.
    """
    height = mask.shape[0]
    contours, hierarchy = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    found: list[tuple[float, float, float, float]] = []
    for contour, (_, _, _, parent) in zip(
        contours, hierarchy[0] if hierarchy is not None else [], strict=True
    ):
        x, y, w, h = cv2.boundingRect(contour)
        if not MIN_SIDE <= h <= MAX_SIDE * height:
            continue
        if parent < 0 and w >= 2 * MIN_SIDE and w > ASPECT[1] * h:
            cells = find_combs(mask[y : y + h, x : x + w], groups, ASPECT)
            found += [(x + left, y + top, x + right, y + bottom) for left, top, right, bottom in cells]
        if not ASPECT[0] <= w / h <= ASPECT[1] or w < MIN_SIDE * 0.6:
            continue
        if parent >= 0:  # a hole: the inside of a closed frame
            # Its hull, since a digit that touches the frame bites into the hole.
            if cv2.contourArea(cv2.convexHull(contour)) >= 0.7 * w * h:
                found.append((x + 1, y + 1, x + w - 1, y + h - 1))
        elif _outline(mask[y : y + h, x : x + w]) >= FRAMED:
            edge = 0.08 * w
            found.append((x + edge, y + edge, x + w - edge, y + h - edge))
    return np.array(found, np.float64).reshape(-1, 4)


def _outline(part: Mask) -> float:
    """Share of the outline of a box that is drawn, within a band of a tenth of its size."""
    h, w = part.shape
    band_y, band_x = max(2, h // 8), max(2, w // 8)
    sides = (
        part[:band_y].any(axis=0).mean(),
        part[-band_y:].any(axis=0).mean(),
        part[:, :band_x].any(axis=1).mean(),
        part[:, -band_x:].any(axis=1).mean(),
    )
    hollow = part[band_y:-band_y, band_x:-band_x]
    if hollow.size == 0 or (hollow > 0).mean() > 0.45:
        return 0.0
    return float(min(sides))


def _distinct(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """One of each group of boxes whose middles nearly agree: the smallest, which is the inside."""
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    kept: list[NDArray[np.float64]] = []
    for index in np.argsort(areas):
        box = boxes[index]
        middle, size = (box[:2] + box[2:]) / 2, box[2:] - box[:2]
        if all(np.any(np.abs((k[:2] + k[2:]) / 2 - middle) > 0.4 * size) for k in kept):
            kept.append(box)
    row = np.array(kept).reshape(-1, 4)
    return row[np.argsort(row[:, 0] + row[:, 2])]


def _alike(boxes: NDArray[np.float64], seed: int) -> NDArray[np.intp]:
    """Indices of the boxes of about the seed's size on about its line; a line may slope by 1 in 8."""
    size = boxes[:, 2:] - boxes[:, :2]
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    apart = np.abs(middle - middle[seed])
    like = (
        (np.abs(size[:, 1] / size[seed, 1] - 1) < 0.25)
        & (np.abs(size[:, 0] / size[seed, 0] - 1) < 0.35)
        & (apart[:, 1] < 0.2 * size[seed, 1] + apart[:, 0] / 8)
    )
    return np.flatnonzero(like)


def _fill(
    row: NDArray[np.float64], groups: Sequence[int], mask: Mask
) -> tuple[float, NDArray[np.float64]] | None:
    """The cells of a row of boxes that stand in `groups`, and how many of them were seen as such; or None.

    row : (N, 4), from left to right. Ink that touches a frame hides a box: it is put in where frames are
    drawn. Between groups there is no less white than within, and at most GROUP_GAP steps more.
    """
    count = sum(groups)
    if len(row) < max(2, SEEN * count):
        return None
    middles = (row[:, 0] + row[:, 2]) / 2
    width = float(np.median(row[:, 2] - row[:, 0]))
    steps = np.diff(middles)
    near = steps[steps < 2.2 * width]
    if near.size == 0 or near.min() < 0.9 * width:
        return None
    pitch = float(np.median(near))
    best: tuple[float, NDArray[np.float64]] | None = None
    for places in _placings(middles, groups, pitch):
        apart = np.abs(places[:, None] - middles[None, :])
        there = apart.min(axis=1) < OFF_PLACE * pitch
        worth = float(there.sum()) - float(apart.min(axis=1)[there].mean()) / pitch if there.any() else 0.0
        if there.sum() < max(2, SEEN * count) or (best is not None and worth <= best[0]):
            continue
        cells = _complete(row, places, np.where(there, apart.argmin(axis=1), -1))
        if _goes_on(middles, places, pitch) or not _hidden(mask, cells, there, pitch):
            continue
        best = worth, cells
    return best


def _goes_on(middles: NDArray[np.float64], places: NDArray[np.float64], pitch: float) -> bool:
    """Whether one more box was seen at either end of a row: it is one of more boxes."""
    beyond = np.array([places[0] - pitch, places[-1] + pitch])
    return bool((np.abs(middles[None, :] - beyond[:, None]) < OFF_PLACE * pitch).any())


def _hidden(mask: Mask, cells: NDArray[np.float64], there: NDArray[np.bool_], pitch: float) -> bool:
    """Whether the frames of boxes that were not seen as such are drawn, and none are beyond the row."""
    if there.sum() >= len(there) - MISSING and there[0] and there[-1]:
        return True
    step = np.array([pitch, 0.0, pitch, 0.0])
    if any(_drawn(mask, beyond) >= LEAST_DRAWN for beyond in (cells[:1] - step, cells[-1:] + step)):
        return False
    return _drawn(mask, cells[~there]) >= LEAST_DRAWN


def _drawn(mask: Mask, cells: NDArray[np.float64]) -> float:
    """Share of the frames around the insides `cells` (N, 4) that is drawn, of the side that has the least."""
    shares = []
    for left, top, right, bottom in np.rint(cells).astype(int).tolist():
        near_x, near_y = max(3, (right - left) // 6), max(3, (bottom - top) // 8)
        part = mask[max(0, top - near_y) : bottom + near_y, max(0, left - near_x) : right + near_x] > 0
        if min(left - near_x, top - near_y) < 0 or part.shape[0] < 2 * near_y + 2:
            return 0.0
        if part.shape != (bottom - top + 2 * near_y, right - left + 2 * near_x):
            return 0.0
        rows, columns = part[near_y:-near_y], part[:, near_x:-near_x]
        shares.append(
            [
                rows[:, : near_x + 1].any(axis=1).mean(),
                rows[:, -near_x - 1 :].any(axis=1).mean(),
                columns[: near_y + 1].any(axis=0).mean(),
                columns[-near_y - 1 :].any(axis=0).mean(),
            ]
        )
    return float(np.mean(shares, axis=0).min())


def _placings(
    middles: NDArray[np.float64], groups: Sequence[int], pitch: float
) -> Iterator[NDArray[np.float64]]:
    """Where the cells' middles may be, if one of the boxes is a cell of the first group, and which it is."""
    number = np.arange(sum(groups), dtype=np.float64) * pitch
    group = np.repeat(np.arange(len(groups)), groups)
    begins = (middles[:, None] - number[None, : groups[0]]).ravel()
    begins = np.sort(begins)
    for first in begins[np.diff(begins, prepend=-np.inf) > OFF_PLACE * pitch]:
        yield first + number
        if len(groups) == 2:
            for other in middles:
                # The box at `other` is the first of the second group, or its neighbour.
                for place in (groups[0], groups[0] + 1):
                    gap = other - first - number[place]
                    if 0.0 < gap <= GROUP_GAP * pitch:
                        yield first + number + gap * group


def _complete(
    row: NDArray[np.float64], places: NDArray[np.float64], chosen: NDArray[np.intp]
) -> NDArray[np.float64]:
    """The boxes of a row in their places; where one is missing (-1), one like the others on their line."""
    there = chosen >= 0
    known = row[chosen[there]]
    middles = (known[:, :2] + known[:, 2:]) / 2
    slope, height = np.polyfit(middles[:, 0], middles[:, 1], 1)
    half = np.median(known[:, 2:] - known[:, :2], axis=0) / 2
    centres = np.column_stack([places, slope * places + height])
    cells = np.hstack([centres - half, centres + half])
    cells[there] = known
    return cells
