"""Learn from scans of fields with their values; `nightsort train --from` is its command.

The networks are fine-tuned, the reader is fitted again, both in turns that each leave a part of the
fields out. What is read of the parts left out proves whether the new model is better; the old one
stays unless it is.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.cards import amend_card
from models.classifier import PARAMETERS, Model, load_model
from models.doubts import Doubt, find_doubts
from models.labelled import Cutter, DataError
from models.learn_crops import aligned_crops
from models.learn_networks import Lesson, Own, Watch, copy_model, cross_fit
from models.learn_reader import Field, View, judge, refit, view, view_drawn
from models.page_classifier import load_page_model
from models.strings import StringJudgement, together
from models.truth import Row, cut_rows
from pipeline.plan import needs_look

FEWEST = 100  # fields, under which nothing is proved


def unwatched(what: str, done: int, steps: int) -> None:
    """Look away."""


def load_fields(rows: Sequence[Row], model: Model, watch: Watch = unwatched) -> list[Field]:
    """Those of the fields that hold any ink, found as reading with `model` finds them.

    Raises DataError, ModelError, OSError.
    """
    fields = []
    looks = load_page_model() if any(row.layout and needs_look(row.layout) for row in rows) else None
    for done, (row, cut) in enumerate(cut_rows(rows, Cutter(model, model.parameters), looks), 1):
        if any(lattice.size for lattice in cut.lattices):
            # Asked anew of every network that learns, not of the one that found the field.
            unseen = tuple(replace(lattice, proba=None) for lattice in cut.lattices)
            page = f"{row.scan.name}:{row.page}"  # not its folder: the split is the same wherever that lies
            fields.append(Field(name_field(row), page, replace(cut, lattices=unseen), row.value))
        watch("cutting fields", done, len(rows))
    return fields


def name_field(row: Row) -> str:
    """The row's scan, page and field, or its place there, as a person finds it again."""
    page = f", page {row.page}" if row.page > 1 else ""
    place = f", at {row.box.x} {row.box.y}" if row.box is not None and not row.field else ""
    return f"{row.scan.name}{page}{place}{', ' if row.field else ''}{row.field}"


def deal(fields: Sequence[Field], turns: int) -> NDArray[np.intp]:
    """(N,) the turn, 0, 1, ..., that leaves each field out; by their names, the same every time.

    The fields of a page, which often have one writer, stay together where there are pages enough.
    """
    groups = [field.page for field in fields]
    if len(set(groups)) < turns:
        groups = [field.name for field in fields]
    order = sorted(set(groups), key=lambda group: hashlib.sha256(group.encode()).hexdigest())
    turn_of = {group: place % turns for place, group in enumerate(order)}
    return np.array([turn_of[group] for group in groups], np.intp)


def learn(
    rows: Sequence[Row], base: Path, out: Path, lesson: Lesson, watch: Watch = unwatched, command: str = ""
) -> dict[str, Any]:
    """Fine-tune the model in `base` on fields with their values into `out`; returns before and after.

    Where the new model is not better on the fields that each turn left out, `out` gets the old one.
    command : that makes the model again, for its card.
    Raises DataError where the fields are too few, or a scan cannot be read; ModelError, OSError.
    """
    started = time.monotonic()
    old = load_model(base)
    fields = load_fields(rows, old, watch)
    if len(fields) < FEWEST:
        raise DataError(
            f"{len(fields)} fields with writing are too few to prove that a new model is better; "
            f"bring {FEWEST} or more"
        )
    known = view(fields, old)
    before = judge(known, old.parameters)
    own = Own(fields, aligned_crops(known, old.parameters), deal(fields, lesson.turns))
    out.mkdir(parents=True, exist_ok=True)
    copy_model(base, out)
    unseen = cross_fit(own, base, out, lesson, watch)
    after, doubts = _fit_reader(unseen, own.turn, out, lesson, watch)
    # Few fields are often read alike by both: then the one that knows better what it reads wrongly.
    kept = (after.exact, after.log_score) > (before.exact, before.log_score)
    if not kept:
        copy_model(base, out)
    told: dict[str, Any] = {
        "command": command,
        "from_model": old.sha256,
        "fields": len(fields),
        "turns": lesson.turns,
        "before": before.to_dict(),
        "after": after.to_dict(),
        "kept": kept,
        "doubts": [asdict(doubt) for doubt in doubts],
        "lesson": asdict(lesson),
        "seconds": round(time.monotonic() - started),
    }
    amend_card(out, name=out.name, learned=told)
    return told


def _fit_reader(
    unseen: View, turn: NDArray[np.intp], out: Path, lesson: Lesson, watch: Watch
) -> tuple[StringJudgement, list[Doubt]]:
    """Fit the reader of the model in `out` to all fields; how each is read where it was left out."""
    model = load_model(out)
    drawn = view_drawn(model, unseen.fields, lesson.seed)
    proofs, doubts = [], []
    for each in range(lesson.turns):
        watch("reader", each, lesson.turns + 1)
        fitted = refit(model.parameters, unseen[turn != each], drawn)
        proofs.append(judge(unseen[turn == each], fitted))
        doubts += find_doubts(unseen[turn == each], fitted)
    refit(model.parameters, unseen, drawn).save(out / PARAMETERS)
    watch("reader", lesson.turns + 1, lesson.turns + 1)
    return together(proofs), sorted(doubts, key=lambda doubt: -doubt.confidence)
