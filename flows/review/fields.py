"""The fields of the ledger as the station holds them in memory: small, and ready to be sorted."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.document import Box, Reason, Status

# Keyings against a reading this sure are asked again, as are those against accepted ones.
VERY_CERTAIN = 0.99

Key = tuple[str, int, str]
"""Content, page and field: what a decision belongs to."""


@dataclass(slots=True)
class Field:
    """One field of one page of one content, with the name of a scan that holds it.

    status : by the machine: accepted, review or empty.
    entropy : bits that a choice between the readings on offer decides; see `entropy`.
    verified : people have settled it, beyond doubt.
    keyers : who keyed it without settling it yet, or in a way that is to be asked again.
    """

    key: Key
    scan: str
    position: int
    value: str
    confidence: float
    status: Status
    reason: str
    entropy: float
    verified: bool = False
    keyers: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """A name for addresses, from which nothing can be told."""
        return field_id(self.key)

    @property
    def lot(self) -> float:
        """A number in 0..1 drawn once for ever, by which the audit takes its sample."""
        return int.from_bytes(_digest("audit", self.key)[:6]) / 2**48

    @property
    def sure(self) -> bool:
        """Whether the reading is very certain, whatever is accepted."""
        return bool(self.value) and self.confidence >= VERY_CERTAIN

    @property
    def very_certain(self) -> bool:
        """Whether a keying against the reading is to be asked again."""
        return self.status is Status.ACCEPTED or self.sure


@dataclass(frozen=True)
class Detail:
    """What is needed of a field once it is shown.

    path : of the scan, in the bytes of the file system.
    layout : by which it was read, as the results call it.
    """

    path: bytes
    layout: str
    box: Box | None
    alternatives: tuple[tuple[str, float], ...]


def field_id(key: Key) -> str:
    """The id of the field with this key."""
    return _digest("field", key).hex()[:24]


def entropy(confidence: float, alternatives: Sequence[tuple[str, float]]) -> float:
    """Bits decided by choosing among the readings on offer.

    High where several are likely, so that one key settles much; low where the first is nearly
    sure, and where none is likely.
    """
    return -sum(p * math.log2(p) for p in (confidence, *(p for _, p in alternatives)) if p > 0)


def order_key(order: str, field: Field) -> tuple[bool, float, str, int, int]:
    """By which the queue is sorted. order : uncertain, value or scan.

    Where nothing was found there is little to see: those come last, as in the report.
    """
    lost = field.reason == Reason.NOT_FOUND
    place = (field.scan, field.key[1], field.position)
    if order == "scan":
        return (False, 0.0, *place)
    if order == "value":
        return (lost, -field.entropy, *place)
    return (lost, field.confidence, *place)


def _digest(purpose: str, key: Key) -> bytes:
    text = "\0".join((purpose, *map(str, key)))
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()
