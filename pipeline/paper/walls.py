"""The upright print of a frame or a comb in a line's ink: its sides, its ticks, the walls between places.

Alone such a line is a 1. What tells it is its company: rules that end at it, or another just like it at the
other end of the number. Print is straight, and as long each time; no hand writes two digits so much alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.paper.ink import Mask
from pipeline.paper.lines import find_lines

# In shares of the picture's height.
LONG_WALL = 0.55  # a side of a frame, at least
TICK = 0.3  # a tick of a comb, at least
# How far a printed line bends (root of the mean square, pixels) and leans (columns a row), at most.
MOST_BEND, MOST_LEAN = 0.45, 0.1
TOUCH = 4  # rows from a line's end to the rule that it joins, at most
# What lines of one print differ by: rows of their ends, pixels of their width, columns a row of their lean.
SAME_END, SAME_WIDTH, SAME_LEAN = 2, 1.2, 0.04
LOWER = 0.85  # of the walls' height, at most, as which the writing between is lower


@dataclass(frozen=True, eq=False)
class _Upright:
    """A thin line that runs nearly down.

    label : of its pixels. left, top, right, bottom : around them, right and bottom exclusive.
    own : (bottom - top, right - left) bool, its pixels.
    """

    label: int
    left: int
    top: int
    right: int
    bottom: int
    own: NDArray[np.bool_]

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @cached_property
    def course(self) -> tuple[float, float, float]:
        """Mean width, pixels; lean, columns a row; how far its middle bends from a straight line, pixels.

        Its ends are round, or a rule's: they do not count.
        """
        widths = self.own.sum(axis=1)
        rows = np.flatnonzero(widths)[2:-2]
        if len(rows) < 3:
            return float(widths.max()), 0.0, np.inf
        middles = self.own[rows] @ np.arange(self.right - self.left) / widths[rows]
        down, across = rows - rows.mean(), middles - middles.mean()
        lean = float(down @ across) / float(down @ down)
        return float(widths[rows].mean()), lean, float(np.sqrt(np.mean((across - lean * down) ** 2)))

    @property
    def is_straight(self) -> bool:
        _, lean, bend = self.course
        return bend <= MOST_BEND and abs(lean) <= MOST_LEAN

    def is_like(self, other: _Upright) -> bool:
        """Whether the two may be the same print: straight, as long as each other, at the same height."""
        if abs(self.top - other.top) > SAME_END or abs(self.bottom - other.bottom) > SAME_END:
            return False
        (width, lean, _), (other_width, other_lean, _) = self.course, other.course
        same = abs(width - other_width) <= SAME_WIDTH and abs(lean - other_lean) <= SAME_LEAN
        return same and self.is_straight and other.is_straight


def find_walls(mask: Mask, rules: Mask, max_thickness: int) -> Mask:
    """Ink of upright print: (H, W) uint8, 255 on a wall.

    Walls are straight lines from one rule to another, at the end of both (an upright 1 between two rules has
    them on either side); the outermost lines of the ink, where one is just like the other; those between
    that are just like these.

    mask : (H, W) uint8, ink bright. rules : as `find_lines` gives them. max_thickness : pixels.
    """
    walls = np.zeros_like(mask)
    labels, uprights = _uprights(mask, int(TICK * len(mask)), max_thickness)
    sides = [one for one in uprights if _is_side(one, len(mask), rules, max_thickness + 1)]
    for one in sides + _alike(uprights, mask, rules, max_thickness):
        walls[labels == one.label] = 255
    return walls


def _uprights(mask: Mask, least: int, thickest: int) -> tuple[NDArray[np.int32], list[_Upright]]:
    """Thin lines that run down for `least` pixels or more, left to right, and the labels of all pixels."""
    upright = find_lines(np.ascontiguousarray(mask.T), least, thickest)
    if not upright.any():
        return np.zeros(mask.shape, np.int32), []
    _, numbers, stats, _ = cv2.connectedComponentsWithStats(np.ascontiguousarray(upright.T), connectivity=8)
    labels = np.asarray(numbers, np.int32)
    found = []
    for label, (left, top, width, height, _) in enumerate(stats[1:].tolist(), start=1):
        if height >= least and width <= thickest:
            right, bottom = left + width, top + height
            found.append(_Upright(label, left, top, right, bottom, labels[top:bottom, left:right] == label))
    return labels, sorted(found, key=lambda one: one.left)


def _is_side(one: _Upright, height: int, rules: Mask, reach: int) -> bool:
    """Whether the line is the side of a frame; height : of the picture."""
    joined = (_joins_rule(one, rules, row, reach) for row in (one.top, one.bottom - 1))
    return one.height >= LONG_WALL * height and all(joined) and one.is_straight


def _joins_rule(one: _Upright, rules: Mask, row: int, reach: int) -> bool:
    """Whether a rule ends at the line, about that row; reach : pixels from the line where to look for it."""
    near = rules[max(row - TOUCH, 0) : row + TOUCH + 1]
    before = near[:, max(one.left - 3 * reach, 0) : max(one.left - reach, 0)]
    after = near[:, one.right + reach : one.right + 3 * reach]
    return bool(before.any() != after.any())


def _alike(uprights: list[_Upright], mask: Mask, rules: Mask, thickest: int) -> list[_Upright]:
    """The lines at both ends of the writing, where one is just like the other, and those like both between.

    They stand on a rule, or what else is written is lower: a number may have a 1 at both ends.
    """
    if len(uprights) < 2 or not uprights[0].is_like(uprights[-1]):
        return []
    first, last = uprights[0], uprights[-1]
    writing = np.where(rules > 0, np.uint8(0), mask)
    outside = np.hstack([writing[:, : max(first.left - 1, 0)], writing[:, last.right + 1 :]])
    if np.count_nonzero(outside) > 2 * thickest:
        return []
    alike = [one for one in uprights if one.is_like(first) and one.is_like(last)]
    if all(_joins_rule(one, rules, one.bottom - 1, thickest + 1) for one in (first, last)):
        return alike
    for one in alike:  # with its edges
        writing[max(one.top - 2, 0) : one.bottom + 2, max(one.left - 2, 0) : one.right + 2] = 0
    rows = np.nonzero(writing)[0]
    low, high = np.percentile(rows, (2, 98)) if len(rows) else (-np.inf, np.inf)
    return alike if high - low < LOWER * min(first.height, last.height) else []
