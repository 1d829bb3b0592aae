"""Read what stands in the frames of a whole line: connectionist temporal classification.

A network says for every frame which digit it sees, or none (the blank). A value's probability is
the sum over all ways to place its digits in the frames (Graves et al., 2006); the readings are
found by a prefix beam (Hannun et al., 2014).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

DIGITS = tuple("0123456789")
BLANK = 10
CLASSES = 11
# A frame this surely blank (nats from certainty) only keeps two equal digits apart.
SURE_BLANK = 2e-4
CHOICE = -9.0  # a digit less probable than this (nats) in its frame starts no reading
BEAM = 10

Frames = NDArray[np.float32]  # (T, 11) log-probabilities


def squeeze(frames: Frames) -> Frames:
    """The frames without all but one of every stretch that is surely blank: what is read stays the same."""
    sure = frames[:, BLANK] > -SURE_BLANK
    kept = ~sure
    kept[1:] |= sure[1:] & ~sure[:-1]
    return frames[kept]


def read_frames(frames: Frames, best: int = 5) -> list[tuple[str, float]]:
    """The most probable values with the logs of their probabilities, best first; at most `best`."""
    peaks_of = frames.max(axis=1, keepdims=True, initial=-np.inf).astype(np.float64)
    # Against the best of its frame a class is never so improbable that products of them vanish.
    proba = np.exp(frames - peaks_of).tolist()
    tried = [[d for d in range(BLANK) if row[d] > CHOICE] for row in frames.tolist()]
    # For each value: of the ways that end in a blank, and of those that end in its last digit.
    beam: list[tuple[float, str, float, float]] = [(-1.0, "", 1.0, 0.0)]
    for row, digits in zip(proba, tried, strict=True):
        beam = _next_beam(beam, row[BLANK], row, [(d, str(d), row[d]) for d in digits])
    offset = float(peaks_of.sum())
    return [(value, offset + math.log(-total)) for total, value, _, _ in sorted(beam)[:best]]


def _next_beam(
    beam: list[tuple[float, str, float, float]],
    blank: float,
    row: list[float],
    digits: list[tuple[int, str, float]],
) -> list[tuple[float, str, float, float]]:
    """The values after one more frame: less their probability, themselves, its parts (see `read_frames`)."""
    after_blank: dict[str, float] = {}
    after_digit: dict[str, float] = {}
    for behind, value, paused, written in beam:
        after_blank[value] = -behind * blank
        last = int(value[-1]) if value else BLANK
        if written:
            after_digit[value] = after_digit.get(value, 0.0) + written * row[last]
        for digit, name, share in digits:
            # The same digit again needs a blank before it, or it is the same one, longer.
            before = paused if digit == last else -behind
            if before:
                longer = value + name
                after_digit[longer] = after_digit.get(longer, 0.0) + before * share
    found = [
        (-(paused + written), value, paused, written)
        for value in {**after_blank, **after_digit}
        if (paused := after_blank.get(value, 0.0)) + (written := after_digit.get(value, 0.0))
    ]
    return sorted(found)[:BEAM] if len(found) > BEAM else found


def score_values(frames: Frames, values: Sequence[str]) -> NDArray[np.float64]:
    """Log-probability of each value, (N,) float64; -inf where the frames are too few for it."""
    if not len(values):
        return np.zeros(0)
    longest = max(map(len, values))
    states = 2 * longest + 1
    symbols = np.full((len(values), states), BLANK)
    for i, value in enumerate(values):
        symbols[i, 1 : 2 * len(value) : 2] = [int(c) for c in value]
    # From a digit on to the next one without a blank between, unless it is the same.
    leap = np.full((len(values), states), -np.inf)
    leap[:, 2:][(symbols[:, 2:] != BLANK) & (symbols[:, 2:] != symbols[:, :-2])] = 0.0
    score = np.full((len(values), states + 2), -np.inf)  # two columns of nothing on the left
    score[:, 2] = 0.0
    emitted = frames.astype(np.float64)
    started = False
    for row in emitted:
        here = row[symbols]
        if not started:  # before the first frame: the first blank or the first digit
            score[:, 3:] = np.where(np.arange(states - 1) == 0, 0.0, -np.inf)
            score[:, 2:] += here
            started = True
            continue
        ways = np.logaddexp(score[:, 2:], score[:, 1:-1])
        score[:, 2:] = np.logaddexp(ways, score[:, :-2] + leap) + here
    ends = 2 * np.array([len(value) for value in values])
    rows = np.arange(len(values))
    last = np.where(ends > 0, score[rows, ends + 1], -np.inf)
    total: NDArray[np.float64] = np.logaddexp(score[rows, ends + 2], last)
    return total


def peaks(frames: Frames, value: str) -> tuple[float, ...]:
    """How sure each digit of `value` is: its highest probability in the frames that the best way gives it."""
    if not len(frames):  # nothing but blanks was squeezed away: no digit was seen at all
        return (0.0,) * len(value)
    symbols = [BLANK] + [s for c in value for s in (int(c), BLANK)]
    states, count = len(symbols), len(frames)
    emitted = frames.astype(np.float64)[:, symbols]
    score = np.full(states, -np.inf)
    score[: min(2, states)] = emitted[0, : min(2, states)]
    came = np.zeros((count, states), np.int8)
    leap = np.array(
        [k > 1 and symbols[k] != BLANK and symbols[k] != symbols[k - 2] for k in range(states)], np.bool_
    )
    one, two = np.full(states, -np.inf), np.full(states, -np.inf)
    for t in range(1, count):
        one[1:], two[2:] = score[:-1], np.where(leap[2:], score[:-2], -np.inf)
        best = np.maximum(score, one)
        came[t] = one > score
        came[t][two > best] = 2
        score = np.maximum(best, two) + emitted[t]
    state = states - 1 if states == 1 or score[-1] >= score[-2] else states - 2
    found = np.full(len(value), -np.inf)
    for t in range(count - 1, -1, -1):
        if state % 2:
            found[state // 2] = max(found[state // 2], emitted[t, state])
        state -= int(came[t, state])
    return tuple(float(p) for p in np.exp(found))
