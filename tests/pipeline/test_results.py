"""Results: what is accepted, what stands in a cell, and files that are never half written."""

import csv
import json
import math
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.document import Box, Reading, Reason, Status
from pipeline.results import COLUMNS, defuse, record, row, settle, write_atomically, write_csv, write_jsonl

READ = Reading(
    scan="box 1/0007.tif",
    page=2,
    field="postal_code",
    value="02139",
    confidence=0.98765432,
    alternatives=(("02189", 0.01), ("021394307", 0.00004)),
    box=Box(10, 20, 300, 40),
)
NAMES = {"layout": "envelope 0123456789abcdef", "model": "default fedcba9876543210", "sha256": "ab" * 32}


@pytest.mark.parametrize(
    ("reading", "expected"),
    [
        (Reading("a", 1, "f", value="7", confidence=0.95), (Status.ACCEPTED, "")),
        (Reading("a", 1, "f", value="7", confidence=0.9), (Status.ACCEPTED, "")),
        (Reading("a", 1, "f", value="7", confidence=0.8999), (Status.REVIEW, "low-confidence")),
        (Reading("a", 1, "f", value="7", confidence=math.nan), (Status.REVIEW, "low-confidence")),
        (Reading("a", 1, "f"), (Status.REVIEW, "not-found")),
        (Reading("a", 1, "f", empty=True), (Status.EMPTY, "")),
        (
            Reading("a", 1, "f", value="7", confidence=1.0, reason=Reason.BAD_FORMAT),
            (Status.REVIEW, "bad-format"),
        ),
    ],
)
def test_settle(reading: Reading, expected: tuple[Status, str]) -> None:
    assert settle(reading, 0.9) == expected


def test_nothing_is_not_accepted_even_when_everything_would_be() -> None:
    assert settle(Reading("a", 1, "f"), 0.0) == (Status.REVIEW, "not-found")


def test_row_has_the_columns_in_order_as_text() -> None:
    cells = row(record(READ, Status.ACCEPTED, "", **NAMES))
    assert tuple(cells) == COLUMNS
    assert list(cells.values()) == [
        "box 1/0007.tif",
        "2",
        "postal_code",
        "02139",
        "0.9877",
        "accepted",
        "",
        "0.9995 0.9995 0.9995 0.9895 0.9995",
        "02189:0.0100 021394307:0.0000",
        "10",
        "20",
        "300",
        "40",
        NAMES["layout"],
        NAMES["model"],
        NAMES["sha256"],
    ]


def test_a_failed_scan_has_a_row_without_box_and_value() -> None:
    lost = Reading("=cmd.jpg", 1, "digits")
    cells = row(record(lost, Status.FAILED, Reason.EMPTY_FILE, layout="l", model="-m", sha256=""))
    assert (cells["value"], cells["confidence"], cells["x"], cells["height"]) == ("", "0.0000", "", "")
    assert (cells["scan"], cells["model"]) == ("'=cmd.jpg", "'-m")
    assert (cells["status"], cells["reason"]) == ("failed", "empty-file")


@pytest.mark.parametrize("confidence", [math.nan, -0.001, 1.001, math.inf])
def test_a_confidence_that_is_no_probability_is_refused(confidence: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        record(Reading("a", 1, "f", value="1", confidence=confidence), Status.REVIEW, "", **NAMES)


def test_a_record_survives_json() -> None:
    entry = record(READ, Status.REVIEW, Reason.LOW_CONFIDENCE, **NAMES)
    assert json.loads(json.dumps(entry)) == entry
    assert entry["alternatives"][0] == {"value": "02189", "probability": 0.01}
    assert entry["box"] == {"x": 10, "y": 20, "width": 300, "height": 40}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("＝1", "'＝1"),
        ("'=1", "''=1"),
        ("'t Hooft.png", "'t Hooft.png"),
        ("a=b", "a=b"),
        ("007", "007"),
        ("", ""),
    ],
)
def test_defuse(text: str, expected: str) -> None:
    assert defuse(text) == expected


