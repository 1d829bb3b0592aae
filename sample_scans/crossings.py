"""Boxes that are crossed out: crosses and dashes in empty ones, strokes and scribbles over digits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pipeline.document import Box
from sample_scans.combs import Digits, fill_comb, fill_comb_with
from sample_scans.ink import Blot, lay_ink
from sample_scans.pen import Trace, Writer
from sample_scans.sheet import BLACK, Colour, Sheet

Path = NDArray[np.float64]

# In an empty box; over a digit that no longer counts.
VOID = ("cross", "cross in one go", "dash", "scribble")
STRUCK = ("struck once", "struck twice", "crossed over", "scribbled over")
# Share of the dashes that are wavy, of the scribbles that go round and round.
WAVED, COILED = 0.15, 0.4


def cross_out(
    rng: np.random.Generator,
    sheet: Sheet,
    kind: str,
    cell: Box,
    writer: Writer,
    colour: Colour = BLACK,
    digits: Digits | None = None,
) -> str:
    """Cross a box out in the writer's hand; returns the digit that was in it before, '' for none.

    kind : one of VOID or STRUCK; ValueError for any other. digits : gives the picture of that digit; the
        writer's own where None.
    """
    digit = ""
    if kind in STRUCK:
        # One stroke through 0 or 7 makes what many people write as 0 or 7: nobody could tell.
        digit = str(rng.choice(list("12345689" if kind == "struck once" else "0123456789")))
        if digits is None:
            fill_comb(rng, sheet, digit, [cell], writer, colour)
        else:
            fill_comb_with(rng, sheet, digits(rng, digit), [cell], colour)
    paths = _paths(rng, kind)
    hand = replace(writer, pen_width=writer.pen_width * float(rng.uniform(0.9, 1.2)))
    size = float(min(cell.height, 1.3 * cell.width))
    middle = np.array([cell.x + cell.width / 2, cell.y + cell.height / 2])
    middle += rng.normal(0.0, 0.05, 2) * size
    for path in paths:
        blot = _inked(rng, path, hand, size, middle)
        sheet.soak(blot.coverage, blot.x, blot.y, colour)
    return digit


def slash(rng: np.random.Generator, sheet: Sheet, zero: Box, writer: Writer, colour: Colour = BLACK) -> None:
    """The stroke through a written 0, the ink of which fills the box, that tells it from an O."""
    reach = 0.5 * float(rng.uniform(0.6, 1.25))
    wide, tall = reach * zero.width, reach * zero.height
    path = _stroke(rng, (-wide / zero.height, tall / zero.height), (wide / zero.height, -tall / zero.height))
    middle = np.array([zero.x + zero.width / 2, zero.y + zero.height / 2])
    blot = _inked(rng, path, writer, float(zero.height), middle)
    sheet.soak(blot.coverage, blot.x, blot.y, colour)


def _paths(rng: np.random.Generator, kind: str) -> list[Path]:
    """The strokes of a crossing about the origin, in heights of the box."""
    reach = float(rng.uniform(0.13, 0.5))
    wide, tall = reach * float(rng.uniform(0.75, 1.25)), reach * float(rng.uniform(0.75, 1.25))
    match kind:
        case "cross" | "crossed over":
            if kind == "crossed over":
                wide, tall = (float(v) for v in rng.uniform(0.3, 0.5, 2))
            return [
                _stroke(rng, (-wide, -tall), (wide, tall)),
                _stroke(rng, (wide, -tall), (-wide, tall)),
            ]
        case "cross in one go":
            first = _stroke(rng, (-wide, -tall), (wide, tall))
            second = _stroke(rng, (wide, -tall), (-wide, tall))
            # The pen does not leave the paper, or not all the way, between the two strokes.
            bow = np.array([wide * float(rng.uniform(1.0, 1.35)), float(rng.uniform(-0.3, 0.3)) * tall])
            return [np.vstack([first, bow[None], second])]
        case "dash":
            dash = _stroke(rng, (-wide, 0.0), (wide, 0.0), lean=0.15)
            return [_waved(rng, dash) if rng.random() < WAVED else dash]
        case "struck once":
            return [_through(rng, 0.0)]
        case "struck twice":
            apart, lean = float(rng.uniform(0.08, 0.16)), rng.bit_generator.state
            upper = _through(rng, -apart)
            rng.bit_generator.state = lean
            return [upper, _through(rng, apart) + rng.normal(0, 0.02, 2)]
        case "scribble" | "scribbled over":
            scrawl = _coil if rng.random() < COILED else _zigzag
            return [scrawl(rng, max(wide, 0.28), max(tall, 0.28))]
    raise ValueError(f"nobody crosses boxes out by {kind!r}")


def _stroke(
    rng: np.random.Generator, start: tuple[float, float], end: tuple[float, float], lean: float = 0.0
) -> Path:
    """A stroke by a quick hand: it misses its ends a little and bends a little."""
    a, b = np.array(start) + rng.normal(0, 0.05, 2), np.array(end) + rng.normal(0, 0.05, 2)
    b[1] += rng.normal(0, lean) if lean else 0.0
    along = np.linspace(0.0, 1.0, 12)[:, None]
    across = np.array([-(b - a)[1], (b - a)[0]])
    path: Path = a + (b - a) * along + across * rng.normal(0, 0.05) * 4 * along * (1 - along)
    return path


def _through(rng: np.random.Generator, off: float) -> Path:
    """A stroke through a digit, level to steeply rising or falling, longer than the digit is wide."""
    angle = float(rng.choice([rng.normal(0, 8), rng.normal(-40, 12), rng.normal(40, 12)]))
    half = float(rng.uniform(0.38, 0.55))
    way = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))]) * half
    path = _stroke(rng, (-way[0], -way[1]), (way[0], way[1]))
    return path + np.array([-way[1], way[0]]) / half * off


def _zigzag(rng: np.random.Generator, wide: float, tall: float) -> Path:
    """To and fro across the box, the turns rounded or sharp."""
    turns = int(rng.integers(6, 12))
    slope = float(rng.uniform(-0.5, 0.5))
    xs = np.linspace(-wide, wide, turns) + rng.normal(0, 0.03, turns)
    ys = np.where(np.arange(turns) % 2, tall, -tall) * rng.uniform(0.7, 1.1, turns) + slope * xs
    points = np.column_stack([xs, ys])
    if rng.random() < 0.4:
        points = points[:, ::-1]
    fine = np.linspace(0, turns - 1, 12 * turns)
    path: Path = np.column_stack([np.interp(fine, np.arange(turns), points[:, k]) for k in (0, 1)])
    return path


def _coil(rng: np.random.Generator, wide: float, tall: float) -> Path:
    """Round and round while the hand moves across the box, or stays where it is."""
    turns = float(rng.uniform(3.5, 7.0))  # twice round is a 0
    angle = np.linspace(0.0, 2.0 * np.pi * turns, round(24 * turns)) + rng.uniform(0.0, 2.0 * np.pi)
    along = np.linspace(-1.0, 1.0, len(angle))
    round_ = wide * float(rng.uniform(0.35, 1.0))
    size = np.interp(along, np.linspace(-1.0, 1.0, 6), rng.uniform(0.7, 1.1, 6))
    xs = (wide - round_) * along + round_ * size * np.cos(angle)
    ys = tall * size * np.sin(angle) + float(rng.uniform(-0.15, 0.15)) * along
    path: Path = np.column_stack([xs, ys])
    return path


def _waved(rng: np.random.Generator, stroke: Path) -> Path:
    """A stroke that goes up and down on its way."""
    length = float(np.hypot(*(stroke[-1] - stroke[0])))
    fine = np.linspace(0.0, 1.0, 40)
    path = np.column_stack([np.interp(fine, np.linspace(0.0, 1.0, len(stroke)), side) for side in stroke.T])
    height = length * float(rng.uniform(0.05, 0.12))
    path[:, 1] += height * np.sin(2.0 * np.pi * float(rng.uniform(1.0, 2.5)) * fine + rng.uniform(0.0, 6.0))
    return path


def _inked(rng: np.random.Generator, path: Path, writer: Writer, size: float, middle: Path) -> Blot:
    pressure = np.asarray(1.0 + 0.1 * np.sin(np.linspace(0, 5, len(path)) + rng.uniform(0, 6)), np.float32)
    trace = Trace(np.asarray(path, np.float32), pressure, (slice(0, len(path)),))
    return lay_ink(rng, trace, writer, size, (float(middle[0]), float(middle[1])))
