"""Find the most probable readings of a lattice.

The lattice is a conditional random field over ways from the first piece to the last. Every step
is a run of pieces read as one digit, or a single piece left out as no digit; its score is a
weighted sum of the network's log-probability and of geometric features. The probability of a
value is the sum over all its ways, divided by the sum over all ways (cf. Lafferty, McCallum and
Pereira, 2001); the readings are found by a beam over values.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pipeline.strings.beam import WIDE, Beam, find_values
from pipeline.strings.lattice import DIGIT_FEATURES, JUNK_FEATURES, SHAPE_FEATURES, Lattice

CLASSES = 11
JUNK = 10
FLOOR = 1e-5


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

    cut, whole, box : its log-probability by the lattice alone, by the network that reads whole lines
        alone, and of printed boxes by the one that looks at them; 0 where it was not asked.
    """

    value: str
    probability: float
    cut: float = 0.0
    whole: float = 0.0
    box: float = 0.0


@dataclass(frozen=True, eq=False)
class Scored:
    """A lattice whose runs are scored.

    digits : (R, 10) float64, every run as each digit.
    junk : (R,) float64, leaving it out; -inf where that may not be.
    """

    lattice: Lattice
    digits: NDArray[np.float64]
    junk: NDArray[np.float64]


def score_runs(lattice: Lattice, proba: NDArray[np.float32], weights: Weights) -> Scored:
    """Score every run of a lattice.

    proba : (R, 11) float32, digits 0..9 and not-a-digit for every run.
    """
    log = np.log(np.maximum(proba.astype(np.float64), FLOOR))
    count = (lattice.edges[:, 1] - lattice.edges[:, 0]).astype(np.float64)
    features = (lattice.digit_features, lattice.shape_features, lattice.junk_features)
    return Scored(lattice, *weigh(log, count, tuple(part.astype(np.float64) for part in features), weights))


