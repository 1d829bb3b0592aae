"""From postal codes that were read and are known: how sure a code is, and from where on it is accepted.

Codes in printed boxes are calibrated by themselves. The thresholds are those of all kinds of codes together,
and each kind is doubted as much more as they need to hold for it alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, log_expit, logit

from models.string_calibration import find_thresholds
from pipeline.envelopes.codes import without_parts
from pipeline.envelopes.parameters import EVIDENCE, EnvelopeParameters, Kind

Weights = NDArray[np.float64]
"""(K, F) float64: of each factor the weight of every EVIDENCE."""
KINDS = tuple(Kind)
FALSE_FINDS = 0.01  # of the pieces without a code
HELD = 2.0  # what holds the weights of evidence
# What can only speak for a code, and what only against it, whatever few pieces seem to say.
FOR, AGAINST = ("place", "path", "margin", "weakest", "whole", "inside"), ("no-dash", "passed")
OF_DIGITS = ("code", "path", "margin", "weakest", "digits", "whole")  # what tells whether it is read right
ROUNDS = 3
MOST_CAUTION = 3.0  # nats
TARGET = 0.01


@dataclass(frozen=True, eq=False)
class Answers:
    """Codes as read: what spoke for each (N, len(EVIDENCE)), whether it was right (N,), and its piece (N,).

    wholes : for each the indices of those of which it is a part. kind : (N,) int, of each in the order of
    `Kind`. existence : (N,), odds that the country's codes lend to each. uncoded : pieces without a code.
    pieces : how many there are, also such as gave no code.
    """

    evidence: NDArray[np.float64]
    right: NDArray[np.bool_]
    piece: NDArray[np.intp]
    wholes: list[list[int]]
    kind: NDArray[np.intp]
    existence: NDArray[np.float64]
    uncoded: frozenset[int]
    pieces: int

    def of(self, *kinds: Kind) -> Answers:
        """Those of some kinds."""
        kept = np.flatnonzero(np.isin(self.kind, [KINDS.index(kind) for kind in kinds]))
        place = {index: number for number, index in enumerate(kept.tolist())}
        wholes = [[place[each] for each in self.wholes[index] if each in place] for index in kept.tolist()]
        return Answers(
            self.evidence[kept],
            self.right[kept],
            self.piece[kept],
            wholes,
            self.kind[kept],
            self.existence[kept],
            self.uncoded,
            self.pieces,
        )


def join(parts: Sequence[Answers]) -> Answers:
    """All answers of `parts`, of at least one, their pieces numbered on."""
    codes = np.cumsum([0, *(len(part.right) for part in parts[:-1])]).tolist()
    pieces = np.cumsum([0, *(part.pieces for part in parts[:-1])]).tolist()
    numbered = list(zip(parts, codes, pieces, strict=True))
    return Answers(
        np.concatenate([part.evidence for part in parts]),
        np.concatenate([part.right for part in parts]),
        np.concatenate([part.piece + piece for part, _, piece in numbered]),
        [[index + code for index in within] for part, code, _ in numbered for within in part.wholes],
        np.concatenate([part.kind for part in parts]),
        np.concatenate([part.existence for part in parts]),
        frozenset(number + piece for part, _, piece in numbered for number in part.uncoded),
        sum(part.pieces for part in parts),
    )


def fit_confidence(answers: Answers, factors: int) -> Weights:
    """Logistic regressions whose product is how probable it is that a code is right (Platt, 1999).

    factors : 1, or 2: the one that it is the code at all, by all evidence, the other that it is read right,
    by what is seen of its digits. Every piece counts once, by the reading that would be taken: each of its
    readings as much as it is probable, by the round before, that it is the one.
    """
    prior = np.zeros((factors, len(EVIDENCE)))
    prior[:, EVIDENCE.index("path")] = 1.0
    prior[0, EVIDENCE.index("place")] = 1.0
    signs = {**dict.fromkeys(FOR, (0.0, None)), **dict.fromkeys(AGAINST, (None, 0.0))}
    # That a sender's code is not where the receiver's stands must not be outweighed by how well it reads.
    signs["place"] = (1.0, None)
    bounds = [signs.get(name, (None, None)) for name in EVIDENCE]
    if factors == 2:
        bounds += [signs.get(name, (None, None)) if name in OF_DIGITS else (0.0, 0.0) for name in EVIDENCE]
    counts = np.ones(len(answers.right))
    for _ in range(ROUNDS + 1):
        weights = _fit_product(answers, prior, counts, bounds)
        confidence = np.maximum(confidences(answers, weights), 1e-9)
        counts = confidence / np.bincount(answers.piece, confidence)[answers.piece]
    return weights.round(4)


def _fit_product(
    answers: Answers,
    prior: Weights,
    counts: NDArray[np.float64],
    bounds: Sequence[tuple[float | None, float | None]],
) -> Weights:
    def objective(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = flat.reshape(prior.shape)
        logits = answers.evidence @ weights.T
        log_share = np.minimum(log_expit(logits).sum(axis=1), -1e-9)
        share = np.exp(log_share)
        loss = -float(counts @ np.where(answers.right, log_share, np.log1p(-share)))
        slope = np.where(answers.right, 1.0, -share / (1.0 - share)) * counts
        gradient = -(expit(-logits) * slope[:, None]).T @ answers.evidence
        pull = weights - prior
        return loss + 0.5 * HELD * float((pull**2).sum()), (gradient + HELD * pull).ravel()

    options = {"maxiter": 500}
    found = minimize(objective, prior.ravel(), jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    weights: Weights = found.x.reshape(prior.shape)
    return weights


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


def confidences(answers: Answers, weights: Weights, less: float = 0.0) -> NDArray[np.float64]:
    """Calibrated confidence of every answer by its writing, (N,), those that are parts of others lowered.

    less : what is taken from the logits.
    """
    shares = expit(answers.evidence @ weights.T).prod(axis=1)
    shares = _with_odds(shares, np.exp(-less))
    return np.array(without_parts(shares.tolist(), answers.wholes))


def heard(answers: Answers, confidence: NDArray[np.float64]) -> NDArray[np.float64]:
    """Confidences (N,) after the word of the country's codes, as `postal.weigh_code` hears it."""
    return _with_odds(confidence, answers.existence)


