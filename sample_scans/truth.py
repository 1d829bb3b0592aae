"""The truth about drawn scans: what stands in each field, and the `truth.csv` which says so."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pipeline.document import Box

COLUMNS = ("scan", "page", "field", "value", "x", "y", "width", "height")


@dataclass(frozen=True)
class FieldTruth:
    """What stands in a field of a drawn page.

    field : its name in the results. value : its digits alone, empty where nothing is written.
    box : around their ink (around the empty field), in pixels of the page. country : of a postal code.
    case : what makes the page hard to read, a name of `mail.CASES`; empty where nobody says.
    barcode : the digits that a barcode on the page states, empty where there is none.
    """

    field: str
    value: str
    box: Box
    country: str = ""
    case: str = ""
    barcode: str = ""


@dataclass(frozen=True)
class TruthRow:
    """One line of truth.csv: a field, and the scan (path below the folder, `/` as separator) it is in."""

    scan: str
    page: int
    truth: FieldTruth


def write_truth(path: Path, rows: Iterable[TruthRow]) -> None:
    """UTF-8 CSV with the columns COLUMNS, one row per field, in the order given."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in rows:
            box = row.truth.box
            place = (box.x, box.y, box.width, box.height)
            writer.writerow((row.scan, row.page, row.truth.field, row.truth.value, *place))
