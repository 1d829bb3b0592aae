"""The results in other formats: Parquet for analysis, Excel for people; and the schema of them all.

Every format holds the rows of results.csv in the same order, written without holding all of them.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from importlib.util import find_spec
from itertools import chain, islice
from pathlib import Path
from typing import Any

from flows.errors import UsageError
from pipeline.document import Reason, Status
from pipeline.results import COLUMNS, write_atomically

ALWAYS = ("csv", "jsonl")
SCHEMA_NAME = "results.schema.json"
_NEEDS = {"parquet": "pyarrow", "xlsx": "openpyxl"}
_ROWS_A_GROUP = 10_000
_ROWS_A_SHEET = 1_048_575  # below the header, all that Excel has

_Record = dict[str, Any]

_FIELDS: tuple[tuple[str, str, str], ...] = (
    ("scan", "string", "path below the input folder, '/' as separator"),
    ("page", "integer", "page of the scan, from 1"),
    ("field", "string", "name of the field"),
    ("value", "string", "the digits as text, leading zeros kept; empty where nothing was read"),
    ("confidence", "number", "probability that the value is exactly right, 0 to 1"),
    ("status", "string", "accepted, review, empty, failed or verified"),
    ("reason", "string", "why it is not accepted; empty where nothing speaks against it"),
    ("digit_confidences", "string", "one probability per digit, separated by spaces"),
    ("alternatives", "string", "the next readings, value:probability, separated by spaces"),
    ("x", "integer", "left edge of the field on the page, pixels"),
    ("y", "integer", "upper edge of the field on the page, pixels"),
    ("width", "integer", "of the field, pixels"),
    ("height", "integer", "of the field, pixels"),
    ("layout", "string", "name and hash of the layout that it was read with"),
    ("model", "string", "name and hash of the model that it was read with"),
    ("sha256", "string", "SHA-256 of the scan file; empty where it could not be read"),
)


_ONE_OF = {"status": tuple(Status), "reason": tuple(Reason)}


def parse_formats(text: str) -> tuple[str, ...]:
    """The formats of a list such as `parquet,xlsx`, those that are always written left out.

    Raises UsageError for one that is not known, or whose library is not installed.
    """
    names = tuple(dict.fromkeys(name.strip().lower() for name in text.split(",") if name.strip()))
    for name in names:
        if name not in (*ALWAYS, *_NEEDS):
            raise UsageError(f"--format {name}: choose from {', '.join((*ALWAYS, *_NEEDS))}")
        if name in _NEEDS and find_spec(_NEEDS[name]) is None:
            raise UsageError(
                f"--format {name} needs {_NEEDS[name]}, which is not installed;"
                f" add it with: pip install 'nightsort[{name}]'"
            )
    return tuple(name for name in names if name not in ALWAYS)


def write_schema(out: Path) -> None:
    """Write results.schema.json, a Table Schema of results.csv. Raises OSError."""
    fields: list[_Record] = [
        {"name": name, "type": kind, "description": what} for name, kind, what in _FIELDS
    ]
    for field in fields:
        if field["name"] in _ONE_OF:
            field["constraints"] = {"enum": list(_ONE_OF[field["name"]])}
    schema = {"fields": fields, "primaryKey": ["scan", "page", "field"], "missingValues": [""]}
    write_atomically(out / SCHEMA_NAME, [json.dumps(schema, indent=2).encode() + b"\n"])


def write_format(name: str, out: Path, records: Iterable[_Record]) -> None:
    """Write `results.NAME` for `parquet` or `xlsx`, whole or not at all. Raises OSError."""
    write = {"parquet": _write_parquet, "xlsx": _write_xlsx}[name]
    _replace(out / f"results.{name}", lambda part: write(part, records))


def _replace(path: Path, write: Callable[[Path], None]) -> None:
    part = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        write(part)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _write_parquet(path: Path, records: Iterable[_Record]) -> None:
    import pyarrow as pa  # noqa: PLC0415 - an extra
    from pyarrow import parquet  # noqa: PLC0415

    alternative = pa.struct([("value", pa.string()), ("probability", pa.float64())])
    kinds = {"string": pa.string(), "integer": pa.int32(), "number": pa.float64()}
    lists = {"digit_confidences": pa.list_(pa.float64()), "alternatives": pa.list_(alternative)}
    schema = pa.schema([(name, lists.get(name, kinds[kind])) for name, kind, _ in _FIELDS])
    with parquet.ParquetWriter(path, schema) as writer:
        for group in _groups(_flat(record) for record in records):
            writer.write_table(pa.Table.from_pylist(group, schema))


def _write_xlsx(path: Path, records: Iterable[_Record]) -> None:
    from openpyxl import Workbook  # noqa: PLC0415 - an extra
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE  # noqa: PLC0415

    book = Workbook(write_only=True)

    def text(sheet: Any, value: str) -> Any:
        cell = WriteOnlyCell(sheet)
        cell.value = ILLEGAL_CHARACTERS_RE.sub("\ufffd", value)
        cell.data_type = "s"  # also what begins with '=': it is a text and no formula
        cell.number_format = "@"
        return cell

    rows = iter(records)
    first: list[_Record] = list(islice(rows, 1))
    number = 1
    while first or number == 1:
        sheet = book.create_sheet("results" if number == 1 else f"results {number}")
        sheet.append(list(COLUMNS))
        for record in chain(first, islice(rows, _ROWS_A_SHEET - len(first))):
            sheet.append(
                [text(sheet, value) if isinstance(value, str) else value for value in _cells(record)]
            )
        first = list(islice(rows, 1))
        number += 1
    book.save(path)


def _cells(record: _Record) -> Iterator[str | float | None]:
    flat = _flat(record)
    flat["digit_confidences"] = " ".join(f"{p:.4f}" for p in record["digit_confidences"])
    flat["alternatives"] = " ".join(f"{o['value']}:{o['probability']:.4f}" for o in record["alternatives"])
    return (flat[name] for name in COLUMNS)


def _flat(record: _Record) -> _Record:
    """The record with the box as columns of its own."""
    box = record["box"] or dict.fromkeys(("x", "y", "width", "height"))
    return {name: (box if name in box else record)[name] for name in COLUMNS}


def _groups(records: Iterable[_Record]) -> Iterator[list[_Record]]:
    waiting = iter(records)
    while group := list(islice(waiting, _ROWS_A_GROUP)):
        yield group
