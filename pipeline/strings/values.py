"""From what the networks see of a field to its value: candidates, and what is shown of them.

Two readers look at every line: one cuts it (`decode`), one does not (`ctc`). A third looks at printed
boxes, the print around them in view. A value's score is a weighted sum of its log-probabilities by all;
the weights are fitted, so that each counts for what it is worth, and where they agree the value is
nearly certain.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.parameters import Pair, ReaderParameters
from pipeline.strings import ctc
from pipeline.strings.beam import NARROW, WIDE
from pipeline.strings.classify import Seen
from pipeline.strings.decode import (
    Candidate,
    Scored,
    Weights,
    align,
    best_values,
    decode,
    score_runs,
    score_values,
)

READINGS = 5  # of a field: the best one and its alternatives
UNSEEN = -25.0  # log-probability of a value that a reader cannot find at all


@dataclass(frozen=True, eq=False)
class Scores:
    """What each reader says of a line, worked out once.

    runs : of the lattice. frames : (T, 11) float32, those that are not surely blank; None where no network
        reads whole lines. box : (10,) float64, log-probability of every digit in a printed box, which holds
        one; None of a line, and where no network looks at boxes.
    """

    runs: Scored
    frames: ctc.Frames | None
    box: NDArray[np.float64] | None = None


def score(seen: Seen, weights: Weights) -> Scores:
    """Score a line as all readers see it."""
    frames = None if seen.frames is None else ctc.squeeze(seen.frames)
    return Scores(score_runs(seen.lattice, seen.proba, weights), frames, _digits_in_box(seen.contents))


def _digits_in_box(contents: NDArray[np.float32] | None) -> NDArray[np.float64] | None:
    if contents is None:
        return None
    digits = np.maximum(contents[: len(ctc.DIGITS)].astype(np.float64), math.exp(UNSEEN))
    return np.asarray(np.log(digits / digits.sum()))


def read_line(
    seen: Seen,
    parameters: ReaderParameters,
    lengths: Collection[int] | None,
    off_length: float,
    best: int = READINGS,
) -> tuple[list[Candidate], tuple[float, ...]]:
    """Candidates of a line of writing, best first, and the digit probabilities of the best.

    lengths, off_length : as `decode` takes them.
    """
    scores = score(seen, parameters.weights)
    candidates = propose(scores, parameters.lines.pair, lengths, off_length if lengths else 0.0, best)
    return candidates, _digits(seen.proba, scores, candidates[0].value) if candidates else ()


def read_boxes(
    boxes: Sequence[Seen], parameters: ReaderParameters, best: int = READINGS
) -> tuple[list[Candidate], tuple[float, ...]]:
    """One digit a box: the boxes' digits side by side, at most `best` such values, most probable first.

    An empty box adds no digit.
    """
    pair = parameters.boxes.pair
    proposed = (propose(score(box, parameters.weights), pair, (1,), 0.0, max(3, best // 5)) for box in boxes)
    found = [candidates for candidates in proposed if candidates]
    if not found:
        return [], ()
    values = [Candidate("", 1.0)]
    for box in found:
        longer = [_followed(value, digit) for value in values for digit in box]
        values = sorted(longer, key=lambda value: (-value.probability, value.value))[:best]
    return values, tuple(box[0].probability for box in found)


def _followed(value: Candidate, digit: Candidate) -> Candidate:
    """A value with one more box, what each reader says of both summed up."""
    return Candidate(
        value.value + digit.value,
        value.probability * digit.probability,
        value.cut + digit.cut,
        value.whole + digit.whole,
        value.box + digit.box,
    )


def propose(
    scores: Scores, pair: Pair, lengths: Collection[int] | None, off_length: float, best: int
) -> list[Candidate]:
    """The most probable values of a line by all that is seen of it, best first.

    pair : what either reader counts for here.
    """
    two = scores.frames is not None and len(scores.frames) > 0 and scores.runs.lattice.size > 0
    # Where both readers propose, and only a few readings are asked for, neither need look far.
    beam = NARROW if two and best <= READINGS else WIDE
    if not two:
        return decode(scores.runs, lengths, best, off_length, beam)
    if scores.box is not None:  # of the ten digits each has its say about each
        return weigh_values(weigh_readers(scores, ctc.DIGITS), pair, lengths, off_length)[:best]
    values = gather_values(scores, best_values(scores.runs, lengths, best, beam), lengths, best)
    return weigh_values(weigh_readers(scores, values), pair, lengths, off_length)[:best]


def gather_values(
    scores: Scores,
    found: Sequence[str],
    lengths: Collection[int] | None = None,
    best: int = READINGS,
) -> list[str]:
    """What either reader proposes: `found` by the lattice, and what the frames say, each value once."""
    assert scores.frames is not None
    values = [*found, *(value for value, _ in ctc.read_frames(scores.frames, best))]
    if lengths is not None:  # and what it says without regard to length, against which it is weighed
        values += best_values(scores.runs, None, 2, NARROW)
    return list(dict.fromkeys(values))


def weigh_readers(scores: Scores, values: Sequence[str]) -> list[Candidate]:
    """Every value with its log-probability by either reader; its own probability is not yet known."""
    assert scores.frames is not None
    cut = np.maximum(score_values(scores.runs, values), UNSEEN)
    whole = np.maximum(ctc.score_values(scores.frames, values), UNSEEN)
    box = [0.0 if scores.box is None else float(scores.box[int(value)]) for value in values]
    each = zip(values, cut.tolist(), whole.tolist(), box, strict=True)
    return [Candidate(value, 0.0, *said) for value, *said in each]


def weigh_values(
    candidates: Sequence[Candidate], pair: Pair, lengths: Collection[int] | None, off_length: float
) -> list[Candidate]:
    """The candidates of the right lengths with their probabilities, best first.

    They share what is not left to values that neither reader proposed, nor to those of other lengths.
    """
    allowed = [lengths is None or len(c.value) in lengths for c in candidates]
    scores = np.array([pair.cut * c.cut + pair.whole * c.whole + pair.box * c.box for c in candidates])
    if lengths is not None:
        scores += np.where(allowed, 0.0, math.log(off_length) if off_length > 0.0 else -np.inf)
    # Of a known length some value there must be; otherwise it may be one that neither proposed.
    others = -math.inf if lengths is not None and off_length == 0.0 else pair.others
    if not np.isfinite(scores).any():
        return []
    total = np.logaddexp(np.logaddexp.reduce(scores), others)
    shares = np.exp(scores - total).tolist()
    kept = [
        replace(c, probability=share)
        for c, share, good in zip(candidates, shares, allowed, strict=True)
        if good
    ]
    return sorted(kept, key=lambda candidate: (-candidate.probability, candidate.value))


def _digits(proba: NDArray[np.float32], scores: Scores, value: str) -> tuple[float, ...]:
    """How sure each digit of `value` is: by the more cautious of the readers that find it."""
    way = align(scores.runs, value)
    cut = [float(proba[run, int(digit)]) for run, digit in zip(way, value, strict=True)] if way else None
    if scores.frames is None or not len(scores.frames):
        return tuple(cut or ())
    whole = ctc.peaks(scores.frames, value)
    return whole if cut is None else tuple(min(pair) for pair in zip(cut, whole, strict=True))


def alternatives(candidates: Sequence[Candidate], confidence: float) -> tuple[tuple[str, float], ...]:
    """The candidates after the first with what the calibrated `confidence` of the first leaves them."""
    # What the calibration takes from the first candidate goes to the others in proportion, but to none
    # so much that it comes before the first.
    rest = (1.0 - confidence) / max(1.0 - candidates[0].probability, 1e-9)
    others = [(c.value, min(c.probability * rest, confidence)) for c in candidates[1:] if c.value]
    room = max(1.0 - confidence, 0.0)
    total = sum(p for _, p in others)
    scale = min(1.0, room / total) if total > 0 else 0.0
    return tuple((value, p * scale) for value, p in others if p * scale >= 5e-5)
