from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from pyarrow import parquet

from flows import formats
from flows.errors import UsageError
from flows.formats import SCHEMA_NAME, parse_formats, write_format, write_schema
from pipeline.document import Box, Reading, Reason, Status
from pipeline.results import COLUMNS, record


def records(count: int = 3) -> list[dict[str, Any]]:
    return [
        record(
            Reading(f"=cmd{number}.png", 1, "zip", "02139", 0.5, (("02130", 0.25),), box),
            Status.ACCEPTED,
            "",
            layout="l@1",
            model="m@2",
            sha256="ab",
        )
        for number, box in zip(range(count), [Box(1, 2, 3, 4), None] * count, strict=False)
    ]


def test_schema_has_every_column_in_its_order(tmp_path: Path) -> None:
    write_schema(tmp_path)
    schema = json.loads((tmp_path / SCHEMA_NAME).read_text(encoding="utf-8"))
    assert tuple(field["name"] for field in schema["fields"]) == COLUMNS
    one_of = {each["name"]: each["constraints"]["enum"] for each in schema["fields"] if "constraints" in each}
    assert one_of == {"status": list(Status), "reason": list(Reason)}
    assert schema["primaryKey"] == ["scan", "page", "field"]


def test_parquet_keeps_types_and_leading_zeros(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "_ROWS_A_GROUP", 2)
    write_format("parquet", tmp_path, records())
    rows = parquet.read_table(tmp_path / "results.parquet").to_pylist()
    assert [row["scan"] for row in rows] == ["=cmd0.png", "=cmd1.png", "=cmd2.png"]
    assert (rows[0]["value"], rows[0]["x"], rows[1]["x"]) == ("02139", 1, None)
    assert rows[0]["digit_confidences"] == pytest.approx([0.95] * 4 + [0.7])
    assert rows[0]["alternatives"] == [{"value": "02130", "probability": 0.25}]


def test_excel_has_text_cells_and_no_formula(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "_ROWS_A_SHEET", 2)
    write_format("xlsx", tmp_path, records())
    book = openpyxl.load_workbook(tmp_path / "results.xlsx")
    assert book.sheetnames == ["results", "results 2"]
    header, first, _ = book["results"].iter_rows()
    assert tuple(cell.value for cell in header) == COLUMNS
    cells = dict(zip(COLUMNS, first, strict=True))
    assert (cells["scan"].value, cells["scan"].data_type) == ("=cmd0.png", "s")
    assert (cells["value"].value, cells["value"].data_type) == ("02139", "s")
    assert (cells["confidence"].value, cells["alternatives"].value) == (0.5, "02130:0.2500")
    assert {path.name for path in tmp_path.iterdir()} == {"results.xlsx"}


@pytest.mark.parametrize("name", ["parquet", "xlsx"])
def test_no_rows_make_a_file_with_columns(tmp_path: Path, name: str) -> None:
    write_format(name, tmp_path, [])
    assert (tmp_path / f"results.{name}").stat().st_size > 0


def test_formats_are_told_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parse_formats("") == parse_formats("csv,jsonl") == ()
    assert parse_formats("CSV, parquet,xlsx,parquet") == ("parquet", "xlsx")
    with pytest.raises(UsageError, match="--format pdf: choose from csv"):
        parse_formats("pdf")
    monkeypatch.setattr(formats, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"needs pyarrow.*nightsort\[parquet\]"):
        parse_formats("parquet")
