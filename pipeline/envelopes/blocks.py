"""Group the lines of text on a mail piece into blocks, and tell whether another one is more the receiver's.

Posts want the receiver's address below and to the right of the sender's. Where on the sheet
either stands differs, but hardly which of the two is which.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.envelopes.address import TextLine, are_bars

# Lines of a block: their middles are at most so many heights apart, and the taller is so much taller.
PITCH, TALLER = 3.0, 1.8
OVERLAP = 0.5  # of the shorter line, that stands over or under the other
# Of words: components of a line at least, and its width in heights.
LEAST_PARTS, LEAST_WIDTH = 3, 2.0
ADDRESS = 2  # lines that an address has at least
ASIDE = 0.5  # what being further to the right counts against being lower, both as shares of the page
LEAST_DOWN = 0.08  # share of the page's height


@dataclass(frozen=True)
class Block:
    """Lines of text that stand together: left, top, right, bottom, pixels, and how many they are."""

    corners: tuple[float, float, float, float]
    lines: int

    @property
    def middle(self) -> tuple[float, float]:
        """Column and row of its middle."""
        left, top, right, bottom = self.corners
        return (left + right) / 2, (top + bottom) / 2

    def holds(self, x: float, y: float) -> bool:
        """Whether a point is in it."""
        left, top, right, bottom = self.corners
        return left <= x <= right and top <= y <= bottom


def find_blocks(lines: Sequence[TextLine]) -> list[Block]:
    """Blocks of lines that stand one below the other, as alike in height as one hand writes them."""
    words = [line for line in lines if _is_words(line)]
    if not words:
        return []
    corners = np.array([[*line.boxes[:, :2].min(axis=0), *line.boxes[:, 2:].max(axis=0)] for line in words])
    height = np.array([max(line.height, 1.0) for line in words])
    group = np.arange(len(words))
    for one, other in np.argwhere(_near(corners.astype(np.float64), height)).tolist():
        group[group == group[other]] = group[one]
    found = [corners[group == number] for number in np.unique(group)]
    return [
        Block(tuple(map(float, [*part[:, :2].min(axis=0), *part[:, 2:].max(axis=0)])), len(part))  # type: ignore[arg-type]
        for part in found
    ]


def passed_over(x: float, y: float, blocks: Sequence[Block], shape: tuple[int, ...]) -> float:
    """How far another address stands below and to the right of the point `x`, `y`: 0 where none does.

    shape : of the page. It is told in tenths of the page's height and, counting less, of its width.
    """
    furthest = 0.0
    for block in blocks:
        down = (block.middle[1] - y) / shape[0]
        if block.lines >= ADDRESS and not block.holds(x, y) and down >= LEAST_DOWN:
            furthest = max(furthest, down + ASIDE * (block.middle[0] - x) / shape[1])
    return 10.0 * furthest


def _is_words(line: TextLine) -> bool:
    wide = float(line.boxes[:, 2].max() - line.boxes[:, 0].min())
    return len(line.numbers) >= LEAST_PARTS and wide >= LEAST_WIDTH * line.height and not are_bars(line.boxes)


def _near(corners: NDArray[np.float64], height: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which lines, (N, N), stand one below the other, by their corners (N, 4) and heights (N,)."""
    middle = (corners[:, 1] + corners[:, 3]) / 2
    smaller = np.minimum(height[:, None], height)
    apart = np.abs(middle[:, None] - middle)
    left, right = corners[:, 0], corners[:, 2]
    wide = right - left
    shared = np.minimum(right[:, None], right) - np.maximum(left[:, None], left)
    beside = shared >= OVERLAP * np.minimum(wide[:, None], wide)
    alike = np.maximum(height[:, None], height) < TALLER * smaller
    near: NDArray[np.bool_] = beside & alike & (apart < PITCH * smaller)
    return near
