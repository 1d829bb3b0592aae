"""The fields of an output folder whose digits people settled: what learning and judging start from."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from flows.errors import UsageError
from flows.ledger import FILE_NAME
from flows.review.fields import Key
from flows.review.store import Store
from flows.verdict import Kind
from models.truth import Row
from pipeline.document import Box, LayoutError
from pipeline.files.scans import sha256
from pipeline.forms.form import FormSet
from pipeline.layouts import Layout, Mixed, load_layout

GONE = "of scans that are gone or changed"


@dataclass(frozen=True)
class VerifiedField:
    """A field with the digits that people settled; layout : by which it was read, by its label."""

    key: Key
    path: Path
    value: str
    box: Box | None
    layout: str


@dataclass(frozen=True)
class Learnable:
    """Fields whose scans are there; left_out : how many verified ones are not, by what they are."""

    rows: list[Row]
    left_out: Mapping[str, int] = field(default_factory=dict)


def verified_fields(store: Store) -> list[VerifiedField]:
    """Every field whose digits people settled beyond doubt, by scan, page and place. Raises LedgerError."""
    found = []
    verdicts = store.verdicts()
    for each in store.fields():
        verdict = verdicts.get(each.key) if each.verified else None
        detail = store.detail(each.key) if verdict and verdict.kind is Kind.VALUE else None
        if verdict and detail:
            path = Path(os.fsdecode(detail.path)).absolute()
            found.append(VerifiedField(each.key, path, verdict.value, detail.box, detail.layout))
    return found


def learnable(out: Path) -> Learnable:
    """The verified fields of an output folder as rows to learn from or to judge by.

    Left out are those that are to be keyed again, were settled without digits, have no place, whose scan
    is gone or was changed, or whose layout is not to be had any more. Raises UsageError, LedgerError.
    """
    if not (out / FILE_NAME).is_file():
        raise UsageError(f"{out} holds no {FILE_NAME}; give the folder that nightsort run wrote to")
    with Store(out / FILE_NAME) as store:
        fields, layouts = verified_fields(store), _layouts(store)
        left_out = _not_among(fields, store)
    rows = []
    as_read = cache(_is_as_read)
    for each in fields:
        layout = layouts.get(each.layout)
        if not as_read(each.path, each.key[0]):
            left_out[GONE] += 1
        elif each.box is None:
            left_out["without a place on their page"] += 1
        elif layout is None:
            left_out[f"of the layout {each.layout}, which is not there any more"] += 1
        else:
            rows.append(Row(each.path, each.key[1], each.value, each.box, layout, each.key[2]))
    return Learnable(rows, dict(left_out))


def _not_among(fields: Sequence[VerifiedField], store: Store) -> Counter[str]:
    """Settled fields that are not verified with digits, by what they are."""
    left_out: Counter[str] = Counter()
    verdicts = store.verdicts()
    for key in verdicts.keys() - {each.key for each in fields}:
        if verdicts[key].kind is not Kind.VALUE:
            left_out["settled without digits"] += 1
        else:
            left_out[GONE if store.detail(key) is None else "to be keyed again"] += 1
    return left_out


def _is_as_read(path: Path, content: str) -> bool:
    try:
        return sha256(path) == content
    except OSError:
        return False


def _layouts(store: Store) -> dict[str, Layout | FormSet | Mixed]:
    """The layouts of all runs by their labels, of several with one label that of the last run."""
    found: dict[str, Layout | FormSet | Mixed] = {}
    for spec, postal in store.layouts_used():
        try:
            layout = load_layout(spec, postal=postal)
        except LayoutError:  # moved or changed; its fields are counted among those left out
            continue
        found.setdefault(layout.label, layout)
    return found
