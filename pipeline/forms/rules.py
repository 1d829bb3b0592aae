"""Find the printed straight lines of a page: the frames, tables and combs by which a form is recognised."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.document import Image

Segments = NDArray[np.float64]

# Longer side, pixels, at which lines are looked for: hair lines stay, the grain of the paper goes.
SEARCH_SIZE = 1600
# In pixels at that size.
SHORTEST_PIECE = 9.0
SIDES_APART = 4.0
GAP = 9.0
# Radians by which pieces of one line may differ, and by which a line may differ from its page's axes.
BEND = 0.05
LEAN = 0.16
# A landmark is so long, share of the longer side, and so dark against the page's darkest lines.
LANDMARK = 0.02
# How near to the border of a picture a long line is the edge of the sheet, share of the longer side.
EDGE = 0.015
CONTRAST = 0.4


@dataclass(frozen=True, eq=False)
class Rules:
    """Straight lines of a page, in pixels of the page as decoded.

    across, down : (N, 4) float64 x1, y1, x2, y2 of the lines along the page's two main directions,
        each from left to right (`across`) or from top to bottom (`down`).
    tilt : radians by which `across` runs downhill to the right, -pi/4..pi/4.
    """

    across: Segments
    down: Segments
    tilt: float

    def mirrored(self, width: float) -> Rules:
        """The same lines as seen in a mirror, on a page of that width."""
        across, down = self.across.copy(), self.down.copy()
        across[:, [0, 2]] = width - across[:, [2, 0]]
        across[:, [1, 3]] = across[:, [3, 1]]
        down[:, [0, 2]] = width - down[:, [0, 2]]
        return Rules(across, down, -self.tilt)


def find_rules(grey: Image, shortest: float = 0.014) -> Rules:
    """Straight lines of a page, whatever draws them: print, frames of boxes, the edge of a table.

    grey : (H, W) uint8.
    shortest : length of a line at least, share of the page's longer side.

    Gradient-aligned regions (LSD; Grompone von Gioi et al., 2010), both edges of a line made one and
    pieces of one line joined; the two main directions are those along which most of their length runs.
    """
    size = max(grey.shape)
    scale = SEARCH_SIZE / size
    way = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_CUBIC
    page = grey if scale == 1.0 else cv2.resize(grey, None, fx=scale, fy=scale, interpolation=way)
    found = cv2.createLineSegmentDetector(cv2.LSD_REFINE_STD).detect(page)[0]
    pieces = np.zeros((0, 4)) if found is None else np.asarray(found, np.float64).reshape(-1, 4)
    pieces = pieces[lengths(pieces) >= SHORTEST_PIECE]
    tilt = main_tilt(pieces)
    off = _angles(pieces) - tilt
    near_across = np.abs(_half_turn(off)) < LEAN
    near_down = np.abs(_half_turn(off - np.pi / 2.0)) < LEAN
    across = _join(_turned(pieces[near_across], -tilt))
    down = _join(_turned(pieces[near_down], -tilt)[:, [1, 0, 3, 2]])[:, [1, 0, 3, 2]]
    least = shortest * SEARCH_SIZE
    across, down = across[lengths(across) >= least], down[lengths(down) >= least]
    return Rules(_turned(across, tilt) / scale, _turned(down, tilt) / scale, tilt)


def landmarks(rules: Rules, grey: Image) -> Rules:
    """Those of a page's lines by which it can be known again: long and dark ones, no hair lines or guides.

    grey : (H, W) uint8, the page that the lines were found on.
    """
    least = LANDMARK * max(grey.shape)
    long = [lines[lengths(lines) >= least] for lines in (rules.across, rules.down)]
    seen = _contrasts(grey, long)
    everything = np.concatenate(seen)
    limit = CONTRAST * float(np.percentile(everything, 90)) if len(everything) else 0.0
    across, down = (lines[contrast >= limit] for lines, contrast in zip(long, seen, strict=True))
    return Rules(across, down, rules.tilt)


def without_edges(rules: Rules, shape: tuple[int, ...]) -> Rules:
    """The lines without the edges of the sheet, which another scan has elsewhere; four of them are a frame.

    shape : height and width of the picture, pixels.
    """
    near, ways = EDGE * max(shape[:2]), []
    for lines, along, size in ((rules.across, 0, (shape[1], shape[0])), (rules.down, 1, shape[:2])):
        long = lines[:, along + 2] - lines[:, along] > 0.5 * size[0]
        beside = lines[:, [1 - along, 3 - along]]
        ways.append([long & (np.abs(beside - edge).max(axis=1, initial=0.0) < near) for edge in (0, size[1])])
    if all(side.any() for way in ways for side in way):
        return rules
    across, down = (way[0] | way[1] for way in ways)
    return Rules(rules.across[~across], rules.down[~down], rules.tilt)


def _contrasts(grey: Image, groups: list[Segments]) -> list[NDArray[np.float64]]:
    """How much darker than the paper beside it each line is, typical along its way."""
    reach = max(1, round(max(grey.shape) / 800))
    darkest = cv2.erode(grey, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    paper = cv2.dilate(grey, np.ones((6 * reach + 1, 6 * reach + 1), np.uint8))
    found = []
    for lines in groups:
        along = np.linspace(0.0, 1.0, 24)
        x = lines[:, :1] + (lines[:, 2:3] - lines[:, :1]) * along
        y = lines[:, 1:2] + (lines[:, 3:] - lines[:, 1:2]) * along
        xi = np.clip(np.rint(x), 0, grey.shape[1] - 1).astype(np.intp)
        yi = np.clip(np.rint(y), 0, grey.shape[0] - 1).astype(np.intp)
        step = paper[yi, xi].astype(np.float64) - darkest[yi, xi]
        found.append(np.median(step, axis=1) if len(lines) else np.zeros(0))
    return found


def main_tilt(pieces: Segments) -> float:
    """The angle, -pi/4..pi/4, along or across which most of the pieces' length runs; 0 without pieces."""
    if not len(pieces):
        return 0.0
    angles = (_angles(pieces) + np.pi / 4.0) % (np.pi / 2.0) - np.pi / 4.0
    weights = lengths(pieces) ** 2
    bins = np.linspace(-np.pi / 4.0, np.pi / 4.0, 181)
    histogram = np.histogram(angles, bins, weights=weights)[0]
    smooth = histogram + np.roll(histogram, 1) + np.roll(histogram, -1)
    peak = float(bins[smooth.argmax()] + (bins[1] - bins[0]) / 2.0)
    off = (angles - peak + np.pi / 4.0) % (np.pi / 2.0) - np.pi / 4.0
    near = np.abs(off) < 0.03
    return peak + float(np.average(off[near], weights=weights[near]))


