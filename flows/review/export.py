"""Verified fields as a truth.csv, to learn from and to judge models by."""

from __future__ import annotations

import csv
import io
import os
from dataclasses import dataclass
from pathlib import Path

from flows.ledger import Ledger
from flows.verdict import Kind
from pipeline.results import write_atomically

COLUMNS = ("scan", "page", "field", "value", "x", "y", "width", "height")


@dataclass(frozen=True)
class Exported:
    """written : fields in the file; without_place : verified ones that no box tells where to find."""

    written: int
    without_place: int


def export_truth(ledger: Ledger, path: Path) -> Exported:
    """Write every field whose digits people settled, with its box on the page, whole or not at all.

    Scans are named by their full path. A keying against a very certain reading is among them only
    where a second one confirmed it. Raises OSError, LedgerError.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    written = without = 0
    seen = set()
    for line in ledger.lines():
        reading, verdict = line.reading, line.verdict
        key = (line.sha256, reading.page, reading.field)
        if verdict is None or verdict.kind is not Kind.VALUE or key in seen:
            continue
        seen.add(key)
        box = reading.box
        if box is None:
            without += 1
            continue
        place = (os.fsdecode(line.path.absolute()), reading.page, reading.field)
        writer.writerow((*place, verdict.value, box.x, box.y, box.width, box.height))
        written += 1
    write_atomically(path, [text.getvalue().encode("utf-8", "surrogateescape")])
    return Exported(written, without)
