"""From postal codes that were read and are known: how sure a code is, and from where on it is accepted.

The thresholds are those of codes among lines whose country lists all its codes. Those of other countries, and
those in printed boxes, which are calibrated by themselves, are doubted as much more as these thresholds need
to hold for each kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from models.string_calibration import find_thresholds, fit_logistic
from pipeline.envelopes.codes import without_parts
from pipeline.envelopes.parameters import EVIDENCE, EnvelopeParameters, Kind

KINDS = tuple(Kind)
FALSE_FINDS = 0.01  # of the pieces without a code
HELD = 2.0  # what holds the weights of evidence
# What can only speak for a code, and what only against it, whatever few pieces seem to say.
FOR, AGAINST = ("place", "path", "margin", "weakest", "whole", "inside"), ("no-dash", "passed")
ROUNDS = 3
MOST_CAUTION = 3.0  # nats
TARGET = 0.01


@dataclass(frozen=True, eq=False)
class Answers:
    """Codes as read: what spoke for each (N, len(EVIDENCE)), whether it was right (N,), and its piece (N,).

    wholes : for each the indices of those of which it is a part. kind : (N,) int, of each in the order of
    `Kind`. uncoded : pieces without a code.
    """

    evidence: NDArray[np.float64]
    right: NDArray[np.bool_]
    piece: NDArray[np.intp]
    wholes: list[list[int]]
    kind: NDArray[np.intp]
    uncoded: frozenset[int]

    def of(self, *kinds: Kind) -> Answers:
        """Those of some kinds."""
        kept = np.flatnonzero(np.isin(self.kind, [KINDS.index(kind) for kind in kinds]))
        place = {index: number for number, index in enumerate(kept.tolist())}
        wholes = [[place[each] for each in self.wholes[index] if each in place] for index in kept.tolist()]
        return Answers(
            self.evidence[kept], self.right[kept], self.piece[kept], wholes, self.kind[kept], self.uncoded
        )


def fit_confidence(answers: Answers) -> tuple[float, ...]:
    """Logistic regression of being right on the evidence (Platt, 1999).

    Every piece counts once, by the reading that would be taken: each of its readings as much as it is
    probable, by the round before, that it is the one.
    """
    prior = np.zeros(len(EVIDENCE))
    prior[[EVIDENCE.index("path"), EVIDENCE.index("place")]] = 1.0
    signs = {**dict.fromkeys(FOR, (0.0, None)), **dict.fromkeys(AGAINST, (None, 0.0))}
    # That a sender's code is not where the receiver's stands must not be outweighed by how well it reads.
    signs["place"] = (1.0, None)
    bounds: list[tuple[float | None, float | None]] = [signs.get(name, (None, None)) for name in EVIDENCE]
    counts = np.ones(len(answers.right))
    for _ in range(ROUNDS + 1):
        found = fit_logistic(answers.evidence, answers.right, prior, HELD, counts, bounds)
        confidence = np.maximum(confidences(answers, found.tolist()), 1e-9)
        counts = confidence / np.bincount(answers.piece, confidence)[answers.piece]
    return tuple(round(float(w), 4) for w in found)


def best_of_pieces(
    answers: Answers, confidence: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Of every piece the surest reading: its confidence, whether it is right, whether there was a code."""
    best = [
        int(own[confidence[own].argmax()])
        for piece in np.unique(answers.piece)
        if (own := np.flatnonzero(answers.piece == piece)).size
    ]
    coded = np.array([int(answers.piece[index]) not in answers.uncoded for index in best], np.bool_)
    return confidence[best], answers.right[best], coded


def confidences(answers: Answers, weights: Sequence[float], less: float = 0.0) -> NDArray[np.float64]:
    """Calibrated confidence of every answer, (N,), those that are parts of others lowered.

    less : what is taken from the logits of UNLISTED ones.
    """
    unlisted = answers.kind == KINDS.index(Kind.UNLISTED)
    shares = expit(answers.evidence @ np.array(weights) - less * unlisted)
    return np.array(without_parts(shares.tolist(), answers.wholes))


def least_find(confidence: NDArray[np.float64], coded: NDArray[np.bool_], pieces: int) -> float:
    """Confidence below which a reading is no find: few of `pieces` without a code have a surer one."""
    of_none = np.sort(confidence[~coded])[::-1]
    allowed = int(FALSE_FINDS * pieces)
    return round(float(of_none[allowed]) + 1e-4, 4) if len(of_none) > allowed else 0.0


def fit_trust(answers: Answers, places: tuple[float, ...]) -> EnvelopeParameters:
    """What makes a confidence of the evidence, thresholds for it, and the least confidence of a find."""
    lines, boxed = answers.of(Kind.LISTED, Kind.UNLISTED), answers.of(Kind.BOXED)
    weights = fit_confidence(lines)
    listed, unlisted = lines.of(Kind.LISTED), lines.of(Kind.UNLISTED)
    confidence, right, _ = best_of_pieces(listed, confidences(listed, weights))
    thresholds = find_thresholds(confidence, right)
    confidence, right, _ = best_of_pieces(unlisted, confidences(unlisted, weights))
    less = caution(confidence, right, thresholds)
    confidence, _, coded = best_of_pieces(lines, confidences(lines, weights, less))
    least = least_find(confidence, coded, len(lines.uncoded))
    constant, *others = fit_confidence(boxed)
    confidence, right, _ = best_of_pieces(boxed, confidences(boxed, (constant, *others)))
    asked = [(target, max(threshold, least)) for target, threshold in thresholds]
    constant -= caution(confidence, right, asked)
    return EnvelopeParameters(
        places, weights, (round(constant, 4), *others), round(less, 4), least, thresholds
    )


def caution(
    confidence: NDArray[np.float64], right: NDArray[np.bool_], thresholds: Sequence[tuple[float, float]]
) -> float:
    """What is to be taken from the logits of other codes so that `thresholds` hold for them, too.

    One wrong code is let pass at each: they are few.
    """
    odds = logit(np.clip(confidence, 1e-9, 1.0 - 1e-9))
    for less in np.arange(0.0, MOST_CAUTION, 0.1):
        taken = [odds - less >= logit(least) for _, least in thresholds]
        wrong = [int((~right[part]).sum()) for part in taken]
        allowed = [max(1.0, target * part.sum()) for (target, _), part in zip(thresholds, taken, strict=True)]
        if all(w <= a for w, a in zip(wrong, allowed, strict=True)):
            return float(less)
    return MOST_CAUTION


def tell(answers: Answers, envelope: EnvelopeParameters, kind: Kind) -> dict[str, float]:
    """Of the pieces that were read so: exact codes, and how many are taken at 1 % error, how many wrongly."""
    weights = envelope.boxed if kind is Kind.BOXED else envelope.written
    confidence, right, coded = best_of_pieces(answers, confidences(answers, weights, envelope.caution))
    taken = confidence >= envelope.threshold(TARGET)
    return {
        "pieces": len(right),
        "exact": round(float(right[coded].mean()), 4) if coded.any() else 0.0,
        "taken": int(taken.sum()),
        "wrong": int((taken & ~right).sum()),
    }
