"""What a target error would cost and bring, and what the audit measured of what was accepted."""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from flows.errors import ModelUnavailableError
from flows.ledger import FILE_NAME
from flows.reader import open_reader
from flows.review.fields import Field, Key
from flows.review.store import Store
from flows.verdict import Kind, Verdict
from pipeline.document import Reason, Status

# Those of the settings page; a person thinks in these steps.
TARGETS = (0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2)


_ROUNDING = 1e-9  # of a sum of confidences


@dataclass(frozen=True)
class Outlook:
    """What a target error would mean for the fields as they are.

    threshold : the least confidence to accept; above 1 where the model cannot promise the target.
    accepted, review : fields accepted, and left for people, of those not settled by people.
    wrong : accepted fields that are wrong, as the confidences foretell.
    checked, mistaken : fields that it would accept and people have keyed, and those misread of them.
    """

    target: float
    threshold: float
    accepted: int
    review: int
    wrong: float
    checked: int
    mistaken: int


@dataclass(frozen=True)
class Audit:
    """The error of what is accepted, measured by people who did not see the reading.

    sample : accepted fields in the sample; keyed : those that people have settled.
    wrong : those misread; illegible : those nobody could read, in neither.
    low, high : the interval that holds the error with 95 % (Wilson); 0 and 1 before the first.
    """

    sample: int
    keyed: int
    wrong: int
    illegible: int
    low: float
    high: float

    @property
    def judged(self) -> int:
        """Fields whose reading was found right or wrong."""
        return self.keyed - self.illegible

    @property
    def error(self) -> float | None:
        """The share that is wrong, None before the first."""
        return self.wrong / self.judged if self.judged else None


class Prospect:
    """The fields, ready to be held against many thresholds. verdicts : all that people settled."""

    def __init__(self, fields: Iterable[Field], verdicts: Mapping[Key, Verdict]) -> None:
        self._open: list[float] = []  # confidences of fields that a threshold may accept, unsettled
        self._settled: list[tuple[float, bool]] = []  # the same of settled ones, and whether misread
        self._refused = 0
        for field in fields:
            able = bool(field.value) and not _refused(field)
            verdict = verdicts.get(field.key) if field.verified else None
            if verdict is not None:
                if able and verdict.kind is not Kind.ILLEGIBLE:
                    self._settled.append((field.confidence, verdict != Verdict(Kind.VALUE, field.value)))
            elif able:
                self._open.append(field.confidence)
            elif field.status is not Status.EMPTY:
                self._refused += 1
        self._open.sort(reverse=True)
        self._doubt = list(accumulate((1.0 - confidence for confidence in self._open), initial=0.0))

    def outlook(self, target: float, threshold: float) -> Outlook:
        """What a threshold would accept."""
        accepted = bisect_right(self._open, -threshold, key=lambda confidence: -confidence)
        keyed = [misread for confidence, misread in self._settled if confidence >= threshold]
        return Outlook(
            target=target,
            threshold=threshold,
            accepted=accepted,
            review=self._refused + len(self._open) - accepted,
            wrong=self._doubt[accepted],
            checked=len(keyed),
            mistaken=sum(keyed),
        )

    def threshold(self, target: float) -> float:
        """The threshold for a target error by the fields' own confidences; for want of the model's."""
        for number in range(len(self._open), 0, -1):
            if self._doubt[number] <= target * number + _ROUNDING:
                return self._open[number - 1]
        return 2.0


def measure(fields: Iterable[tuple[str, Verdict | None]]) -> Audit:
    """The audit of accepted fields: what was read, and what people settled (None: not yet)."""
    from models.measures import wilson  # noqa: PLC0415 - brings NumPy

    seen = list(fields)
    settled = [(value, verdict) for value, verdict in seen if verdict is not None]
    illegible = sum(verdict.kind is Kind.ILLEGIBLE for _, verdict in settled)
    wrong = sum(
        verdict != Verdict(Kind.VALUE, value)
        for value, verdict in settled
        if verdict.kind is not Kind.ILLEGIBLE
    )
    judged = len(settled) - illegible
    low, high = wilson(wrong, judged) if judged else (0.0, 1.0)
    return Audit(len(seen), len(settled), wrong, illegible, low, high)


def audit_of(out: Path) -> Audit | None:
    """The audit of an output folder as it stands; None where none was asked for. Raises LedgerError."""
    if not (out / FILE_NAME).exists():
        return None
    with Store(out / FILE_NAME) as store:
        share = float(store.setting("audit") or 0.0)
        if not share:
            return None
        sample = (f for f in store.fields() if f.status is Status.ACCEPTED and f.lot < share)
        return measure((f.value, store.verdict(f.key) if f.verified else None) for f in sample)


def _refused(field: Field) -> bool:
    """Whether something but the confidence speaks against the reading."""
    return field.status is Status.EMPTY or field.reason not in ("", Reason.LOW_CONFIDENCE)


def thresholds_of_model(
    readers: Sequence[sqlite3.Row], settings: Mapping[str, object]
) -> Callable[[float], float] | None:
    """How the model that read the fields finds thresholds; None where that model is not to be had."""
    place = settings.get("model")
    try:
        model = open_reader("digits", "us", None if place is None else Path(str(place)))
    except ModelUnavailableError:
        return None
    same = all(row["model_hash"] == model.identity.model_hash for row in readers)
    return model.threshold if readers and same else None
