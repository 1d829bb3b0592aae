"""How good a reader is on whole fields: exact values, what may be taken unseen, calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.calibrate import calibration_error
from models.measures import Bin, bin_confidence, wilson

TARGETS = (0.001, 0.005, 0.01, 0.02, 0.05)
TARGET = 0.01  # that of `nightsort run` where none is given
BINS = 10
LEAST = 1e-4  # probability that the logarithmic score counts; one mistake does not decide it alone


@dataclass(frozen=True, eq=False)
class StringJudgement:
    """Fields as read, held against their values; all figures are shares of the fields.

    confidence : (N,) float64, calibrated; 0 where nothing was read.
    right : (N,) bool, the value is exact.
    taken : (N,) bool, accepted as a night would.
    """

    confidence: NDArray[np.float64]
    right: NDArray[np.bool_]
    taken: NDArray[np.bool_]

    @property
    def size(self) -> int:
        """Number of fields."""
        return len(self.right)

    @property
    def exact(self) -> float:
        """Share of the fields whose value is exact, however sure."""
        return float(self.right.mean())

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of `exact`."""
        return wilson(int(self.right.sum()), self.size)

    @property
    def accepted(self) -> int:
        """Fields accepted as a night would."""
        return int(self.taken.sum())

    @property
    def accepted_wrong(self) -> int:
        """Those of them that are wrong."""
        return int((self.taken & ~self.right).sum())

    @cached_property
    def risk(self) -> NDArray[np.float64]:
        """(M,) share wrong among the 1, 2, ... M most certain fields; M were read at all."""
        order = np.argsort(-self.confidence, kind="stable")[: int((self.confidence > 0).sum())]
        share: NDArray[np.float64] = np.cumsum(~self.right[order]) / np.arange(1, len(order) + 1)
        return share

    def coverage(self, error: float) -> float:
        """The largest share that can be taken, most certain first, with at most this share of it wrong.

        It knows the truth: no threshold that is fixed beforehand takes more.
        """
        held = np.flatnonzero(self.risk <= error)
        return float(held[-1] + 1) / self.size if len(held) else 0.0

    @property
    def calibration_error(self) -> float:
        """Expected calibration error of the confidence in ten bins, over the fields that were read."""
        read = self.confidence > 0
        return calibration_error(self.confidence[read], self.right[read], BINS)

    @property
    def log_score(self) -> float:
        """Mean logarithm of the probability given to what proved true (Good, 1952); 0 is the best.

        What was not read claims nothing and costs nothing.
        """
        told = np.where(self.right, self.confidence, 1.0 - self.confidence)
        return float(np.log(np.maximum(told, LEAST)).mean())

    @property
    def reliability(self) -> tuple[Bin, ...]:
        """Fields of like confidence and the share of them that is right."""
        read = self.confidence > 0
        return bin_confidence(self.confidence[read], self.right[read])

    def to_dict(self) -> dict[str, Any]:
        """The figures, ready for JSON."""
        low, high = self.interval
        return {
            "fields": self.size,
            "exact": round(self.exact, 4),
            "interval": [round(low, 4), round(high, 4)],
            "coverage": {str(target): round(self.coverage(target), 4) for target in TARGETS},
            "accepted": self.accepted,
            "accepted_wrong": self.accepted_wrong,
            "calibration_error": round(self.calibration_error, 4),
            "log_score": round(self.log_score, 4),
        }


def together(parts: Sequence[StringJudgement]) -> StringJudgement:
    """One judgement of the fields of all parts."""
    return StringJudgement(
        np.concatenate([part.confidence for part in parts]),
        np.concatenate([part.right for part in parts]),
        np.concatenate([part.taken for part in parts]),
    )
