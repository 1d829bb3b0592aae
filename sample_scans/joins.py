"""Joining strokes: the pen that stays down between two characters, as in a cheque's `000`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from sample_scans.curves import Allograph, allographs
from sample_scans.ink import Blot, lay_ink
from sample_scans.pen import Trace, Writer

_LEAVING_ZEROS = (
    "tail to the right",
    "curl at the top",
    "curl and out",
    "across its middle",
    "across, begun at the left",
    "tail at half height",
)

Place = tuple[Trace, tuple[float, float]]


def _willingness(before: str, after: str) -> float:
    """How readily a hand joins this pair, 0 to 1."""
    if before == "0" and after in "0-=":
        return 1.0
    if before in "0235" and after in "04569":
        return 0.3
    if before.isalpha() and after.islower():
        return 0.6 if before.islower() else 0.15
    return 0.06 if before.isalnum() and after.isalnum() else 0.0


def wishes(rng: np.random.Generator, text: str, writer: Writer) -> list[bool]:
    """For each character of the text whether the hand wants to stay down on its way to the next."""
    chances = rng.random(max(0, len(text) - 1)).tolist()
    pairs = zip(chances, pairwise(text), strict=True)
    return [chance < writer.join * _willingness(*pair) for chance, pair in pairs] + [False] * bool(text)


def coils(text: str, wanted: Sequence[bool]) -> list[bool]:
    """For each character whether it is a zero joined to a zero before it, which may be written into that one.

    wanted : see `wishes`.
    """
    joined = [False, *wanted][: len(text)]
    return [here and text[i - 1 : i + 1] == "00" for i, here in enumerate(joined)]


def leaving_shape(rng: np.random.Generator, character: str) -> Allograph | None:
    """A shape of the character that ends on the way to the next; None where any shape does."""
    if character != "0":
        return None
    leaving = [shape for shape in allographs("0") if shape.name in _LEAVING_ZEROS]
    return leaving[int(rng.integers(len(leaving)))]


def _bridge(before: Place, after: Place, size: float, sag: float) -> Trace | None:
    """The way from the last stroke's end to the first stroke's start, in pixels / size; None if too far."""
    path, at = before
    end = path.points[path.spans[-1]][-3:] + np.asarray(at, np.float32) / np.float32(size)
    path, at = after
    start = path.points[path.spans[0]][:3] + np.asarray(at, np.float32) / np.float32(size)
    way = start[0] - end[-1]
    if way[0] < -0.25 or np.hypot(way[0], way[1]) > 0.9:
        return None
    leave, arrive = end[-1] - end[0], start[-1] - start[0]
    far = 0.6 * float(np.hypot(way[0], way[1])) + 0.05
    leave = far * leave / max(1e-3, float(np.hypot(*leave)))
    arrive = far * arrive / max(1e-3, float(np.hypot(*arrive)))
    t = np.linspace(0, 1, 13, dtype=np.float32)[:, None]
    points = end[-1] + (3 * t**2 - 2 * t**3) * way + (t - 2 * t**2 + t**3) * leave + (t**3 - t**2) * arrive
    points[:, 1] += np.float32(sag) * (4 * t * (1 - t))[:, 0]
    return Trace(points.astype(np.float32), np.full(13, 0.85, np.float32), (slice(0, 13),))


def join_neighbours(
    rng: np.random.Generator,
    wanted: Sequence[bool],
    places: Sequence[Place | None],
    writer: Writer,
    size: float,
) -> list[tuple[Blot, int]]:
    """Blots of joining strokes with their owners: the left half belongs to the left character.

    wanted : see `wishes`.
    places : per character its trace and the pixel position of the trace's origin; None for a space.
    size : height of a digit in pixels.
    """
    inks: list[tuple[Blot, int]] = []
    for i in np.flatnonzero(wanted).tolist():
        before, after = places[i], places[i + 1]
        if before is None or after is None:
            continue
        bridge = _bridge(before, after, size, 0.1 * rng.standard_normal())
        if bridge is None:
            continue
        for half, owner in ((slice(0, 7), i), (slice(6, 13), i + 1)):
            points = bridge.points[half]
            part = Trace(points, bridge.pressure[half], (slice(0, len(points)),))
            inks.append((lay_ink(rng, part, writer, size, (0, 0)), owner))
    return inks
