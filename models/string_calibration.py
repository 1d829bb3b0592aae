"""From readings of strings whose values are known: what each reader counts for, and how sure a reading is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from pipeline.parameters import Calibration, Pair, ReaderParameters, evidence
from pipeline.strings.beam import WIDE
from pipeline.strings.classify import Seen
from pipeline.strings.ctc import DIGITS
from pipeline.strings.decode import Candidate, best_values
from pipeline.strings.values import READINGS, gather_values, read_boxes, read_line, score, weigh_readers

TARGETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1)
PRIOR_STRENGTH = 1.0
WEIGHTS = len(fields(Pair))


def fit_pair(
    lines: Sequence[Seen], values: Sequence[str], parameters: ReaderParameters, lead: float | None
) -> Pair:
    """The weights with which the right values are the most probable of those that the two readers propose.

    Where neither proposes the right one, `others` is right. Without frames there is nothing to weigh.
    lead : how much more the network of lines counts than the lattice; None: it is fitted too. On strips
        drawn as those were that the networks learned from, it would be far more than it is elsewhere.
    """
    read = [(seen, value) for seen, value in zip(lines, values, strict=True) if seen.lattice.size]
    free = np.eye(WEIGHTS) if lead is None else _together(1.0, lead, 0.0)
    return _fit_pair(read, parameters, parameters.lines.pair, free, _propositions)


def fit_box_pair(
    combs: Sequence[Sequence[Seen]], values: Sequence[str], parameters: ReaderParameters
) -> Pair:
    """The same for boxes with a digit each, of which none is left out.

    The two that see ink alone count alike, the one that sees the print, too, as much as both: left to itself
    it would count nearly twice as much again, for it knows drawn print better than it will know others.

    combs : what is seen of the boxes that hold a digit, comb by comb.
    """
    read = [box for comb, value in zip(combs, values, strict=True) for box in zip(comb, value, strict=True)]
    return _fit_pair(read, parameters, parameters.boxes.pair, _together(1.0, 1.0, 2.0), _digits)


def _fit_pair(
    read: Sequence[tuple[Seen, str]],
    parameters: ReaderParameters,
    known: Pair,
    free: NDArray[np.float64],
    propose: Callable[[Seen, str, ReaderParameters], tuple[NDArray[np.float64], int]],
) -> Pair:
    if not read or any(seen.frames is None for seen, _ in read):
        return Pair()
    samples = [propose(seen, value, parameters) for seen, value in read]
    start = free @ np.array(list(vars(known).values()))

    def objective(vector: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        pull = vector - start
        loss, gradient = 0.05 * float(pull @ pull), 0.1 * pull
        for features, right in samples:
            scores = features @ vector
            shares = np.exp(scores - np.logaddexp.reduce(scores))
            loss -= float(np.log(max(shares[right], 1e-12)))
            gradient = gradient + shares @ features - features[right]
        return loss, free @ gradient

    bounds = [(0.0, 3.0), (0.0, 3.0), (-20.0, 0.0), (0.0, 6.0)]
    found = minimize(objective, start, jac=True, method="L-BFGS-B", bounds=bounds)
    return Pair(*map(float, found.x))


def _together(cut: float, whole: float, box: float) -> NDArray[np.float64]:
    """Projection (4, 4) onto the pairs whose readers count in these proportions; those of 0 are free."""
    way = np.array([cut, whole, 0.0, box])
    return np.asarray(np.outer(way, way) / (way @ way) + np.diag(way == 0.0))


def _propositions(seen: Seen, value: str, parameters: ReaderParameters) -> tuple[NDArray[np.float64], int]:
    """(N + 1, 4) float64, what each weight of `Pair` is multiplied with; the index of the right value."""
    scores = score(seen, parameters.weights)
    values = gather_values(scores, best_values(scores.runs, None, READINGS, WIDE))
    candidates: list[Candidate] = weigh_readers(scores, values)
    rows = [[c.cut, c.whole, 0.0, 0.0] for c in candidates] + [[0.0, 0.0, 1.0, 0.0]]
    return np.array(rows), values.index(value) if value in values else len(values)


def _digits(seen: Seen, value: str, parameters: ReaderParameters) -> tuple[NDArray[np.float64], int]:
    """The same for a box, (10, 4): each digit is possible, and nothing else."""
    candidates = weigh_readers(score(seen, parameters.weights), DIGITS)
    return np.array([[c.cut, c.whole, 0.0, c.box] for c in candidates]), DIGITS.index(value)


@dataclass(frozen=True, eq=False)
class Answers:
    """Readings of strings: what spoke for each (N, 5), and whether it was right (N,)."""

    evidence: NDArray[np.float64]
    right: NDArray[np.bool_]


def answer(lines: Sequence[Seen], values: Sequence[str], parameters: ReaderParameters) -> Answers:
    """Read every line that has a value at all, and compare it with the right one."""
    rows, right = [], []
    for seen, value in zip(lines, values, strict=True):
        candidates, digits = read_line(seen, parameters, None, 0.0)
        if candidates and candidates[0].value:
            rows.append(evidence(candidates, digits))
            right.append(candidates[0].value == value)
    return Answers(np.array(rows).reshape(len(rows), len(fields(Calibration))), np.array(right, np.bool_))


def answer_boxes(
    combs: Sequence[Sequence[Seen]], values: Sequence[str], parameters: ReaderParameters
) -> Answers:
    """The same for combs, of each the boxes that hold a digit."""
    read = [read_boxes(comb, parameters) for comb in combs]
    rows = [evidence(candidates, digits) for candidates, digits in read]
    right = [candidates[0].value == value for (candidates, _), value in zip(read, values, strict=True)]
    return Answers(np.array(rows).reshape(len(rows), len(fields(Calibration))), np.array(right, np.bool_))


def fit_calibration(answers: Answers, known: Calibration | None = None) -> Calibration:
    """Logistic regression of being right on the evidence, lightly held to what is `known`.

    known : the plain probability where not given.
    """
    prior = np.array(list(vars(known or Calibration()).values()))

    return Calibration(*fit_logistic(answers.evidence, answers.right, prior, PRIOR_STRENGTH).tolist())


def fit_logistic(
    evidence: NDArray[np.float64],
    right: NDArray[np.bool_],
    prior: NDArray[np.float64],
    strength: float,
) -> NDArray[np.float64]:
    """Weights (F,) of evidence (N, F) whose logit tells how probable `right` (N,) is (Platt, 1999).

    prior : (F,), what they are held to, with this strength.
    """

    def objective(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logit = evidence @ weights
        signed = np.where(right, -logit, logit)
        gap = expit(logit) - right
        pull = strength * (weights - prior)
        loss = float(np.logaddexp(0.0, signed).sum() + 0.5 * pull @ (weights - prior))
        return loss, evidence.T @ gap + pull

    found: NDArray[np.float64] = minimize(objective, prior, jac=True, method="L-BFGS-B").x
    return found


def confidences(calibration: Calibration, answers: Answers) -> NDArray[np.float64]:
    """Calibrated confidence of every answer, (N,)."""
    confidence: NDArray[np.float64] = expit(answers.evidence @ np.array(list(vars(calibration).values())))
    return confidence


def find_thresholds(
    confidence: NDArray[np.float64], right: NDArray[np.bool_]
) -> tuple[tuple[float, float], ...]:
    """For each target error the least confidence from which on the answers held to it.

    A target that the strings are too few to witness (fewer than two errors allowed) is left out.
    """
    order = np.argsort(-confidence)
    wrong = np.cumsum(~right[order])
    taken = np.arange(1, len(order) + 1)
    found = []
    for target in TARGETS:
        held = np.flatnonzero(wrong + 1 <= target * taken)  # one more error than seen: not to promise luck
        if len(held):
            found.append((target, round(float(confidence[order[held[-1]]]), 6)))
    return tuple(found)
