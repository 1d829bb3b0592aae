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
    # For each value: log of the ways that end in a blank, and of those that end in its last digit.
    beam: dict[str, tuple[float, float]] = {"": (0.0, -math.inf)}
    for row in frames.astype(np.float64).tolist():
        ahead: dict[str, list[float]] = {}
        digits = [d for d in range(BLANK) if row[d] > CHOICE]
        for value, (blank, digit) in beam.items():
            both = _add(blank, digit)
            kept = ahead.setdefault(value, [-math.inf, -math.inf])
            kept[0] = _add(kept[0], both + row[BLANK])
            last = int(value[-1]) if value else BLANK
            if value:
                kept[1] = _add(kept[1], digit + row[last])
            for d in digits:
                # The same digit again needs a blank before it, or it is the same one, longer.
                before = blank if d == last else both
                if before > -math.inf:
                    longer = ahead.setdefault(f"{value}{d}", [-math.inf, -math.inf])
                    longer[1] = _add(longer[1], before + row[d])
        scored = sorted(((_add(*ends), value) for value, ends in ahead.items()), key=lambda s: (-s[0], s[1]))
        beam = {value: (ahead[value][0], ahead[value][1]) for _, value in scored[:BEAM]}
    found = sorted(((_add(*ends), value) for value, ends in beam.items()), key=lambda s: (-s[0], s[1]))
    return [(value, score) for score, value in found[:best]]


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


def _add(a: float, b: float) -> float:
    """log(exp(a) + exp(b))"""
    if a < b:
        a, b = b, a
    return a if b == -math.inf else a + math.log1p(math.exp(b - a))
