"""Find the lines of text on a mail piece, and take its own slant out of each that is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.layouts import Country
from pipeline.paper import deskew
from pipeline.paper.ink import Mask
from pipeline.strings.segment import digit_height

Labels = NDArray[np.integer[Any]]

MAX_COMPONENTS, MAX_LABELS = 1500, 65535
# Components of writing, as shares of the page's height (a page lies on its longer side or stands).
TALLEST, SHORTEST = 0.16, 0.006
LINE_GAP = 2.2  # heights of the line: white that ends a line
# A dash: its length and most height, as shares of the page's height; how often as long as high it is; how far
# the digits that it joins stand from it and reach over it, in their heights.
SHORT_DASH, LONG_DASH, HIGH_DASH, FLAT = 0.005, 0.05, 0.012, 1.5
DASH_GAP, OVER_DASH = 1.2, 0.5
# Width of a digit with its white, in heights of the line, least and most.
NARROW_DIGIT, WIDE_DIGIT = 0.28, 1.6


@dataclass(frozen=True, eq=False)
class Components:
    """What may be writing on a page.

    labels : (H, W) uint16 or int32, of all components of ink. numbers : (N,) int32, the labels of those
        that may be writing. boxes : (N, 4) int32 left, top, right, bottom of these.
    dashes : (D, 4) int32, boxes of what may be dashes between these.
    """

    labels: Labels
    numbers: NDArray[np.int32]
    boxes: NDArray[np.int32]
    dashes: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class TextLine:
    """Components of one line of writing, from left to right.

    numbers : (N,) int32, their labels; boxes : (N, 4) int32 left, top, right, bottom.
    spans : (N, 2) float64, where each would begin and end if the writing did not slant.
    slant : a shear about the row `middle` that makes its writing upright.
    """

    numbers: NDArray[np.int32]
    boxes: NDArray[np.int32]
    spans: NDArray[np.float64]
    slant: float = 0.0
    middle: float = 0.0

    @cached_property
    def height(self) -> float:
        """Of its tall letters or digits, pixels."""
        return digit_height(self.boxes)

    @cached_property
    def gaps(self) -> NDArray[np.float64]:
        """White before each component and after the last, line heights, (N + 1,); inf at both ends."""
        left, right = self.spans[:, 0], np.maximum.accumulate(self.spans[:, 1])
        return np.concatenate([[np.inf], (left[1:] - right[:-1]) / max(self.height, 1.0), [np.inf]])

    def fits(self, begin: int, end: int, country: Country) -> bool:
        """Whether its components from `begin` to `end` are as wide as a code of the country may be."""
        if end - begin > 3 * max(country.lengths):
            return False
        width = float(self.spans[begin:end, 1].max() - self.spans[begin, 0])
        least, most = NARROW_DIGIT * min(country.lengths), WIDE_DIGIT * max(country.lengths)
        return least * self.height <= width <= most * self.height

    def ends(self, country: Country, white: float) -> Iterator[tuple[int, int]]:
        """Its ends, or beginnings where the country's code leads its line, that are as wide as a code.

        white : least gap before them, line heights. Gives first component and end (exclusive).
        """
        gaps, count = self.gaps, len(self.numbers)
        for at in range(count + 1):
            begin, end = (0, at) if country.where == "start" else (at, count)
            if end > begin and gaps[at] >= white and self.fits(begin, end, country):
                yield begin, end

    def part(self, begin: int, end: int) -> TextLine:
        """Its components from `begin` to `end` (exclusive)."""
        return TextLine(
            self.numbers[begin:end], self.boxes[begin:end], self.spans[begin:end], self.slant, self.middle
        )


def find_components(mask: Mask) -> Components:
    """The components of an upright page that may be writing, the largest where there are very many.

    mask : (H, W) uint8, ink bright.
    """
    count, numbered, found, _ = cv2.connectedComponentsWithStats(mask, connectivity=8, ltype=cv2.CV_16U)
    if count > MAX_LABELS:  # in half as many bits labelling takes half the time, but so many it cannot count
        _, numbered, found, _ = cv2.connectedComponentsWithStats(mask, connectivity=8, ltype=cv2.CV_32S)
    stats = np.asarray(found, np.int32)
    numbers = np.flatnonzero(_writing(stats, max(mask.shape)))
    area = stats[:, cv2.CC_STAT_AREA]
    if len(numbers) > MAX_COMPONENTS:
        numbers = np.sort(numbers[np.argsort(-area[numbers])[:MAX_COMPONENTS]])
    dashes = _corners(stats[_dashes(stats, max(mask.shape))])
    return Components(np.asarray(numbered), numbers.astype(np.int32), _corners(stats[numbers]), dashes)


def find_skew(components: Components) -> float:
    """Degrees by which the lines of writing run downhill to the right."""
    return deskew.estimate_skew(components.boxes, components.labels.shape[1])


def find_text_lines(components: Components) -> list[TextLine]:
    """Lines of text on an upright page, their slant still in them (see `upright`)."""
    boxes = components.boxes
    lines = []
    for chain in _chains(boxes, components.dashes):
        way = chain[np.argsort(boxes[chain, 0] + boxes[chain, 2], kind="stable")]
        lines.append(TextLine(components.numbers[way], boxes[way], boxes[way][:, [0, 2]].astype(np.float64)))
    return lines


def upright(labels: Labels, line: TextLine) -> TextLine:
    """A line with its own slant taken out of where its components begin and end.

    labels : (H, W), of the page's components.
    """
    left, top = line.boxes[:, :2].min(axis=0)
    right, bottom = line.boxes[:, 2:].max(axis=0)
    near = labels[top:bottom, left:right]
    place = np.zeros(int(near.max()) + 1, np.int32)
    place[line.numbers] = np.arange(1, len(line.numbers) + 1)
    near = place[near]
    slant = deskew.estimate_slant(np.where(near > 0, np.uint8(255), np.uint8(0)))
    ys, xs = np.nonzero(near)
    along = left + xs + slant * (ys - (bottom - top) / 2.0)
    number = near[ys, xs] - 1
    spans = np.full((len(line.numbers), 2), np.inf)
    spans[:, 1] = -np.inf
    np.minimum.at(spans[:, 0], number, along)
    np.maximum.at(spans[:, 1], number, along + 1.0)
    way = np.argsort(spans.sum(axis=1))
    return TextLine(line.numbers[way], line.boxes[way], spans[way], slant, (top + bottom) / 2.0)


def _writing(stats: NDArray[np.int32], size: int) -> NDArray[np.bool_]:
    width, height, area = (stats[:, k] for k in (cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT, cv2.CC_STAT_AREA))
    writing = (height >= SHORTEST * size) & (height <= TALLEST * size) & (width <= 0.5 * size) & (area >= 8)
    writing[0] = False
    return np.asarray(writing, np.bool_)


def _dashes(stats: NDArray[np.int32], size: int) -> NDArray[np.bool_]:
    width, height = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]
    long = (width >= SHORT_DASH * size) & (width <= LONG_DASH * size)
    return np.asarray(long & (height < HIGH_DASH * size) & (width >= FLAT * height), np.bool_)


def _corners(stats: NDArray[np.int32]) -> NDArray[np.int32]:
    """Left, top, right, bottom of components."""
    boxes = stats[:, :4].astype(np.int32)
    boxes[:, 2:] += boxes[:, :2]
    return boxes


def _chains(boxes: NDArray[np.int32], dashes: NDArray[np.int32]) -> list[NDArray[np.intp]]:
    """Components linked to their nearest right neighbour on the same line, as index arrays."""
    parent = np.arange(len(boxes)).tolist()

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for i, j in [*_links(boxes), *_joined(boxes, dashes)]:
        parent[root(j)] = root(i)
    groups: dict[int, list[int]] = {}
    for i in range(len(boxes)):
        groups.setdefault(root(i), []).append(i)
    return [np.array(group, np.intp) for group in groups.values()]


def _links(boxes: NDArray[np.int32]) -> list[tuple[int, int]]:
    """Pairs of components of which the second continues the first's line, or stands over or under it."""
    if not len(boxes):
        return []
    left, top, right, bottom = boxes.T.astype(np.float32)
    tall = bottom - top
    shared = np.minimum(bottom[:, None], bottom) - np.maximum(top[:, None], top)
    smaller, taller = np.minimum(tall[:, None], tall), np.maximum(tall[:, None], tall)
    gap = left - right[:, None]
    near = (
        (shared >= 0.4 * smaller)
        & (gap < LINE_GAP * np.minimum(taller, 2.5 * smaller))
        & (left > left[:, None])
        & (taller < 4.0 * smaller)
    )
    # What stands over or under it belongs to it, and does not end the line.
    after = right > right[:, None]
    links = [(int(i), int(j)) for i, j in np.argwhere(near & ~after)]
    alike = taller < 2.0 * smaller  # what stands beyond a comma that ends the word, and is not like it
    for fit in (near & after, near & after & alike):
        white = np.where(fit, gap, np.inf)
        nearest = white.argmin(axis=1)
        links += [(i, int(nearest[i])) for i in np.flatnonzero(np.isfinite(white.min(axis=1))).tolist()]
    return links


