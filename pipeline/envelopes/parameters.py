"""What finding and trusting postal codes knows from data, fitted on drawn mail by `models.fit_envelopes`."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.belief import CEILING, CERTAIN, logistic
from pipeline.envelopes.spot import FEATURES
from pipeline.thresholds import NEVER, Thresholds, least_confidence

# What speaks for a code that was read, see `codes.code_evidence`.
EVIDENCE = (
    "code",  # 1
    "place",  # logit of the probability that it stands here
    "path",  # logit of the value's share of all readings
    "margin",  # logarithm of its lead over the next reading
    "weakest",  # logarithm of the probability of its weakest digit
    "digits",  # number of digits
    "no-dash",  # dashes of the country's code that are not there
    "whole",  # logit of its probability by the network that reads whole lines alone
    "passed",  # how far another address stands below it and to its right: it may be the sender's
    "inside",  # log of the white before it over the widest within, as far as that is little: begins in a word
)


class Kind(StrEnum):
    """Codes that are trusted differently: what else is known of them, and how they are written."""

    LISTED = "listed"  # among lines; the country's codes are known
    UNLISTED = "unlisted"  # among lines; any digits may be a code
    BOXED = "boxed"  # in printed boxes


@dataclass(frozen=True)
class EnvelopeParameters:
    """Stored beside the network as envelope.json.

    places : weight of each of `spot.FEATURES`. written, value, boxed : weight of each of EVIDENCE: for what
        is read among lines to be the code at all, for that to be read right, and for codes in printed boxes.
    caution : what is taken from the logits of LISTED codes, and of UNLISTED ones.
    least : codes less probable than this are no finds, only shown to the person who decides.
    thresholds : as those of `ReaderParameters`, for codes of every kind.
    """

    places: tuple[float, ...] = (
        -1.1,
        3.5,
        -1.2,
        1.9,
        1.5,
        0.3,
        -1.4,
        2.3,
        -2.3,
        2.2,
        -2.2,
        -2.1,
        2.8,
        2.5,
        0.0,
    )
    written: tuple[float, ...] = (0.0, 0.5, 0.6, 0.0, 0.5, 0.0, -0.8, 0.0, 0.0, 0.0)
    value: tuple[float, ...] = (CERTAIN, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    boxed: tuple[float, ...] = (0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    caution: tuple[float, float] = (0.0, 0.0)
    least: float = 0.05
    thresholds: Thresholds = field(default_factory=tuple)

    def confidence(self, evidence: Sequence[float], kind: Kind) -> float:
        """Probability that a code is right, by its evidence in the order of EVIDENCE.

        What stands among lines must be the code, and be read right: neither makes up for the other.
        """
        if kind is Kind.BOXED:
            return min(CEILING, logistic(float(np.dot(evidence, self.boxed))))
        code, value = (logistic(float(np.dot(evidence, each))) for each in (self.written, self.value))
        share = code * value
        return min(CEILING, share / (share + (1.0 - share) * math.exp(self.less(kind))))

    def less(self, kind: Kind) -> float:
        """What is taken from the logits of codes of a kind, besides what their weights say."""
        return {Kind.LISTED: self.caution[0], Kind.UNLISTED: self.caution[1]}.get(kind, 0.0)

    def threshold(self, target_error: float) -> float:
        """Least confidence to accept so that at most `target_error` of the accepted codes are wrong.

        Where the drawn pieces were too few to witness so small a rate, every single code must
        promise it by its calibrated confidence. What is no find is not accepted at any rate.
        """
        measured = least_confidence(self.thresholds, target_error)
        if measured >= NEVER and self.thresholds:
            measured = max(1.0 - target_error, self.thresholds[0][1])
        return max(measured, self.least)

    @property
    def place_weights(self) -> NDArray[np.float64]:
        """Weights of `spot.FEATURES`, (F,)."""
        return np.array(self.places)

    def save(self, path: Path, made: dict[str, Any] | None = None) -> None:
        """Write as JSON, features with their weights; made : how they were made, for people."""
        document = {
            "places": dict(zip(FEATURES, self.places, strict=True)),
            "written": dict(zip(EVIDENCE, self.written, strict=True)),
            "value": dict(zip(EVIDENCE, self.value, strict=True)),
            "boxed": dict(zip(EVIDENCE, self.boxed, strict=True)),
            "caution": list(self.caution),
            "least": self.least,
            "thresholds": [list(pair) for pair in self.thresholds],
            "made": made or {},
        }
        path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> EnvelopeParameters:
        """Read what `save` wrote. Raises OSError, or ValueError where the file does not fit this version."""
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        try:
            written, value, boxed = (
                # Evidence that it was not fitted on counts for nothing.
                tuple(float(weights.get(name, 0.0)) for name in EVIDENCE)
                for weights in (
                    document["written"],
                    document.get("value", {"code": CERTAIN}),
                    document["boxed"],
                )
            )
            listed, unlisted = document.get("caution", (0.0, 0.0))
            return cls(
                tuple(float(document["places"].get(name, 0.0)) for name in FEATURES),
                written,
                value,
                boxed,
                (float(listed), float(unlisted)),
                float(document["least"]),
                tuple((float(target), float(least)) for target, least in document["thresholds"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"another version made it: {error}") from error
