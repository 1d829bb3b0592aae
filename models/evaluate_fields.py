"""Judge readers on whole fields with their values, side by side: every model reads them as a night does."""

from __future__ import annotations

import csv
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.classifier import Model
from models.labelled import DataError
from models.strings import TARGET, StringJudgement
from models.truth import Row, overlap, pages_of, part
from pipeline.document import Page, Reading, Status
from pipeline.layouts import load_layout
from pipeline.read import read_pages
from pipeline.results import settle

MISTAKES = ("scan", "page", "field", "value", "read", "confidence", "status")


@dataclass(frozen=True, eq=False)
class FieldsEvaluated:
    """A model's judgement on fields, what it read, and how fast: fields a second, decoding left out."""

    name: str
    directory: Path
    judgement: StringJudgement
    readings: tuple[Reading, ...]
    fields_per_second: float


def evaluate_fields(models: Sequence[Model], rows: Sequence[Row]) -> list[FieldsEvaluated]:
    """Judge every model on the same fields. Raises DataError, OSError."""
    if not rows:
        raise DataError("there is no field with digits to judge by")
    ordered = sorted(rows, key=lambda row: (str(row.scan), row.page))
    readings: list[list[Reading]] = [[] for _ in models]
    seconds = [1e-9] * len(models)
    for page, group in pages_of(ordered):
        for number, model in enumerate(models):
            started = time.perf_counter()
            readings[number] += read_rows(page, group, model)
            seconds[number] += time.perf_counter() - started
    return [
        FieldsEvaluated(
            model.name, model.directory, _judge(found, ordered, model), tuple(found), len(rows) / took
        )
        for model, found, took in zip(models, readings, seconds, strict=True)
    ]


def read_rows(page: Page, rows: Sequence[Row], model: Model) -> list[Reading]:
    """What a model reads in fields of one page, one reading a row; empty where it finds none."""
    layouts = dict.fromkeys(row.layout for row in rows if row.layout is not None)
    found = {layout: read_pages([page], layout, model, model.parameters) for layout in layouts}
    readings = []
    for row in rows:
        if row.layout is None:
            alone = Page(page.scan, page.number, part(page.image, row.box), page.dpi)
            own = read_pages([alone], load_layout("digits"), model, model.parameters)
        else:
            own = [each for each in found[row.layout] if each.field == row.field and _here(each, row)]
        readings.append(own[0] if own else Reading(page.scan, page.number, row.field))
    return readings


def _here(reading: Reading, row: Row) -> bool:
    """Whether a reading is of the row's place; a field that is found elsewhere was not read."""
    return reading.box is not None and overlap(reading.box, row.box) > 0.0


def _judge(readings: Sequence[Reading], rows: Sequence[Row], model: Model) -> StringJudgement:
    threshold = model.parameters.threshold(TARGET)
    return StringJudgement(
        confidence=np.array([each.confidence if each.value else 0.0 for each in readings]),
        right=np.array([each.value == row.value for each, row in zip(readings, rows, strict=True)]),
        taken=np.array([settle(each, threshold)[0] is Status.ACCEPTED for each in readings]),
    )


def to_document(evaluated: Sequence[FieldsEvaluated], data: str) -> dict[str, Any]:
    """Ready for JSON: the figures of the first model at the top level, those of all under `models`."""
    models = [
        {"name": each.name, "model": str(each.directory), "fields_per_second": round(each.fields_per_second)}
        | each.judgement.to_dict()
        for each in evaluated
    ]
    return {"data": data, "judged": "fields", **models[0], "models": models}


def draw(named: dict[str, FieldsEvaluated], rows: Sequence[Row], folder: Path) -> None:
    """Draw risk-coverage.png and reliability.png, and list what each model misread as mistakes.csv.

    The names of the latter begin with the model's where there are several. Raises OSError, and
    ImportError where matplotlib is missing.
    """
    from models import plots  # noqa: PLC0415 - matplotlib is slow to import

    folder.mkdir(parents=True, exist_ok=True)
    judgements = {name: each.judgement for name, each in named.items()}
    plots.plot_risk_coverage(judgements, folder / "risk-coverage.png")
    plots.plot_reliability(judgements, folder / "reliability.png")
    for name, each in named.items():
        prefix = f"{name}-" if len(named) > 1 else ""
        _list_mistakes(each, rows, folder / f"{prefix}mistakes.csv")


def _list_mistakes(evaluated: FieldsEvaluated, rows: Sequence[Row], path: Path) -> None:
    """The misread fields, the most certain first."""
    ordered = sorted(rows, key=lambda row: (str(row.scan), row.page))
    judged = evaluated.judgement
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(MISTAKES)
        for index in np.argsort(-judged.confidence, kind="stable").tolist():
            row, reading = ordered[index], evaluated.readings[index]
            if not judged.right[index]:
                status = "accepted" if judged.taken[index] else "review"
                place = (row.scan, row.page, reading.field)
                writer.writerow((*place, row.value, reading.value, f"{reading.confidence:.4f}", status))
