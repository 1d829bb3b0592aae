"""Find where on a mail piece a postal code may stand: lines of text, and the ends of them that fit a code."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline import deskew
from pipeline.ink import Mask
from pipeline.layouts import Country
from pipeline.segment import digit_height

MAX_COMPONENTS = 1500
MAX_CANDIDATES = 16
# Components of writing, as shares of the page's height (a page lies on its longer side or stands).
TALLEST, SHORTEST = 0.16, 0.006
# In heights of the line: white that ends a line, white that may part words, white that usually does.
LINE_GAP, WORD_GAP, USUAL_GAP = 2.2, 0.1, 0.8
CLEARLY = 1.2  # times the white within a word that the white before it usually is
# Width of a digit with its white, in heights of the line, least and most.
NARROW_DIGIT, WIDE_DIGIT = 0.28, 1.35


@dataclass(frozen=True, eq=False)
class TextLine:
    """Components of one line of writing, from left to right.

    numbers : (N,) int32, their labels; boxes : (N, 4) int32 left, top, right, bottom.
    spans : (N, 2) float64, where each would begin and end if the writing did not slant.
    """

    numbers: NDArray[np.int32]
    boxes: NDArray[np.int32]
    spans: NDArray[np.float64]

    @property
    def height(self) -> float:
        """Of its tall letters or digits, pixels."""
        return digit_height(self.boxes)

    def part(self, begin: int, end: int) -> TextLine:
        """Its components from `begin` to `end` (exclusive)."""
        return TextLine(self.numbers[begin:end], self.boxes[begin:end], self.spans[begin:end])


@dataclass(frozen=True, eq=False)
class Candidate:
    """A stretch of a line that could be the code, and how much its place speaks for it (0..1)."""

    line: TextLine
    prior: float


def find_text_lines(mask: Mask) -> tuple[NDArray[np.int32], list[TextLine]]:
    """Lines of text on an upright page: the labels of its components (H, W) int32, and the lines.

    mask : (H, W) uint8, ink bright.
    """
    _, numbered, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8, ltype=cv2.CV_32S)
    labels = np.asarray(numbered, np.int32)
    size = max(mask.shape)
    width, height, area = (stats[:, k] for k in (cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT, cv2.CC_STAT_AREA))
    writing = (height >= SHORTEST * size) & (height <= TALLEST * size) & (width <= 0.5 * size) & (area >= 8)
    writing[0] = False
    numbers = np.flatnonzero(writing)
    if len(numbers) > MAX_COMPONENTS:
        numbers = np.sort(numbers[np.argsort(-area[numbers])[:MAX_COMPONENTS]])
    boxes = stats[numbers, :4].astype(np.int32)
    boxes[:, 2:] += boxes[:, :2]
    spans = _upright_spans(labels, mask, len(stats))[numbers]
    chains = [chain[np.argsort(spans[chain].sum(axis=1))] for chain in _chains(boxes)]
    return labels, [TextLine(numbers[c].astype(np.int32), boxes[c], spans[c]) for c in chains]


def _upright_spans(labels: NDArray[np.int32], mask: Mask, count: int) -> NDArray[np.float64]:
    """Begin and end of every component along the line with the page's slant taken out, (count, 2)."""
    slant = deskew.estimate_slant(mask)
    ys, xs = np.nonzero(mask)
    along = xs + slant * (ys - mask.shape[0] / 2.0)
    number = labels[ys, xs]
    spans = np.full((count, 2), np.inf)
    spans[:, 1] = -np.inf
    np.minimum.at(spans[:, 0], number, along)
    np.maximum.at(spans[:, 1], number, along + 1.0)
    return spans


def _chains(boxes: NDArray[np.int32]) -> list[NDArray[np.intp]]:
    """Components linked to their nearest right neighbour on the same line, as index arrays."""
    if not len(boxes):
        return []
    left, top, right, bottom = boxes.T.astype(np.float64)
    tall = bottom - top
    parent = np.arange(len(boxes))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = int(parent[i])
        return i

    for i in range(len(boxes)):
        shared = np.minimum(bottom, bottom[i]) - np.maximum(top, top[i])
        smaller = np.minimum(tall, tall[i])
        gap = left - right[i]
        near = (
            (shared >= 0.4 * smaller)
            & (gap < LINE_GAP * np.minimum(np.maximum(tall, tall[i]), 2.5 * smaller))
            & (left > left[i])
            & (np.maximum(tall, tall[i]) < 4.0 * smaller)
        )
        followers = np.flatnonzero(near)
        if len(followers):
            parent[root(i)] = root(int(followers[gap[followers].argmin()]))
    groups: dict[int, list[int]] = {}
    for i in range(len(boxes)):
        groups.setdefault(root(i), []).append(i)
    return [np.array(group, np.intp) for group in groups.values()]


def find_candidates(lines: list[TextLine], country: Country, shape: tuple[int, ...]) -> list[Candidate]:
    """Stretches of `lines` that may be the country's postal code, most plausible place first.

    shape : height and width of the page the lines are on.
    """
    found = [
        Candidate(stretch, _place(stretch, shape) * weight)
        for line in lines
        for stretch, weight in _stretches(line, country)
    ]
    found.sort(key=lambda candidate: -candidate.prior)
    return found[:MAX_CANDIDATES]


def _stretches(line: TextLine, country: Country) -> list[tuple[TextLine, float]]:
    """Ends (or beginnings) of a line that are as wide as a code may be, with the weight of their kind."""
    height = line.height
    left, right = line.spans[:, 0], np.maximum.accumulate(line.spans[:, 1])
    gaps = np.concatenate([[np.inf], (left[1:] - right[:-1]) / height, [np.inf]])
    least = NARROW_DIGIT * min(country.lengths) * height
    most = WIDE_DIGIT * max(country.lengths) * height
    found = []
    for at in np.flatnonzero(gaps >= WORD_GAP):
        for begin, end, kind in ((int(at), len(left), "end"), (0, int(at), "start")):
            if end <= begin or (end - begin) > 3 * max(country.lengths):
                continue
            width = right[end - 1] - left[begin]
            if not least <= width <= most:
                continue
            whole = begin == 0 and end == len(left)
            if whole and kind == "start":
                continue  # the same stretch came as an end
            if _bars(line.boxes[begin:end]):
                continue
            weight = 1.0 if whole or kind == country.where else 0.25
            # White before a word is wider than the white within it.
            within = float(gaps[begin + 1 : end].max(initial=WORD_GAP))
            weight *= min(1.0, max(0.3, min(float(gaps[at]), USUAL_GAP) / (CLEARLY * within)))
            found.append((line.part(begin, end), weight))
    return found


def _bars(boxes: NDArray[np.int32]) -> bool:
    """Whether components (N, 4) are the bars of a postal barcode: hardly any is wider than a stroke."""
    size = boxes[:, 2:] - boxes[:, :2]
    return len(boxes) >= 5 and float((size[:, 0] < 0.3 * size[:, 1].max()).mean()) >= 0.85


def _place(line: TextLine, shape: tuple[int, ...]) -> float:
    """How much the place speaks for the destination's code: low and right of the sender and the stamp."""
    height, width = shape[:2]
    x = float(line.boxes[:, [0, 2]].mean()) / width
    y = float(line.boxes[:, [1, 3]].mean()) / height
    if y < 0.33 or (x < 0.42 and y < 0.45):
        return 0.15
    return 0.7 + 0.3 * y