def lengths(segments: Segments) -> NDArray[np.float64]:
    """Length of each of the (N, 4) segments."""
    span: NDArray[np.float64] = np.hypot(segments[:, 2] - segments[:, 0], segments[:, 3] - segments[:, 1])
    return span


def sample(segments: Segments, step: float) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Points along the segments about `step` apart: (P, 2), and the segment that each lies on, (P,)."""
    counts = np.maximum((lengths(segments) / step).astype(np.intp) + 1, 2)
    owners = np.repeat(np.arange(len(segments)), counts)
    number = np.arange(len(owners)) - (np.cumsum(counts) - counts)[owners]
    along = ((number + 0.5) / counts[owners])[:, None]
    own = segments[owners]
    return own[:, :2] + (own[:, 2:] - own[:, :2]) * along, owners


def _angles(segments: Segments) -> NDArray[np.float64]:
    angles: NDArray[np.float64] = np.arctan2(segments[:, 3] - segments[:, 1], segments[:, 2] - segments[:, 0])
    return angles


def _half_turn(angles: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same directions, taken without a sense, as angles -pi/2..pi/2."""
    turned: NDArray[np.float64] = (angles + np.pi / 2.0) % np.pi - np.pi / 2.0
    return turned


def _turned(segments: Segments, angle: float) -> Segments:
    """The segments turned by `angle` about the origin, x towards y."""
    c, s = np.cos(angle), np.sin(angle)
    matrix = np.array([[c, -s], [s, c]])
    turned: Segments = (segments.reshape(-1, 2) @ matrix.T).reshape(-1, 4)
    return turned


def _join(pieces: Segments) -> Segments:
    """Nearly level pieces joined to lines: (N, 4), each from left to right."""
    flipped = pieces[:, 0] > pieces[:, 2]
    pieces = np.where(flipped[:, None], pieces[:, [2, 3, 0, 1]], pieces)
    rest = pieces[np.argsort(-(pieces[:, 2] - pieces[:, 0]))]
    ways = _ways_of(rest)
    free = np.ones(len(rest), bool)
    lines = []
    for seed in range(len(rest)):
        if not free[seed]:
            continue
        free[seed] = False
        members = [seed]
        line = rest[seed]
        while True:
            more = (free & _continues(line, rest, ways)).nonzero()[0]
            if not len(more):
                break
            free[more] = False
            members.extend(more.tolist())
            line = _fit(rest[members])
        lines.append(line)
    return np.array(lines).reshape(-1, 4)


def _ways_of(pieces: Segments) -> NDArray[np.float64]:
    """Of every piece its middle x and y, its length along x and its slope: (4, N)."""
    x, y = (pieces[:, :2] + pieces[:, 2:]).T / 2.0
    across = pieces[:, 2] - pieces[:, 0]
    return np.array([x, y, across, (pieces[:, 3] - pieces[:, 1]) / np.maximum(across, 1e-6)])


def _continues(line: Segments, pieces: Segments, ways: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which pieces, of such `ways`, lie on the way of `line` (4,) and near one of its ends, or beside it."""
    x1, y1, x2, y2 = line.tolist()
    x, y, across, rise = ways
    slope = (y2 - y1) / max(x2 - x1, 1e-6)
    on_way: NDArray[np.bool_] = np.abs(y - (y1 + slope * (x - x1))) < SIDES_APART
    on_way &= (pieces[:, 0] < x2 + GAP) & (pieces[:, 2] > x1 - GAP)
    # The direction of a short piece is uncertain by about a pixel at its ends.
    bend = BEND + 1.5 / np.maximum(np.minimum(across, x2 - x1), 1.0)
    on_way &= np.abs(rise - slope) < bend
    return on_way


def _fit(pieces: Segments) -> Segments:
    """The straight line through all ends of the pieces, weighted by their length: (4,)."""
    ends = pieces.reshape(-1, 2)
    weights = np.repeat(np.maximum(pieces[:, 2] - pieces[:, 0], 1.0), 2)
    low, high = float(ends[:, 0].min()), float(ends[:, 0].max())
    x, y = (weights @ ends / weights.sum()).tolist()
    spread = ends[:, 0] - x
    pull = weights * spread
    slope = float(pull @ (ends[:, 1] - y)) / max(float(pull @ spread), 1e-9)
    return np.array([low, y + slope * (low - x), high, y + slope * (high - x)])
