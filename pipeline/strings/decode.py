"""Find the most probable readings of a lattice.

The lattice is a conditional random field over ways from the first piece to the last. Every step
is a run of pieces read as one digit, or a single piece left out as no digit; its score is a
weighted sum of the network's log-probability and of geometric features. The probability of a
value is the sum over all its ways, divided by the sum over all ways (cf. Lafferty, McCallum and
Pereira, 2001); the readings are found by a beam over values.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipeline.strings.lattice import DIGIT_FEATURES, JUNK_FEATURES, SHAPE_FEATURES, Lattice

CLASSES = 11
JUNK = 10
FLOOR = 1e-5


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


@dataclass(frozen=True, eq=False)
class Weights:
    """Weights of the path's terms, fitted on strings by `models.fit_reader`.

    evidence : of a run's log-probability; evidence_per_piece : of the same times its pieces.
    digit, junk : (len(DIGIT_FEATURES),), (len(JUNK_FEATURES),) float64.
    shape : (10, len(SHAPE_FEATURES)) float64, a row for each digit.
    """

    evidence: float = 1.0
    evidence_per_piece: float = 0.0
    digit: NDArray[np.float64] = field(default_factory=lambda: np.zeros(len(DIGIT_FEATURES)))
    junk: NDArray[np.float64] = field(default_factory=lambda: np.zeros(len(JUNK_FEATURES)))
    shape: NDArray[np.float64] = field(default_factory=lambda: np.zeros((JUNK, len(SHAPE_FEATURES))))


@dataclass(frozen=True)
class Candidate:
    """One value of a line with its probability (before calibration).

    cut, whole : its log-probability by the lattice alone and by the network that reads whole lines
        alone; 0 where it was not asked.
    """

    value: str
    probability: float
    cut: float = 0.0
    whole: float = 0.0


def edge_scores(
    lattice: Lattice, proba: NDArray[np.float32], weights: Weights
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Score of every run as each digit, (R, 10), and of leaving it out, (R,): -inf where that may not be."""
    log = np.log(np.maximum(proba.astype(np.float64), FLOOR))
    count = (lattice.edges[:, 1] - lattice.edges[:, 0]).astype(np.float64)
    features = (lattice.digit_features, lattice.shape_features, lattice.junk_features)
    return weigh(log, count, tuple(part.astype(np.float64) for part in features), weights)


