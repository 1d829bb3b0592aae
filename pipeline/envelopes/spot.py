"""Tell which stretch of which line of text is the postal code: by what the network sees, and by its place.

Every stretch of a line that may be the code is weighed against all others and against there being no
code at all (a conditional logit; McFadden, 1974). What counts: how well the pieces of the stretch read
as so many digits, how well they would pass as letters, the white before it, and its place on the page.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.envelopes.address import TextLine
from pipeline.envelopes.blocks import Block, passed_over
from pipeline.layouts import Country
from pipeline.strings.decode import FLOOR, JUNK, Weights, score_runs
from pipeline.strings.lattice import Lattice, part_of
from pipeline.strings.segment import Pieces

FEATURES = (
    "stretch",  # 1: how likely any stretch is the code, against there being none
    "digits",  # log of the sum over the ways to read it as a code, per digit
    "letters",  # the same over the ways to pass its pieces as no digits, per digit
    "worst",  # of the best way: the log-probability of its worst digit
    "longer",  # 1 where it reads best as the longer of two lengths
    "pieces",  # pieces per digit
    "white",  # before it, heights of the line
    "lead",  # logarithm of that white over the widest within
    "odd",  # 1 where it is the whole line and the country writes it beside words, or the reverse
    "low",  # how far down the page, 0..1
    "top",  # 1 in the upper third
    "corner",  # 1 where a sender's address stands
    "last",  # 1 where no further line stands below
    "small",  # logarithm of its height over that of the page's lines
    "passed",  # how far another address stands below it and to its right, see `blocks.passed_over`
)
LEAST_WHITE = 0.1  # before a code, heights of the line
WIDEST_WHITE, NO_WHITE = 1.5, 0.05  # what is more, or less, counts as this
WORST_DIGIT = -9.0


@dataclass(frozen=True, eq=False)
class SeenLine:
    """A line of text as the network saw it.

    line : its components. pieces, lattice : what it was cut into. proba : (R, 11) float32, of all its runs.
    starts : (N + 1,) for every component the first piece behind the white before it; last, all pieces.
    """

    line: TextLine
    pieces: Pieces
    lattice: Lattice
    proba: NDArray[np.float32]
    starts: NDArray[np.intp]

    def part(self, begin: int, end: int) -> Lattice:
        """Its components from `begin` to `end` (exclusive) as a lattice of their own."""
        return part_of(self.pieces, self.lattice, int(self.starts[begin]), int(self.starts[end]), self.proba)


@dataclass(frozen=True)
class Context:
    """A page's lines of text: shape of the page, height of a usual line, and row of the lowest, pixels.

    blocks : in which its lines stand, where the country wants the receiver below the sender.
    """

    shape: tuple[int, ...]
    height: float
    lowest: float
    blocks: tuple[Block, ...] = ()

    @classmethod
    def of(cls, lines: Sequence[TextLine], shape: tuple[int, ...], blocks: Sequence[Block] = ()) -> Context:
        """Of the lines on which the code may stand, on a page of `shape`."""
        height = float(np.median([line.height for line in lines])) if lines else 0.0
        lowest = max((float(line.boxes[:, 3].mean()) for line in lines), default=0.0)
        return cls(shape, height, lowest, tuple(blocks))


@dataclass(frozen=True, eq=False)
class Stretch:
    """Part of a line, components `begin` to `end`, that may be the code; `features` as in FEATURES."""

    line: int
    begin: int
    end: int
    features: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Ways:
    """Sums over all ways from every piece to an end of its line, as logarithms.

    digits : (P + 1, longest + 1), those with so many digits. letters : (P + 1,), those with none.
    worst : (P + 1, longest + 1), the log-probability of the worst digit on the best way.
    """

    digits: NDArray[np.float64]
    letters: NDArray[np.float64]
    worst: NDArray[np.float64]


def find_stretches(
    seen: SeenLine, number: int, country: Country, weights: Weights, context: Context
) -> list[Stretch]:
    """Every stretch of a line, of that number on its page, that may be the country's code."""
    return [
        Stretch(number, begin, end, np.array([*looks, *_place(seen.line, begin, end, context)]))
        for begin, end, looks in _stretches(seen, country, weights)
    ]


