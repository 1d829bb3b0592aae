"""The hand: who writes, and the path that the pen takes for each character.

A character goes from its allograph (`digit_shapes`) to a `Trace` in four steps: bend the control
points (this writer's lasting quirks plus what differs from one time to the next), let the ends of
strokes fall short or run over, smooth the curve, and slant and stretch it as this writer does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sample_scans.curves import BENDS, ROUNDINGS, Allograph, Points, allographs, cumulative_weights

_SLOTS = 17  # rows of quirks: one for each digit, shared among the other characters
PENS = ("ball", "fountain", "felt", "pencil")


@dataclass(frozen=True, eq=False)
class Writer:
    """A persistent hand. Lengths are in heights of a digit.

    slant : tangent of the lean to the right.
    aspect : horizontal stretch of everything written.
    pen, pen_width : one of PENS, and the width of its line.
    tastes : (17,) float, quantiles which choose this writer's allograph of each character.
    constancy : chance that the favourite allograph is used again.
    quirks : (17, BENDS, 2) float32, lasting bends of each character.
    unrest : (float) how much bends differ from one time to the next.
    rounding : which smoothing of ROUNDINGS the speed of writing brings.
    sizes : (17,) float, lasting height of each character against the others.
    zero_size : height of a written 0 against other digits.
    one_size, one_below : height of a written 1 against them, and the share of what it is higher that
        reaches below the baseline: a plain stroke is easily drawn too long.
    hang : how far 4, 7 and 9 reach below the baseline.
    gap : usual room between neighbouring characters; negative overlaps.
    wobble, climb : baseline scatter, and its rise along the line.
    pressure : how much the pen's width changes along a stroke, 0 to 1.
    square, square_in_boxes : digits out of straight lines, everywhere or only in printed boxes.
    careful, careful_in_boxes : digits in the shapes that most people write, everywhere or only in printed
        boxes. Boxes make most people print, but not those in a hurry.
    join : chance that a zero (or another willing digit) is joined to its right neighbour.
    coil : how far a zero that is joined to a zero before it is written into that one.
    """

    slant: float
    aspect: float
    pen: str
    pen_width: float
    tastes: NDArray[np.float64]
    constancy: float
    quirks: NDArray[np.float32]
    unrest: float
    rounding: int
    sizes: NDArray[np.float64]
    zero_size: float
    one_size: float
    one_below: float
    hang: float
    gap: float
    wobble: float
    climb: float
    pressure: float
    join: float
    coil: float = 0.0
    square: bool = False
    square_in_boxes: bool = False
    careful: bool = False
    careful_in_boxes: bool = False

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Writer:
        """A writer at random: most neat enough, some in a hurry, every pen and slant."""
        u = rng.random(17)
        n = rng.standard_normal(8)
        haste = u[0]
        even = 0.03 + 0.09 * rng.random()
        broad = 0.115 if 0.74 <= u[2] < 0.88 else 0.085
        return cls(
            slant=math.tan(math.radians(min(40.0, max(-25.0, 9 + 12 * n[0])))),
            aspect=math.exp(0.22 * n[1]) * (1 + 0.35 * (u[1] < 0.12)),
            pen=PENS[0 if u[2] < 0.6 else 1 if u[2] < 0.74 else 2 if u[2] < 0.88 else 3],
            pen_width=min(0.2, max(0.04, broad * math.exp(0.33 * n[2]))),
            tastes=rng.random(_SLOTS),
            constancy=0.7 + 0.3 * u[3],
            quirks=rng.standard_normal((_SLOTS, BENDS, 2), np.float32) * np.float32(0.012 + 0.02 * u[4]),
            unrest=0.004 + 0.018 * u[5] * haste,
            rounding=min(len(ROUNDINGS) - 1, int(4.2 * haste * u[6])),
            sizes=np.exp(even * rng.standard_normal(_SLOTS)),
            zero_size=1.0 if u[7] < 0.5 else 0.4 + 0.6 * u[8],
            one_size=1.0 + 0.25 * min(2.5, max(0.0, n[5])),
            one_below=min(1.0, max(0.0, 0.35 + 0.3 * n[6])),
            hang=0.0 if u[9] < 0.6 else 0.35 * u[10],
            gap=0.10 + 0.13 * n[3] + 0.15 * (u[11] < 0.15),
            wobble=0.02 + 0.06 * u[12] * haste,
            climb=0.03 * n[4],
            pressure=0.1 + 0.5 * u[13],
            join=1.6 * max(0.0, u[14] - 0.55),
            coil=max(0.0, u[16] - 0.6),
            square=bool(u[15] > 0.99),
            square_in_boxes=bool(u[15] > 0.9),
            careful_in_boxes=bool(u[5] < 0.7),
        )


@dataclass(frozen=True, eq=False)
class Trace:
    """The path of the pen for one character.

    points : (N, 2) float32, in heights of a digit: y down, baseline at y = 1, left edge near x = 0.
    pressure : (N,) float32, about 1.
    spans : the slice of points of each stroke.
    """

    points: Points
    pressure: NDArray[np.float32]
    spans: tuple[slice, ...]


def _slot(character: str) -> int:
    return ord(character) % _SLOTS


def choose_allograph(rng: np.random.Generator, character: str, writer: Writer) -> Allograph:
    """The writer's favourite shape of the character, now and then another."""
    taste = writer.tastes[_slot(character)] if rng.random() < writer.constancy else rng.random()
    weights = cumulative_weights(character, writer.square, writer.careful)
    index = int(np.searchsorted(weights, taste, side="right"))
    return allographs(character)[min(index, len(allographs(character)) - 1)]