def _with_odds(share: NDArray[np.float64], odds: NDArray[np.float64] | np.float64) -> NDArray[np.float64]:
    return np.asarray(share * odds / (share * odds + 1.0 - share))


def least_find(confidence: NDArray[np.float64], coded: NDArray[np.bool_], pieces: int) -> float:
    """Confidence below which a reading is no find: few of `pieces` without a code have a surer one."""
    of_none = np.sort(confidence[~coded])[::-1]
    allowed = int(FALSE_FINDS * pieces)
    return round(float(of_none[allowed]) + 1e-4, 4) if len(of_none) > allowed else 0.0


def fit_trust(answers: Answers, places: tuple[float, ...]) -> EnvelopeParameters:
    """What makes a confidence of the evidence, thresholds for it, and the least confidence of a find."""
    written = fit_confidence(answers.of(Kind.LISTED, Kind.UNLISTED), 2)
    in_boxes = fit_confidence(answers.of(Kind.BOXED), 1)
    parts = [answers.of(kind) for kind in Kind]
    found = [
        best_of_pieces(part, heard(part, confidences(part, in_boxes if kind is Kind.BOXED else written)))
        for kind, part in zip(Kind, parts, strict=True)
    ]
    confidence, right, coded = (np.concatenate(column) for column in zip(*found, strict=True))
    thresholds = find_thresholds(confidence, right)
    least = least_find(confidence, coded, len(answers.uncoded))
    asked = [(target, max(threshold, least)) for target, threshold in thresholds]
    cautions = {kind: caution(*each[:2], asked) for kind, each in zip(Kind, found, strict=True)}
    in_boxes[0, EVIDENCE.index("code")] -= cautions[Kind.BOXED]
    code, value, box = (tuple(vector.round(4).tolist()) for vector in (*written, *in_boxes))
    less = (round(cautions[Kind.LISTED], 4), round(cautions[Kind.UNLISTED], 4))
    return EnvelopeParameters(places, code, value, box, less, least, thresholds)


def caution(
    confidence: NDArray[np.float64], right: NDArray[np.bool_], thresholds: Sequence[tuple[float, float]]
) -> float:
    """What is to be taken from the logits of a kind of codes so that `thresholds` hold for it, too.

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
    vectors = [envelope.boxed] if kind is Kind.BOXED else [envelope.written, envelope.value]
    known = heard(answers, confidences(answers, np.array(vectors), envelope.less(kind)))
    confidence, right, coded = best_of_pieces(answers, known)
    taken = confidence >= envelope.threshold(TARGET)
    return {
        "pieces": len(right),
        "exact": round(float(right[coded].mean()), 4) if coded.any() else 0.0,
        "taken": int(taken.sum()),
        "wrong": int((taken & ~right).sum()),
    }
