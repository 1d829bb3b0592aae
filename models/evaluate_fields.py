"""Judge readers on whole fields with their values, side by side: every model reads them as a night does."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from models.labelled import DataError
from models.strings import TARGET, StringJudgement
from models.truth import Row, overlap, pages_of, part
from pipeline.document import Page, Reading, Status
from pipeline.forms.form import FormSet
from pipeline.layouts import Layout, Mixed, load_layout
from pipeline.results import settle

MISTAKES = ("scan", "page", "field", "value", "read", "confidence", "status")


class PageReader(Protocol):
    """Reads the fields of one layout with one model; see `flows.reader.Reader`."""

    @property
    def read(self) -> Callable[[Iterable[Page]], list[Reading]]:
        """Readings of pages, at least one a page."""

    @property
    def threshold(self) -> Callable[[float], float]:
        """The least confidence to accept, for a target error rate."""


OpenPageReader = Callable[[Layout | FormSet | Mixed], PageReader]


@dataclass(frozen=True, eq=False)
class FieldsEvaluated:
    """A model's judgement on fields, what it read, and how fast: fields a second, decoding left out."""

    name: str
    directory: Path
    judgement: StringJudgement
    readings: tuple[Reading, ...]
    fields_per_second: float


class _Candidate:
    """A model at work: what it read so far, field by field."""

    def __init__(self, directory: Path, open_reader: OpenPageReader) -> None:
        self.directory, self._open = directory, open_reader
        self._readers: dict[Layout | FormSet | Mixed, PageReader] = {}
        self._lines = load_layout("digits")
        self.readings: list[Reading] = []
        self.taken: list[bool] = []
        self.seconds = 1e-9

    def read(self, page: Page, rows: Sequence[Row]) -> None:
        """Read the fields of one page; what is not found where it is said to be was not read."""
        started = time.perf_counter()
        found: dict[Layout | FormSet | Mixed, list[Reading]] = {}
        for row in rows:
            reader = self._reader(row.layout or self._lines)
            if row.layout is None:
                alone = Page(page.scan, page.number, part(page.image, row.box), page.dpi)
                own = reader.read([alone])
            else:
                if row.layout not in found:
                    found[row.layout] = reader.read([page])
                own = [each for each in found[row.layout] if each.field == row.field and _here(each, row)]
            reading = own[0] if own else Reading(page.scan, page.number, row.field)
            self.readings.append(reading)
            self.taken.append(settle(reading, reader.threshold(TARGET))[0] is Status.ACCEPTED)
        self.seconds += time.perf_counter() - started

    def _reader(self, layout: Layout | FormSet | Mixed) -> PageReader:
        if layout not in self._readers:
            self._readers[layout] = self._open(layout)
        return self._readers[layout]

    def evaluated(self, rows: Sequence[Row]) -> FieldsEvaluated:
        """The judgement on all that was read."""
        judgement = StringJudgement(
            confidence=np.array([each.confidence if each.value else 0.0 for each in self.readings]),
            right=np.array([each.value == row.value for each, row in zip(self.readings, rows, strict=True)]),
            taken=np.array(self.taken),
        )
        speed = len(rows) / self.seconds
        return FieldsEvaluated(self.directory.name, self.directory, judgement, tuple(self.readings), speed)


def evaluate_fields(
    models: Sequence[tuple[Path, OpenPageReader]], rows: Sequence[Row]
) -> list[FieldsEvaluated]:
    """Judge models on the same fields. Raises DataError, OSError.

    models : the folder of each, and what opens its readers.
    """
    if not rows:
        raise DataError("there is no field with digits to judge by")
    ordered = in_order(rows)
    candidates = [_Candidate(directory, open_reader) for directory, open_reader in models]
    for page, group in pages_of(ordered):
        for candidate in candidates:
            candidate.read(page, group)
    return [candidate.evaluated(ordered) for candidate in candidates]


def in_order(rows: Sequence[Row]) -> list[Row]:
    """The rows in the order in which they are judged: page by page."""
    return sorted(rows, key=lambda row: (str(row.scan), row.page))


def _here(reading: Reading, row: Row) -> bool:
    """Whether a reading is of the row's place; a field that is found elsewhere was not read."""
    return reading.box is not None and overlap(reading.box, row.box) > 0.0


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
    ordered = in_order(rows)
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