def weigh(
    log: NDArray[np.float64],
    count: NDArray[np.float64],
    features: Sequence[NDArray[np.float64]],
    weights: Weights,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What `score_runs` gives, from log-probabilities (R, 11), pieces (R,) and features of the runs.

    features : of digits, of shapes and of junk, as a `Lattice` holds them.
    """
    digit, shape, junk = features
    scaled = log * (weights.evidence + weights.evidence_per_piece * count)[:, None]
    digits = scaled[:, :JUNK] + (digit @ weights.digit)[:, None]
    digits += shape @ weights.shape.T
    return digits, np.where(count == 1, scaled[:, JUNK] + junk @ weights.junk, -np.inf)


def decode(
    scored: Scored,
    lengths: Collection[int] | None = None,
    best: int = 5,
    off_length: float = 0.0,
    beam: Beam = WIDE,
) -> list[Candidate]:
    """The most probable values, best first; at most `best`, with probabilities that sum to at most 1.

    lengths : numbers of digits that the value may have; None: any, also none at all.
    off_length : how likely the writing is, before it is seen, to have another length after all,
        against what its ways say; 0: it cannot have one.

    A known length constrains the ways; `off_length` keeps room for a field that does not hold to it.
    """
    total = _total(scored, lengths)
    if total == -math.inf:
        return []
    if lengths is not None and off_length > 0.0:
        total = float(np.logaddexp(total, math.log(off_length) + _total(scored, None)))
    found = find_values(scored.lattice, scored.digits, scored.junk, lengths, beam)
    return [Candidate(value, min(1.0, math.exp(score - total))) for value, score in found[:best]]


def best_values(scored: Scored, lengths: Collection[int] | None, best: int, beam: Beam) -> list[str]:
    """The values that `decode` finds, without their probabilities."""
    found = find_values(scored.lattice, scored.digits, scored.junk, lengths, beam)
    return [value for value, _ in found[:best]]


def align(scored: Scored, value: str) -> list[int]:
    """The best way that reads `value`: for every digit the index of its run; [] where there is none."""
    lattice, digits, junk = scored.lattice, scored.digits, scored.junk
    edges = lattice.edges.tolist()
    length = len(value)
    score = [[-math.inf] * (length + 1) for _ in range(lattice.size + 1)]
    score[0][0] = 0.0
    came = [[-1] * (length + 1) for _ in score]
    took = [[False] * (length + 1) for _ in score]
    reads = digits[:, [int(digit) for digit in value]].tolist()
    for index, ((start, stop), skip, read) in enumerate(zip(edges, junk.tolist(), reads, strict=True)):
        ahead, by, taken = score[stop], came[stop], took[stop]
        for done, here in enumerate(score[start]):
            if here + skip > ahead[done]:
                ahead[done], by[done], taken[done] = here + skip, index, False
            if done < length and here + read[done] > ahead[done + 1]:
                ahead[done + 1], by[done + 1], taken[done + 1] = here + read[done], index, True
    if score[-1][-1] == -math.inf:
        return []
    way: list[int] = []
    position, done = lattice.size, length
    while position > 0:
        index = came[position][done]
        if took[position][done]:
            way.append(index)
            done -= 1
        position = edges[index][0]
    return way[::-1]


def score_values(scored: Scored, values: Sequence[str]) -> NDArray[np.float64]:
    """Log-probability of each value, (N,) float64, among all that the lattice may hold; -inf: no way.

    All values are scored in one pass over the runs, as the branches of one tree of their beginnings.
    """
    lattice, digits, junk = scored.lattice, scored.digits, scored.junk
    nodes = {"": 0}
    for value in values:
        for length in range(1, len(value) + 1):
            nodes.setdefault(value[:length], len(nodes))
    parents = np.array([0] + [nodes[beginning[:-1]] for beginning in nodes if beginning], np.intp)
    last = np.array([0] + [int(beginning[-1]) for beginning in nodes if beginning], np.intp)
    table = np.full((lattice.size + 1, len(nodes)), -np.inf)
    table[0, 0] = 0.0
    reads = digits[:, last]
    reads[:, 0] = -np.inf  # the empty beginning has no last digit
    for start, own in _by_start(lattice):
        here, stops = table[start], lattice.edges[own, 1]
        ways = np.logaddexp(here + junk[own, None], here[parents] + reads[own])
        table[stops] = np.logaddexp(table[stops], ways)
    ends = table[-1, [nodes[value] for value in values]]
    scores: NDArray[np.float64] = ends - _total(scored, None)
    return scores


def _total(scored: Scored, lengths: Collection[int] | None) -> float:
    """Log of the sum over all ways, or over those with one of `lengths` digits."""
    lattice, digits, junk = scored.lattice, scored.digits, scored.junk
    any_digit = np.logaddexp.reduce(digits, axis=1)
    if lengths is None:
        reach = np.full(lattice.size + 1, -np.inf)
        reach[0] = 0.0
        step = np.logaddexp(any_digit, junk)
        for start, own in _by_start(lattice):
            stops = lattice.edges[own, 1]
            reach[stops] = np.logaddexp(reach[stops], reach[start] + step[own])
        return float(reach[-1])
    longest = max(lengths, default=0)
    table = np.full((lattice.size + 1, longest + 1), -np.inf)
    table[0, 0] = 0.0
    for start, own in _by_start(lattice):
        stops, here = lattice.edges[own, 1], table[start]
        table[stops] = np.logaddexp(table[stops], here + junk[own, None])
        table[stops, 1:] = np.logaddexp(table[stops, 1:], here[:-1] + any_digit[own, None])
    ends = [table[-1, n] for n in lengths if 0 <= n <= longest]
    return float(np.logaddexp.reduce(ends)) if ends else -math.inf


def _by_start(lattice: Lattice) -> Iterator[tuple[int, slice]]:
    """Every piece at which runs start, from the first one on, and these runs; each stops elsewhere."""
    starts = lattice.edges[:, 0]
    bounds = [0, *(np.flatnonzero(starts[1:] != starts[:-1]) + 1).tolist(), len(starts)]
    for begin, end in pairwise(bounds if len(starts) else ()):
        yield int(starts[begin]), slice(begin, end)