def _bent_points(rng: np.random.Generator, shape: Allograph, character: str, writer: Writer) -> Points:
    """Control points of this one instance, before slant and stretch."""
    bend = writer.quirks[_slot(character)]
    bend = bend + rng.standard_normal((BENDS, 2), np.float32) * np.float32(writer.unrest)
    points: Points = shape.points + shape.bends @ bend
    points += rng.standard_normal(points.shape, np.float32) * np.float32(0.5 * writer.unrest)
    if len(shape.spans) > 1:
        shift = rng.standard_normal((len(shape.spans), 2), np.float32) * np.float32(0.012 + writer.unrest)
        points += shift[shape.stroke_of]
    reach = (0.04 + (0.08 + 3 * writer.unrest) * rng.standard_normal(len(shape.ends))).tolist()
    for (end, inner), far in zip(shape.ends, reach, strict=True):
        points[end] += far * (points[end] - points[inner])
    return points


def _press(rng: np.random.Generator, shape: Allograph, writer: Writer) -> NDArray[np.float32]:
    """Pressure along the strokes: one slow swell, and pens that land and leave lightly."""
    phase, speed, level, landing, leaving = rng.random(5).tolist()
    swell = np.sin((2 + 5 * speed) * shape.along + 6.283 * phase)
    pressure = (0.85 + 0.3 * level) * (1 + 0.35 * writer.pressure * swell)
    taper = 0.8 * writer.pressure
    pressure -= taper * landing * np.maximum(0, 1 - 8 * shape.along)
    pressure -= taper * leaving * np.maximum(0, 1 - 6 * (1 - shape.along))
    return np.asarray(pressure, np.float32)


def trace(rng: np.random.Generator, character: str, writer: Writer, shape: Allograph | None = None) -> Trace:
    """The path of the pen for one character in the writer's hand.

    shape : the allograph to write; the writer's choice where it is None. KeyError for a character
    that the pen does not know.
    """
    shape = shape or choose_allograph(rng, character, writer)
    points: Points = shape.curves[writer.rounding] @ _bent_points(rng, shape, character, writer)
    spread = rng.standard_normal(4).tolist()
    slant = writer.slant + 0.04 * spread[0]
    turn = 0.025 * spread[1]
    width = writer.aspect * (1 + 0.06 * spread[2])
    height = 1 + 0.05 * spread[3]
    size = float(writer.sizes[_slot(character)])
    height, width = height * size, width * math.sqrt(size)
    if character == "0":
        height *= writer.zero_size
        width *= 0.5 + 0.5 * writer.zero_size  # small zeros are rounder, not just smaller
    lower = writer.hang if character in "479" else 0.0
    if character == "1":
        height *= writer.one_size
        lower = writer.one_below * (writer.one_size - 1.0)
    affine = np.array([[width, turn * height], [-turn * width - slant * turn, height]], np.float32)
    affine[0, 1] -= slant * height
    points = (points - np.array((0, 1), np.float32)) @ affine.T
    points[:, 1] += 1 + lower
    return Trace(points, _press(rng, shape, writer), shape.spans)