def _joined(boxes: NDArray[np.int32], dashes: NDArray[np.int32]) -> list[tuple[int, int]]:
    """Pairs of components that have a dash between them, half way up, and hardly more."""
    if not len(boxes):
        return []
    links = []
    left, top, right, bottom = boxes.T.astype(np.float32)
    tall = bottom - top
    for begin, upper, end, lower in dashes.tolist():
        share = ((upper + lower) / 2.0 - top) / tall
        level = (share > 0.2) & (share < 0.9) & (end - begin < 2.0 * tall)
        sides = []
        for white, beside in (
            ((begin - right) / tall, left + right < 2 * begin),
            ((left - end) / tall, left + right > 2 * end),
        ):
            near = level & beside & (white > -OVER_DASH) & (white < DASH_GAP)
            if near.any():
                sides.append(int(np.where(near, np.abs(white), np.inf).argmin()))
        if len(sides) == 2:
            links.append((sides[0], sides[1]))
    return links


def are_bars(boxes: NDArray[np.int32]) -> bool:
    """Whether components (N, 4) are the bars of a postal barcode: hardly any is wider than a stroke."""
    size = boxes[:, 2:] - boxes[:, :2]
    return len(boxes) >= 5 and float((size[:, 0] < 0.3 * size[:, 1].max()).mean()) >= 0.85