def weigh(
    log: NDArray[np.float64],
    count: NDArray[np.float64],
    features: Sequence[NDArray[np.float64]],
    weights: Weights,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What `edge_scores` gives, from the log-probabilities (R, 11), pieces (R,) and features of the runs.

    features : of digits, of shapes and of junk, as a `Lattice` holds them.
    """
    digit, shape, junk = features
    scaled = log * (weights.evidence + weights.evidence_per_piece * count)[:, None]
    digits = scaled[:, :JUNK] + (digit @ weights.digit)[:, None]
    digits += shape @ weights.shape.T
    return digits, np.where(count == 1, scaled[:, JUNK] + junk @ weights.junk, -np.inf)


def decode(
    lattice: Lattice,
    proba: NDArray[np.float32],
    weights: Weights,
    lengths: Collection[int] | None = None,
    best: int = 5,
    off_length: float = 0.0,
    beam: Beam = WIDE,
) -> list[Candidate]:
    """The most probable values, best first; at most `best`, with probabilities that sum to at most 1.

    proba : (R, 11) float32, digits 0..9 and not-a-digit for every run of the lattice.
    lengths : numbers of digits that the value may have; None: any, also none at all.
    off_length : how likely the writing is, before it is seen, to have another length after all,
        against what its ways say; 0: it cannot have one.

    A known length constrains the ways; `off_length` keeps room for a field that does not hold to it.
    """
    digits, junk = edge_scores(lattice, proba, weights)
    total = _total(lattice, digits, junk, lengths)
    if total == -math.inf:
        return []
    if lengths is not None and off_length > 0.0:
        total = float(np.logaddexp(total, math.log(off_length) + _total(lattice, digits, junk, None)))
    finished = _beam(lattice, digits, junk, lengths, beam)
    allowed = [(v, s) for v, s in finished.items() if lengths is None or len(v) in lengths]
    allowed.sort(key=lambda item: (-item[1], item[0]))
    return [Candidate(value, min(1.0, math.exp(score - total))) for value, score in allowed[:best]]


def align(lattice: Lattice, proba: NDArray[np.float32], weights: Weights, value: str) -> list[int]:
    """The best way that reads `value`: for every digit the index of its run; [] where there is none."""
    digits, junk = edge_scores(lattice, proba, weights)
    score = np.full((lattice.size + 1, len(value) + 1), -np.inf)
    score[0, 0] = 0.0
    came = np.full(score.shape, -1, np.int32)
    took = np.zeros(score.shape, bool)
    for index, (start, stop) in enumerate(lattice.edges):
        for done in range(len(value) + 1):
            here = score[start, done]
            if here == -np.inf:
                continue
            if here + junk[index] > score[stop, done]:
                score[stop, done], came[stop, done], took[stop, done] = here + junk[index], index, False
            if done < len(value):
                further = here + digits[index, int(value[done])]
                if further > score[stop, done + 1]:
                    score[stop, done + 1], came[stop, done + 1], took[stop, done + 1] = further, index, True
    if score[-1, -1] == -np.inf:
        return []
    way: list[int] = []
    position, done = lattice.size, len(value)
    while position > 0:
        index = int(came[position, done])
        if took[position, done]:
            way.append(index)
            done -= 1
        position = int(lattice.edges[index, 0])
    return way[::-1]


def score_values(
    lattice: Lattice, proba: NDArray[np.float32], weights: Weights, values: Sequence[str]
) -> NDArray[np.float64]:
    """Log-probability of each value, (N,) float64, among all that the lattice may hold; -inf: no way.

    All values are scored in one pass over the runs, as the branches of one tree of their beginnings.
    """
    digits, junk = edge_scores(lattice, proba, weights)
    nodes = {"": 0}
    for value in values:
        for length in range(1, len(value) + 1):
            nodes.setdefault(value[:length], len(nodes))
    parents = np.array([0] + [nodes[beginning[:-1]] for beginning in nodes if beginning], np.intp)
    last = np.array([0] + [int(beginning[-1]) for beginning in nodes if beginning], np.intp)
    table = np.full((lattice.size + 1, len(nodes)), -np.inf)
    table[0, 0] = 0.0
    for index, (start, stop) in enumerate(lattice.edges.tolist()):
        here = table[start]
        read = here[parents] + digits[index, last]
        read[0] = -np.inf  # the empty beginning has no last digit
        ways = np.logaddexp(here + junk[index], read)
        np.logaddexp(table[stop], ways, out=table[stop])
    ends = table[-1, [nodes[value] for value in values]]
    scores: NDArray[np.float64] = ends - _total(lattice, digits, junk, None)
    return scores


def _total(
    lattice: Lattice,
    digits: NDArray[np.float64],
    junk: NDArray[np.float64],
    lengths: Collection[int] | None,
) -> float:
    """Log of the sum over all ways, or over those with one of `lengths` digits."""
    any_digit = np.logaddexp.reduce(digits, axis=1)
    if lengths is None:
        reach = np.full(lattice.size + 1, -np.inf)
        reach[0] = 0.0
        step = np.logaddexp(any_digit, junk)
        for index, (start, stop) in enumerate(lattice.edges):
            reach[stop] = np.logaddexp(reach[stop], reach[start] + step[index])
        return float(reach[-1])
    longest = max(lengths, default=0)
    table = np.full((lattice.size + 1, longest + 1), -np.inf)
    table[0, 0] = 0.0
    for index, (start, stop) in enumerate(lattice.edges):
        table[stop] = np.logaddexp(table[stop], table[start] + junk[index])
        table[stop, 1:] = np.logaddexp(table[stop, 1:], table[start, :-1] + any_digit[index])
    ends = [table[-1, n] for n in lengths if 0 <= n <= longest]
    return float(np.logaddexp.reduce(ends)) if ends else -math.inf


def _beam(
    lattice: Lattice,
    digits: NDArray[np.float64],
    junk: NDArray[np.float64],
    lengths: Collection[int] | None,
    beam: Beam,
) -> dict[str, float]:
    """Values at the last piece with the log of the sum over their ways (those that the beam kept)."""
    edges = lattice.edges.tolist()
    goal = _goals(lattice.size, edges, digits.max(axis=1, initial=-np.inf), junk, lengths)
    least = goal[0][0] - beam.value
    if least == -math.inf:
        return {}
    waiting: list[dict[str, float]] = [{} for _ in range(lattice.size + 1)]
    waiting[0][""] = 0.0
    longest = len(goal[0]) - 1 if lengths is not None else None
    skipped = junk.tolist()
    position = -1
    for (start, stop), choices, skip in zip(edges, _choices(digits, beam.digit), skipped, strict=True):
        if start != position:
            position = start
            waiting[start] = _prune(waiting[start], goal[start], least, beam.kept)
        ahead, left = waiting[stop], goal[stop]
        for value, score in waiting[start].items():
            done = len(value) if longest is not None else 0
            if score + skip + left[done] >= least:
                _add(ahead, value, score + skip)
            if longest is None or done < longest:
                enough = least - left[done + (longest is not None)]
                for digit, more in choices:
                    if score + more < enough:
                        break
                    _add(ahead, value + digit, score + more)
    return waiting[-1]


def _goals(
    size: int,
    edges: list[list[int]],
    digit: NDArray[np.float64],
    junk: NDArray[np.float64],
    lengths: Collection[int] | None,
) -> list[list[float]]:
    """Score of the best way on to the end: for every piece, by the number of digits before it.

    Where any length will do that number does not matter, and there is one score a piece.
    """
    longest = 0 if lengths is None else max(lengths, default=0)
    goal = np.full((size + 1, longest + 1), -np.inf)
    goal[size, [0] if lengths is None else [n for n in lengths if n >= 0]] = 0.0
    for (start, stop), read, skip in zip(edges[::-1], digit[::-1].tolist(), junk[::-1].tolist(), strict=True):
        here, there = goal[start], goal[stop]
        np.maximum(here, there + skip, out=here)
        if lengths is None:
            np.maximum(here, there + read, out=here)
        else:
            np.maximum(here[:-1], there[1:] + read, out=here[:-1])
    found: list[list[float]] = goal.tolist()
    return found


def _choices(digits: NDArray[np.float64], margin: float) -> list[list[tuple[str, float]]]:
    """Of every run the digits that are tried with their scores, the most probable first."""
    order = np.argsort(-digits, axis=1, kind="stable")
    ranked = np.take_along_axis(digits, order, axis=1)
    count = (ranked >= ranked[:, :1] - margin).sum(axis=1)
    return [
        [(str(d), score) for d, score in zip(row[:n], scores[:n], strict=True)]
        for row, scores, n in zip(order.tolist(), ranked.tolist(), count.tolist(), strict=True)
    ]


def _prune(values: dict[str, float], goal: list[float], least: float, most: int) -> dict[str, float]:
    """The best values; as many of each length, so that a shorter reading does not crowd out a longer one."""
    known = len(goal) > 1
    good = [
        (-score, value)
        for value, score in values.items()
        if score + goal[len(value) if known else 0] >= least
    ]
    kept: dict[str, float] = {}
    room: dict[int, int] = {}
    for behind, value in sorted(good):
        left = room.get(len(value), most)
        if left:
            room[len(value)] = left - 1
            kept[value] = -behind
    return kept


def _add(values: dict[str, float], value: str, score: float) -> None:
    old = values.get(value)
    if old is None:
        values[value] = score
    else:
        high, low = (old, score) if old > score else (score, old)
        values[value] = high + math.log1p(math.exp(low - high))
