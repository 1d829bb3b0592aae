"""What people decided about a field, and how that stands in the results."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from pipeline.document import Reading, Reason


class Kind(StrEnum):
    """What a person can say about a field."""

    VALUE = "value"
    ILLEGIBLE = "illegible"
    EMPTY = "empty"
    NOT_A_FIELD = "not-a-field"


_REASONS = {
    Kind.ILLEGIBLE: Reason.ILLEGIBLE.value,
    Kind.EMPTY: Reason.NOTHING_WRITTEN.value,
    Kind.NOT_A_FIELD: Reason.NOT_A_FIELD.value,
}


@dataclass(frozen=True)
class Verdict:
    """What stands for a field; `value` is the digits, empty for every kind but VALUE."""

    kind: Kind
    value: str = ""

    @property
    def reason(self) -> str:
        """The `reason` column of a verified field: why it has no value, '' where it has one."""
        return _REASONS.get(self.kind, "")


def verified(reading: Reading, verdict: Verdict) -> Reading:
    """The field as people decided it.

    Its confidence is 1 by their word, not by measurement; what the machine read moves to the
    front of the alternatives where it differs.
    """
    others = tuple((value, share) for value, share in reading.alternatives if value != verdict.value)
    if reading.value and reading.value != verdict.value:
        others = ((reading.value, float(reading.confidence)), *others)
    return replace(
        reading,
        value=verdict.value,
        confidence=1.0 if verdict.value else 0.0,
        alternatives=others,
        empty=verdict.kind is Kind.EMPTY,
        reason=None,
    )
