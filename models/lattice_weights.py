"""Fit the weights of the lattice's terms: a conditional random field, summed over all ways that read a value.

They maximise the probability of the right values of strings (L-BFGS; Lafferty, McCallum and
Pereira, 2001).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from pipeline.strings.decode import FLOOR, JUNK, Weights, weigh
from pipeline.strings.lattice import DIGIT_FEATURES, JUNK_FEATURES

PRIOR_STRENGTH = 0.5
START = Weights(
    evidence=0.7,
    evidence_per_piece=0.2,
    digit=np.zeros(len(DIGIT_FEATURES)),
    junk=np.zeros(len(JUNK_FEATURES)),
)
_ENDS = np.cumsum([2, len(DIGIT_FEATURES), len(JUNK_FEATURES)])  # of the parts of a packed vector


@dataclass(frozen=True, eq=False)
class Sample:
    """A lattice ready for fitting: its edges, the logs of its probabilities, its features, the truth."""

    size: int
    edges: list[tuple[int, int]]
    log: NDArray[np.float64]
    count: NDArray[np.float64]
    digit: NDArray[np.float64]
    shape: NDArray[np.float64]
    junk: NDArray[np.float64]
    value: NDArray[np.intp]


def make_sample(lattice: Any, proba: NDArray[np.float32], value: str) -> Sample:
    """A sample from a lattice, the network's probabilities (R, 11) and the right value."""
    return Sample(
        lattice.size,
        [(int(a), int(b)) for a, b in lattice.edges],
        np.log(np.maximum(proba.astype(np.float64), FLOOR)),
        (lattice.edges[:, 1] - lattice.edges[:, 0]).astype(np.float64),
        lattice.digit_features.astype(np.float64),
        lattice.shape_features.astype(np.float64),
        lattice.junk_features.astype(np.float64),
        np.array([int(c) for c in value], np.intp),
    )


def pack(weights: Weights) -> NDArray[np.float64]:
    """All weights as one vector."""
    first = [weights.evidence, weights.evidence_per_piece]
    return np.concatenate([first, weights.digit, weights.junk, weights.shape.ravel()])


def unpack(vector: NDArray[np.float64]) -> Weights:
    """The weights that `pack` made `vector` of."""
    first, digit, junk, shape = np.split(vector, _ENDS)
    return Weights(float(first[0]), float(first[1]), digit, junk, shape.reshape(JUNK, -1))


def loss_and_gradient(
    vector: NDArray[np.float64], sample: Sample
) -> tuple[float, NDArray[np.float64]] | None:
    """Minus the log-probability of the right value, and its gradient; None where no way reads it."""
    weights = unpack(vector)
    features = (sample.digit, sample.shape, sample.junk)
    digits, junk = weigh(sample.log, sample.count, features, weights)
    right = _expected_right(sample, digits, junk)
    if right is None:
        return None
    log_right, right_digits, right_junk = right
    log_all, all_digits, all_junk = _expected_all(sample, digits, junk)
    gradient = _features(sample, all_digits, all_junk) - _features(sample, right_digits, right_junk)
    return log_all - log_right, gradient


def _features(sample: Sample, digits: NDArray[np.float64], junk: NDArray[np.float64]) -> NDArray[np.float64]:
    """Expected feature sums for the expected uses of every run as each digit (R, 10) and as junk (R,)."""
    seen = (digits * sample.log[:, :JUNK]).sum(axis=1) + junk * sample.log[:, JUNK]
    return np.concatenate(
        [
            [seen.sum(), (seen * sample.count).sum()],
            digits.sum(axis=1) @ sample.digit,
            junk @ sample.junk,
            (digits.T @ sample.shape).ravel(),
        ]
    )


def _expected_all(
    sample: Sample, digits: NDArray[np.float64], junk: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Log of the sum over all ways, and how often they use each run as each digit and as junk."""
    step = np.logaddexp(np.logaddexp.reduce(digits, axis=1), junk)
    ahead = np.full(sample.size + 1, -np.inf)
    behind = ahead.copy()
    ahead[0] = behind[-1] = 0.0
    for run, (start, stop) in enumerate(sample.edges):
        ahead[stop] = np.logaddexp(ahead[stop], ahead[start] + step[run])
    for run in range(len(sample.edges) - 1, -1, -1):
        start, stop = sample.edges[run]
        behind[start] = np.logaddexp(behind[start], behind[stop] + step[run])
    starts, stops = np.array(sample.edges, np.intp).reshape(-1, 2).T
    around = ahead[starts] + behind[stops] - ahead[-1]
    return float(ahead[-1]), np.exp(digits + around[:, None]), np.exp(junk + around)


def _expected_right(
    sample: Sample, digits: NDArray[np.float64], junk: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]] | None:
    """The same over the ways that read the right value; None where there is none."""
    length = len(sample.value)
    own = digits[:, sample.value]
    ahead = np.full((sample.size + 1, length + 1), -np.inf)
    behind = ahead.copy()
    ahead[0, 0] = behind[-1, -1] = 0.0
    for run, (start, stop) in enumerate(sample.edges):
        np.logaddexp(ahead[stop], ahead[start] + junk[run], out=ahead[stop])
        np.logaddexp(ahead[stop, 1:], ahead[start, :-1] + own[run], out=ahead[stop, 1:])
    if ahead[-1, -1] == -np.inf:
        return None
    for run in range(len(sample.edges) - 1, -1, -1):
        start, stop = sample.edges[run]
        np.logaddexp(behind[start], behind[stop] + junk[run], out=behind[start])
        np.logaddexp(behind[start, :-1], behind[stop, 1:] + own[run], out=behind[start, :-1])
    starts, stops = np.array(sample.edges, np.intp).reshape(-1, 2).T
    total = ahead[-1, -1]
    used_junk = np.exp(np.logaddexp.reduce(ahead[starts] + behind[stops], axis=1) + junk - total)
    used = np.exp(ahead[starts, :-1] + behind[stops, 1:] + own - total)
    by_digit = np.zeros_like(digits)
    for place, digit in enumerate(sample.value):
        by_digit[:, digit] += used[:, place]
    return float(total), by_digit, used_junk


def fit_weights(
    samples: Sequence[Sample],
    known: Weights = START,
    strength: float = PRIOR_STRENGTH,
    iterations: int = 60,
) -> tuple[Weights, float]:
    """Weights that make the right values most probable, and the mean loss that is left.

    known : what they are held to, with this strength, a sample's loss being 1 for each nat.
    """
    start = pack(known)

    def objective(vector: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        pull = vector - start
        loss, gradient = 0.5 * strength * float(pull @ pull), strength * pull
        for sample in samples:
            part = loss_and_gradient(vector, sample)
            if part is not None:
                # A strip that cannot be read by any weights must not bend them all.
                capped = min(1.0, 20.0 / max(part[0], 1e-9))
                loss, gradient = loss + capped * part[0], gradient + capped * part[1]
        return loss / len(samples), gradient / len(samples)

    found = minimize(objective, start, jac=True, method="L-BFGS-B", options={"maxiter": iterations})
    return unpack(found.x), float(found.fun)
