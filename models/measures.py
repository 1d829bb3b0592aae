"""How good a network is on labelled crops: accuracy with its uncertainty, calibration, rejection."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.calibrate import calibration_error

DIGITS = 10
BINS = 15
REJECTED = (0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3)
LEAST = 1e-12  # probability of what a network excludes
LOST = 0.01  # share of the digits that may be taken for scraps where scraps are counted


@dataclass(frozen=True)
class OfClass:
    """One digit, or class of pages: how many there are, the share found (recall), the share of its
    namings that are right.
    """

    digit: int
    size: int
    recall: float
    precision: float


@dataclass(frozen=True)
class Bin:
    """Crops of like confidence: how many, their mean confidence, the share that is right."""

    low: float
    high: float
    size: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, eq=False)
class Judgement:
    """What a network does on crops; all figures are over the digits (of pages: all classes) but
    `scraps_called_digits`.

    interval : 95 % confidence interval of the accuracy. loss : mean crossentropy, nats.
    confusion : (C, C) int64, a row for each true digit, a column for each that is read.
    error_reject : pairs of the share rejected, least confident first, and the error of the rest.
    scraps : crops that are no digit; scraps_called_digits : the share of them that is called
        a digit where 1 % of the digits is lost, None where there are none.
    confidence (N,) float64, read and true (N,) int64 : crop by crop.
    """

    accuracy: float
    interval: tuple[float, float]
    loss: float
    size: int
    per_class: tuple[OfClass, ...]
    confusion: NDArray[np.int64]
    calibration_error: float
    reliability: tuple[Bin, ...]
    error_reject: tuple[tuple[float, float], ...]
    scraps: int
    scraps_called_digits: float | None
    confidence: NDArray[np.float64]
    read: NDArray[np.int64]
    true: NDArray[np.int64]

    def to_dict(self) -> dict[str, Any]:
        """All but the single crops, ready for JSON."""
        return {
            "accuracy": self.accuracy,
            "interval": list(self.interval),
            "loss": self.loss,
            "size": self.size,
            "wrong": int((self.read != self.true).sum()),
            "per_class": [asdict(each) for each in self.per_class],
            "confusion": self.confusion.tolist(),
            "calibration_error": self.calibration_error,
            "reliability": [asdict(each) for each in self.reliability],
            "error_reject": [{"rejected": share, "error": error} for share, error in self.error_reject],
            "scraps": self.scraps,
            "scraps_called_digits_at_1pct_lost": self.scraps_called_digits,
        }


def judge(proba: NDArray[np.float32], labels: NDArray[np.int64], counted: int = DIGITS) -> Judgement:
    """Judge probabilities (N, C) by `labels` (N,), of which those below `counted` count.

    Of digits these are 0..9; 10, not-a-digit, does not. Raises ValueError where no label counts.
    """
    digit = labels < counted
    if not digit.any():
        raise ValueError("there is no digit among the crops")
    shares = proba[digit, :counted].astype(np.float64)
    shares /= np.maximum(shares.sum(axis=1, keepdims=True), 1e-12)
    true, read, confidence = labels[digit], shares.argmax(axis=1), shares.max(axis=1)
    right = read == true
    confusion = np.bincount(counted * true + read, minlength=counted * counted).reshape(counted, counted)
    called = proba[:, counted:].sum(axis=1)  # nothing where all classes count
    scraps = called[~digit]
    limit = float(np.quantile(called[digit], 1.0 - LOST))
    return Judgement(
        accuracy=float(right.mean()),
        interval=wilson(int(right.sum()), len(right)),
        loss=float(-np.log(np.maximum(shares[np.arange(len(true)), true], LEAST)).mean()),
        size=len(right),
        per_class=_per_class(confusion),
        confusion=confusion,
        calibration_error=calibration_error(confidence, right),
        reliability=bin_confidence(confidence, right),
        error_reject=tuple((share, reject(confidence, right, share)) for share in REJECTED),
        scraps=len(scraps),
        scraps_called_digits=float((scraps <= limit).mean()) if len(scraps) else None,
        confidence=confidence,
        read=read,
        true=true,
    )


def wilson(right: int, size: int, z: float = 1.96) -> tuple[float, float]:
    """Interval for a share of which `right` of `size` were seen (Wilson, 1927); z 1.96: 95 %.

    Unlike the usual plus-minus it stays within 0..1 and holds where nearly all are right.
    """
    share = right / size
    middle = share + z * z / (2 * size)
    reach = z * math.sqrt(share * (1.0 - share) / size + z * z / (4.0 * size * size))
    scale = 1.0 + z * z / size
    return max(0.0, (middle - reach) / scale), min(1.0, (middle + reach) / scale)


def bin_confidence(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> tuple[Bin, ...]:
    """The reliability diagram's bins (DeGroot and Fienberg, 1983); empty ones are left out."""
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return tuple(
        Bin(
            b / BINS,
            (b + 1) / BINS,
            int((place == b).sum()),
            float(confidence[place == b].mean()),
            float(right[place == b].mean()),
        )
        for b in np.unique(place).tolist()
    )


def reject(confidence: NDArray[np.float64], right: NDArray[np.bool_], share: float) -> float:
    """Error of the crops that are left when the least confident `share` is put aside; 0 if none is left."""
    kept = np.argsort(-confidence, kind="stable")[: len(right) - round(share * len(right))]
    return float((~right[kept]).mean()) if len(kept) else 0.0


def _per_class(confusion: NDArray[np.int64]) -> tuple[OfClass, ...]:
    hits, of_class, named = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    return tuple(
        OfClass(d, int(of_class[d]), float(hits[d] / of_class[d]), float(hits[d] / max(named[d], 1)))
        for d in range(len(confusion))
        if of_class[d]
    )
