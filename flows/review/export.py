"""Verified fields as a truth.csv, for other programs."""

from __future__ import annotations

import csv
import io
import os
from dataclasses import dataclass
from pathlib import Path

from flows.review.store import Store
from flows.review.verified import verified_fields
from pipeline.results import write_atomically

COLUMNS = ("scan", "page", "field", "value", "x", "y", "width", "height")


@dataclass(frozen=True)
class Exported:
    """written : fields in the file; without_place : verified ones that no box tells where to find."""

    written: int
    without_place: int


def export_truth(store: Store, path: Path) -> Exported:
    """Write every field whose digits people settled, with its box on the page, whole or not at all.

    Scans are named by their full path. Raises OSError, LedgerError.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    fields = verified_fields(store)
    placed = [(each, each.box) for each in fields if each.box is not None]
    for each, box in placed:
        _, page, name = each.key
        writer.writerow((os.fspath(each.path), page, name, each.value, box.x, box.y, box.width, box.height))
    write_atomically(path, [text.getvalue().encode("utf-8", "surrogateescape")])
    return Exported(len(placed), len(fields) - len(placed))