@given(st.text("'=+-@\t\rab0"), st.text("'=+-@\t\rab0"))
def test_defused_texts_start_no_formula_and_stay_different(one: str, other: str) -> None:
    assert not defuse(one).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert (defuse(one) == defuse(other)) == (one == other)


def test_csv_bytes(tmp_path: Path) -> None:
    rows = [row(record(Reading('a "b", c.png', 1, "f"), Status.FAILED, "too-large", **NAMES))]
    assert write_csv(tmp_path / "results.csv", rows) == 1
    header, line, rest = (tmp_path / "results.csv").read_bytes().split(b"\r\n")
    assert header.decode() == ",".join(COLUMNS)
    assert line.startswith(b'"a ""b"", c.png",1,f,,0.0000,failed,too-large,,,,,,,envelope ')
    assert rest == b""


def test_csv_without_rows_has_its_header(tmp_path: Path) -> None:
    assert write_csv(tmp_path / "results.csv", []) == 0
    assert (tmp_path / "results.csv").read_text() == ",".join(COLUMNS) + "\n"


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), max_size=5))
def test_csv_gives_every_name_back(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    path = tmp_path_factory.mktemp("csv") / "results.csv"
    write_csv(path, [row(record(Reading(name, 1, "f"), Status.EMPTY, "", **NAMES)) for name in names])
    with path.open(encoding="utf-8", newline="") as file:
        assert [cells["scan"] for cells in csv.DictReader(file)] == [defuse(name) for name in names]


def test_pandas_reads_the_numbers(tmp_path: Path) -> None:
    left = Reading("a", 1, "f", value="007", confidence=0.5, box=Box(-3, 0, 5, 6))
    rows = (row(record(reading, Status.REVIEW, "", **NAMES)) for reading in [left] * 3000)
    assert write_csv(tmp_path / "results.csv", rows) == 3000
    table = pd.read_csv(tmp_path / "results.csv", dtype={"value": str})
    assert len(table) == 3000
    assert table.loc[2999, ["value", "confidence", "x"]].tolist() == ["007", 0.5, -3]


def test_a_name_in_no_encoding_does_not_cost_the_file(tmp_path: Path) -> None:
    entry = record(Reading("a\udcff.png", 1, "f"), Status.EMPTY, "", **NAMES)
    write_csv(tmp_path / "results.csv", [row(entry)])
    write_jsonl(tmp_path / "results.jsonl", [entry])
    assert b"a\\udcff.png,1," in (tmp_path / "results.csv").read_bytes()
    assert json.loads((tmp_path / "results.jsonl").read_bytes())["scan"] == "a\udcff.png"


def test_jsonl_is_one_record_a_line(tmp_path: Path) -> None:
    entries = [
        record(READ, Status.ACCEPTED, "", **NAMES),
        record(Reading("é\n", 1, "f"), Status.EMPTY, "", **NAMES),
    ]
    assert write_jsonl(tmp_path / "results.jsonl", iter(entries)) == 2
    lines = (tmp_path / "results.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line) for line in lines] == entries


def test_jsonl_refuses_nan_and_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    write_jsonl(path, [{"a": 1}])
    with pytest.raises(ValueError, match="JSON compliant"):
        write_jsonl(path, [{"a": 2}, {"a": math.nan}])
    assert path.read_text() == '{"a": 1}\n'
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_half_way_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"new"
        raise KeyboardInterrupt

    path = tmp_path / "summary.json"
    path.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, broken())
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_new_file_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "report.html"

    def chunks() -> Iterator[bytes]:
        yield b"first "
        assert not path.exists()
        yield b"second"

    write_atomically(path, chunks())
    assert path.read_bytes() == b"first second"


def test_a_missing_folder_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_atomically(tmp_path / "nowhere" / "results.csv", [b""])
