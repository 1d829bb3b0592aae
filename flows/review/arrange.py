"""The fields in every order that they can be worked in, made once: sorting 100,000 takes a second."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flows.review.fields import Field, order_key
from pipeline.document import Status

ORDERS = ("uncertain", "value", "scan")


@dataclass(frozen=True)
class Arrangement:
    """All fields by id and by scan, and those that people may have to key, settled ones too, in order."""

    fields: dict[str, Field]
    orders: dict[str, list[Field]]


def arrange(fields: Iterable[Field], audit: float) -> Arrangement:
    """Sort the fields; the audited share of the accepted ones is strewn in."""
    by_id = {field.id: field for field in fields}
    queue = [field for field in by_id.values() if field.status is Status.REVIEW or field.keyers]
    sample = [field for field in by_id.values() if is_audited(field, audit) and not field.keyers]
    orders = {
        order: _strewn(sorted(queue, key=lambda field: order_key(order, field)), sample) for order in ORDERS
    }
    return Arrangement(by_id, orders)


def is_audited(field: Field, audit: float) -> bool:
    """Whether an accepted field is in the sample of an audit of this share."""
    return field.status is Status.ACCEPTED and field.lot < audit


def _strewn(queue: list[Field], among: list[Field]) -> list[Field]:
    """The queue with other fields at places that their lots decide, so that nobody can tell them."""
    placed = [(float(place), field) for place, field in enumerate(queue)]
    top = max((field.lot for field in among), default=1.0) or 1.0
    placed += [(field.lot / top * len(queue), field) for field in among]
    return [field for _, field in sorted(placed, key=lambda entry: entry[0])]
