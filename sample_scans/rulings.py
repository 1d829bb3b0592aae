"""What lies under or over writing besides rules and frames: squared paper, ticks, streaks, stains."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Ground = NDArray[np.float32]


@dataclass(frozen=True)
class Ruling:
    """Lines at even distances, as on ruled or squared paper, or between the places of a number's digits.

    Lengths in pixels. across, down : distance of the lines that run across and down, 0 for none. begin, end :
    rows between which the latter run. start : where the first lines are, in shares of the distances.
    dark : share of the light that a line takes. width : of a line.
    """

    across: float
    down: float
    begin: int
    end: int
    start: tuple[float, float]
    dark: float
    width: int

    @classmethod
    def paper(cls, rng: np.random.Generator, height: int, digit: float) -> Ruling:
        """Ruled or squared paper under digits of that height."""
        squared = rng.random() < 0.6
        apart = digit * float(rng.uniform(0.3, 1.2) if squared else rng.uniform(0.6, 2.0))
        down = apart if squared else 0.0
        return cls(apart, down, 0, height, _start(rng), _faint(rng), int(rng.choice((1, 2), p=(0.8, 0.2))))

    @classmethod
    def places(cls, rng: np.random.Generator, height: int, digit: float, baseline: int) -> Ruling:
        """Ticks or walls between the places of digits, down to the line below them or a little past it."""
        apart = digit * float(rng.uniform(0.55, 1.3))
        begin = 0 if rng.random() < 0.3 else round(baseline - digit * float(rng.uniform(0.0, 1.1)))
        end = height if rng.random() < 0.3 else round(baseline + digit * float(rng.uniform(0.0, 0.25)))
        return cls(
            0.0, apart, begin, end, _start(rng), float(rng.uniform(0.15, 0.8)), int(rng.integers(1, 3))
        )

    def lay(self, ground: Ground) -> None:
        """Draw the lines into `ground` (H, W), greys."""
        height, width = ground.shape
        light = np.ones_like(ground)
        for row in _at(self.across, self.start[0], height):
            light[row : row + self.width] = 1 - self.dark
        for column in _at(self.down, self.start[1], width):
            light[max(self.begin, 0) : max(self.end, 0), column : column + self.width] = 1 - self.dark
        ground *= light


def _start(rng: np.random.Generator) -> tuple[float, float]:
    return float(rng.random()), float(rng.random())


def _faint(rng: np.random.Generator) -> float:
    return 0.08 + 0.5 * float(rng.random()) ** 2


def _at(apart: float, start: float, length: int) -> list[int]:
    """Where lines are, `apart` pixels from each other, along so many pixels."""
    return np.round(np.arange(start * apart, length, apart)).astype(int).tolist() if apart else []


def draw_streak(rng: np.random.Generator, grey: Ground) -> None:
    """A fold, or what dust on the scanner's glass leaves: a line from edge to edge, over the writing."""
    height, width = grey.shape
    lean = height * float(rng.uniform(-0.03, 0.03))
    if rng.random() < 0.25:
        y = float(rng.uniform(0, height - 1))
        ends = (0, round(y)), (width - 1, min(max(round(y + lean), 0), height - 1))
    else:
        x = float(rng.uniform(0, width - 1))
        ends = (round(x), 0), (min(max(round(x + lean), 0), width - 1), height - 1)
    mark = np.zeros_like(grey)
    cv2.line(mark, *ends, 1.0, int(rng.integers(1, 3)))
    grey *= 1 - np.float32(rng.uniform(0.1, 0.5)) * mark


def draw_stain(rng: np.random.Generator, grey: Ground) -> None:
    """A round darker patch, or the ring of a cup, its edge more or less soft."""
    height, width = grey.shape
    mark = np.zeros_like(grey)
    middle = (round(float(rng.uniform(0, width))), round(float(rng.uniform(0, height))))
    radius = round(height * float(rng.uniform(0.2, 1.2)))
    cv2.circle(mark, middle, radius, 1.0, -1 if rng.random() < 0.7 else max(1, radius // 8))
    soft = cv2.GaussianBlur(mark, (0, 0), float(rng.uniform(1.0, 0.15 * height + 1.0)))
    grey *= 1 - np.float32(rng.uniform(0.05, 0.35)) * soft