def weigh_stretches(stretches: Sequence[Stretch], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probability of every stretch to be the code, (N,); what they lack to 1 is for there being none."""
    if not stretches:
        return np.zeros(0)
    scores = np.array([each.features for each in stretches]) @ weights
    peak = max(0.0, float(scores.max()))
    odds = np.exp(scores - peak)
    shares: NDArray[np.float64] = odds / (odds.sum() + np.exp(-peak))
    return shares


def _stretches(
    seen: SeenLine, country: Country, weights: Weights
) -> Iterator[tuple[int, int, tuple[float, ...]]]:
    """Ends of a line (beginnings, where the country's code leads its line) with what they look like."""
    line, size = seen.line, seen.lattice.size
    if not size:
        return
    leads = country.where == "start"
    ways = sum_ways(seen.lattice, seen.proba, weights, max(country.lengths), to_begin=leads)
    gaps = line.gaps
    for begin, end in line.ends(country, LEAST_WHITE):
        at = end if leads else begin
        first = int(seen.starts[at])
        pieces = first if leads else size - first
        if not pieces:
            continue
        reach = {n: float(ways.digits[first, n]) for n in country.lengths}
        length = max(reach, key=lambda n: reach[n])
        if reach[length] == -np.inf:
            continue
        white = max(min(float(gaps[at]), WIDEST_WHITE), NO_WHITE)
        within = max(min(float(gaps[begin + 1 : end].max(initial=LEAST_WHITE)), WIDEST_WHITE), NO_WHITE)
        yield (
            begin,
            end,
            (
                1.0,
                float(np.logaddexp.reduce(list(reach.values()))) / length,
                float(ways.letters[first]) / length,
                max(float(ways.worst[first, length]), WORST_DIGIT),
                float(length > min(country.lengths)),
                pieces / length,
                white,
                float(np.log(white / within)),
                float((end - begin == len(line.numbers)) != (country.where == "alone")),
            ),
        )


def _place(line: TextLine, begin: int, end: int, context: Context) -> tuple[float, ...]:
    column = float(line.boxes[begin:end, [0, 2]].mean())
    row = float(line.boxes[begin:end, [1, 3]].mean())
    x, y = column / context.shape[1], row / context.shape[0]
    last = context.lowest <= float(line.boxes[:, 3].mean()) + 0.8 * line.height
    small = float(np.log(max(line.height, 1.0) / max(context.height, 1.0)))
    passed = passed_over(column, row, context.blocks, context.shape)
    return y, float(y < 0.33), float(x < 0.42 and y < 0.45), float(last), small, passed


def sum_ways(
    lattice: Lattice, proba: NDArray[np.float32], weights: Weights, longest: int, *, to_begin: bool
) -> Ways:
    """Sums over the ways from every piece to the end of its line, or to its beginning."""
    scored = score_runs(lattice, proba, weights)
    digits, junk = scored.digits, scored.junk
    log = np.log(np.maximum(proba.astype(np.float64), FLOOR))
    count = (lattice.edges[:, 1] - lattice.edges[:, 0]).astype(np.float64)
    letter = log[:, JUNK] * (weights.evidence + weights.evidence_per_piece * count)
    any_digit, best = np.logaddexp.reduce(digits, axis=1), digits.max(axis=1)
    sure = log[np.arange(len(log)), digits.argmax(axis=1)]
    total = np.full((lattice.size + 1, longest + 1), -np.inf)
    top, worst = total.copy(), np.zeros_like(total)
    letters = np.full(lattice.size + 1, -np.inf)
    home = 0 if to_begin else lattice.size
    total[home, 0] = top[home, 0] = letters[home] = 0.0
    runs = range(len(count)) if to_begin else range(len(count) - 1, -1, -1)
    for run in runs:
        start, stop = lattice.edges[run].tolist()
        here, there = (stop, start) if to_begin else (start, stop)
        letters[here] = np.logaddexp(letters[here], letters[there] + letter[run])
        total[here] = np.logaddexp(total[here], total[there] + junk[run])
        total[here, 1:] = np.logaddexp(total[here, 1:], total[there, :-1] + any_digit[run])
        _keep_better(top[here], worst[here], top[there] + junk[run], worst[there])
        lesser = np.minimum(worst[there, :-1], sure[run])
        _keep_better(top[here, 1:], worst[here, 1:], top[there, :-1] + best[run], lesser)
    return Ways(total, letters, worst)


def _keep_better(
    top: NDArray[np.float64],
    worst: NDArray[np.float64],
    score: NDArray[np.float64],
    its_worst: NDArray[np.float64],
) -> None:
    """Put the better of two ways, by score, and its worst digit into `top` and `worst`."""
    better = score > top
    top[better], worst[better] = score[better], its_worst[better]
