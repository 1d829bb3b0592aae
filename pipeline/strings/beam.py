"""The search for the most probable values of a lattice: a beam over values, led by what is still to come."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.strings.lattice import Lattice

NAMES = np.array(list("0123456789"))


@dataclass(frozen=True)
class Beam:
    """How widely the first few readings are looked for.

    kept : values of each length at each piece.
    digit : nats; a digit this much less probable than the best one of its run is not tried.
    value : nats; a value that even on its best way on is this far behind the best of all is dropped.
    """

    kept: int = 6
    digit: float = 7.0
    value: float = 12.0


WIDE, NARROW = Beam(), Beam(3, 5.0, 8.0)


def find_values(
    lattice: Lattice,
    digits: NDArray[np.float64],
    junk: NDArray[np.float64],
    lengths: Collection[int] | None,
    beam: Beam,
) -> list[tuple[str, float]]:
    """Values of a lattice, best first, with the log of the sum over their ways (those that the beam kept).

    digits, junk, lengths : as a `decode.Scored` holds and `decode.decode` takes them.

    On its way a value carries its share of what the best value of all comes to in the end: shares are
    multiplied and added, which costs a fraction of adding probabilities by their logarithms.
    """
    goal = _goals(lattice, digits.max(axis=1, initial=-np.inf), junk, lengths)
    if goal[0, 0] == -np.inf:
        return []
    skips, reads = _losses(lattice, digits, junk, goal, lengths is not None)
    least = math.exp(-beam.value)
    waiting: list[dict[str, float]] = [{} for _ in range(lattice.size + 1)]
    waiting[0][""] = 1.0
    position = -1
    for (start, stop), choices, skip, read in zip(
        lattice.edges.tolist(), _choices(digits, beam.digit), skips, reads, strict=True
    ):
        if start != position:
            position = start
            waiting[start] = _prune(waiting[start], beam.kept)
        ahead = waiting[stop]
        for value, share in waiting[start].items():
            done = len(value) if lengths is not None else 0
            if (left := share * skip[done]) >= least:
                ahead[value] = ahead.get(value, 0.0) + left
            best = share * read[done]
            for digit, odds in choices:
                if (left := best * odds) < least:
                    break
                longer = value + digit
                ahead[longer] = ahead.get(longer, 0.0) + left
    offset = float(goal[0, 0])
    ranked = sorted((-share, value) for value, share in waiting[-1].items())
    return [(value, offset + math.log(-behind)) for behind, value in ranked]


def _goals(
    lattice: Lattice,
    digit: NDArray[np.float64],
    junk: NDArray[np.float64],
    lengths: Collection[int] | None,
) -> NDArray[np.float64]:
    """Score of the best way on to the end: for every piece, by the number of digits before it.

    Where any length will do that number does not matter, and there is one score a piece.
    """
    longest = 0 if lengths is None else max(lengths, default=0)
    goal = [[-math.inf] * (longest + 1) for _ in range(lattice.size + 1)]
    for count in (0,) if lengths is None else lengths:
        if count >= 0:
            goal[-1][count] = 0.0
    steps = zip(lattice.edges.tolist()[::-1], digit.tolist()[::-1], junk.tolist()[::-1], strict=True)
    for (start, stop), read, skip in steps:
        there = goal[stop]
        longer = there if lengths is None else [*there[1:], -math.inf]
        goal[start] = [
            max(best, other + skip, further + read)
            for best, other, further in zip(goal[start], there, longer, strict=True)
        ]
    return np.array(goal)


def _losses(
    lattice: Lattice,
    digits: NDArray[np.float64],
    junk: NDArray[np.float64],
    goal: NDArray[np.float64],
    counted: bool,
) -> tuple[list[list[float]], list[list[float]]]:
    """What is left of a value's share after it leaves a run out, and after it reads it as its best digit.

    For every run and number of digits before it: 0..1, 0 where no way leads on. counted : the goals are by
    that number.
    """
    starts, stops = lattice.edges[:, 0], lattice.edges[:, 1]
    here = np.where(np.isneginf(goal), np.inf, goal)[starts]
    there = goal[stops]
    longer = np.pad(there[:, 1:], ((0, 0), (0, 1)), constant_values=-np.inf) if counted else there
    best = digits.max(axis=1, initial=-np.inf)
    skips: list[list[float]] = np.exp(there + junk[:, None] - here).tolist()
    reads: list[list[float]] = np.exp(longer + best[:, None] - here).tolist()
    return skips, reads


def _choices(digits: NDArray[np.float64], margin: float) -> list[list[tuple[str, float]]]:
    """Of every run the digits that are tried with their odds against the best one, which is the first."""
    order = np.argsort(-digits, axis=1, kind="stable")
    behind = np.take_along_axis(digits, order, axis=1)
    behind -= behind[:, :1].copy()
    tried = behind >= -margin
    flat = list(zip(NAMES[order[tried]].tolist(), np.exp(behind[tried]).tolist(), strict=True))
    ends = np.cumsum(tried.sum(axis=1)).tolist()
    return [flat[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]


def _prune(values: dict[str, float], most: int) -> dict[str, float]:
    """The best values; as many of each length, so that a shorter reading does not crowd out a longer one."""
    if len(values) <= most:
        return values
    kept: dict[str, float] = {}
    room: dict[int, int] = {}
    for value in sorted(values, key=values.__getitem__, reverse=True):
        left = room.get(len(value), most)
        if left:
            room[len(value)] = left - 1
            kept[value] = values[value]
    return kept
