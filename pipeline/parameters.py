"""What reading knows from data: the weights of the lattice's terms, the calibration, the thresholds."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.belief import CEILING, logistic
from pipeline.envelopes.parameters import EnvelopeParameters
from pipeline.strings.decode import Candidate, Weights
from pipeline.strings.lattice import DIGIT_FEATURES, JUNK_FEATURES, SHAPE_FEATURES
from pipeline.thresholds import Thresholds, least_confidence

FAINT = -15.0  # log-probabilities below this are all alike


@dataclass(frozen=True)
class Calibration:
    """Logistic map from the evidence for a string to the probability that it is right (Platt, 1999).

    bias, path, margin, weakest, length : coefficients of 1, the logit of the value's share, the log
    of its lead over the next value, the log of its weakest digit's probability, and its number of
    digits.
    """

    bias: float = 0.0
    path: float = 1.0
    margin: float = 0.0
    weakest: float = 0.0
    length: float = 0.0

    def confidence(self, candidates: Sequence[Candidate], digit_probabilities: Sequence[float]) -> float:
        """Calibrated probability of the first of `candidates`; 0 where there is none."""
        if not candidates or not candidates[0].value:
            return 0.0
        x = evidence(candidates, digit_probabilities)
        logit = float(np.dot(x, list(vars(self).values())))
        return min(CEILING, logistic(logit))


def evidence(candidates: Sequence[Candidate], digit_probabilities: Sequence[float]) -> tuple[float, ...]:
    """What speaks for the first candidate, in the order of `Calibration`'s fields."""
    first = min(max(candidates[0].probability, 1e-6), 1.0 - 1e-6)
    second = max(candidates[1].probability if len(candidates) > 1 else 0.0, 1e-6)
    weakest = max(min(digit_probabilities, default=1.0), 1e-4)
    return (
        1.0,
        math.log(first / (1.0 - first)),
        min(math.log(first / second), 12.0),
        math.log(weakest),
        float(len(candidates[0].value)),
    )


@dataclass(frozen=True)
class Pair:
    """What each of the readers counts for: `values` weighs their log-probabilities by these.

    cut, whole : weights. others : score of all values that neither proposes, together. box : weight, of what
        stands in printed boxes.
    """

    cut: float = 1.0
    whole: float = 1.0
    others: float = -8.0
    box: float = 0.0


@dataclass(frozen=True)
class Trust:
    """How far the readers are trusted: alone, together, and from where on unseen.

    thresholds : pairs (target error, least confidence at which the accepted values of the
        calibration set were wrong at most at that rate), by rising target error.
    """

    pair: Pair = field(default_factory=Pair)
    calibration: Calibration = field(default_factory=Calibration)
    thresholds: Thresholds = ()

    def threshold(self, target_error: float) -> float:
        """Least confidence to accept so that at most `target_error` of the accepted are wrong.

        As `least_confidence` of `pipeline.thresholds` tells it.
        """
        return least_confidence(self.thresholds, target_error)

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {
            "pair": vars(self.pair),
            "calibration": vars(self.calibration),
            "thresholds": [list(pair) for pair in self.thresholds],
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Trust:
        """What `to_dict` gave. Raises KeyError, TypeError, ValueError."""
        return cls(
            Pair(**document["pair"]),
            Calibration(**document["calibration"]),
            tuple((float(target), float(least)) for target, least in document["thresholds"]),
        )


@dataclass(frozen=True)
class ReaderParameters:
    """Fitted parameters of the string reader; stored beside the network as reader.json.

    lines : of a line of writing, which is cut. boxes : of digits that stand in a printed box each,
        where nothing is cut wrongly and the readers err less.
    envelope : the same about postal codes, stored in a file of its own.
    """

    weights: Weights = field(default_factory=Weights)
    lines: Trust = field(default_factory=Trust)
    boxes: Trust = field(default_factory=Trust)
    envelope: EnvelopeParameters = field(default_factory=EnvelopeParameters)

    def save(self, path: Path) -> None:
        """Write as JSON, feature names with their weights."""
        w = self.weights
        document = {
            "evidence": w.evidence,
            "evidence_per_piece": w.evidence_per_piece,
            "digit": dict(zip(DIGIT_FEATURES, w.digit.tolist(), strict=True)),
            "junk": dict(zip(JUNK_FEATURES, w.junk.tolist(), strict=True)),
            "shape": dict(zip(SHAPE_FEATURES, w.shape.T.tolist(), strict=True)),
            "lines": self.lines.to_dict(),
            "boxes": self.boxes.to_dict(),
        }
        path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> ReaderParameters:
        """Read what `save` wrote. Raises OSError, or ValueError where the file does not fit this version."""
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        try:
            return cls(
                Weights(
                    float(document["evidence"]),
                    float(document["evidence_per_piece"]),
                    np.array([document["digit"][name] for name in DIGIT_FEATURES]),
                    np.array([document["junk"][name] for name in JUNK_FEATURES]),
                    np.array([document["shape"][name] for name in SHAPE_FEATURES]).T,
                ),
                Trust.from_dict(document["lines"]),
                Trust.from_dict(document["boxes"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"another version made it: {error}") from error
