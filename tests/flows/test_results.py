from __future__ import annotations

import csv
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from flows.chunk import PageFailure, ScanResult
from flows.ledger import Ledger
from flows.ledger_rows import Sighting
from flows.results import LEAST_CERTAIN, write_results
from pipeline.document import Reading, Reason, Status
from tests.flows.fakes import IDENTITY


def write(out: Path, *results: ScanResult, threshold: float = 0.5) -> Ledger:
    """A ledger of scans a, b, c ... with these results."""
    ledger = Ledger(out / "ledger.sqlite")
    run, reader = ledger.begin_run({}), ledger.register_reader(IDENTITY, threshold)
    names = [f"{number:04}" for number in range(len(results))]
    sightings = [
        Sighting(Path("/in", name), Path("/in"), name, result.content)
        for name, result in zip(names, results, strict=True)
    ]
    ledger.register_scans(sightings, reader)
    ledger.write_results(run, reader, results)
    return ledger


def read(confidence: float, content: str, page: int = 1) -> ScanResult:
    reading = Reading("", page, "digits", "07", confidence, (("01", 0.001),))
    return ScanResult(content, page, [reading])


def test_lines_are_settled_by_the_threshold(tmp_path: Path) -> None:
    empty = ScanResult("3", 1, [Reading("", 1, "digits", empty=True)])
    lost = ScanResult("4", 1, [Reading("", 1, "digits", reason=Reason.NOT_FOUND)])
    partly = ScanResult(
        "5", 2, [Reading("", 1, "digits", "1", 0.9)], [PageFailure(2, Reason.TRUNCATED_FILE, "x")]
    )
    with write(tmp_path, read(0.5, "1"), read(0.4999, "2"), empty, lost, partly) as ledger:
        tally = write_results(ledger, tmp_path)
    with (tmp_path / "results.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["scan"], row["page"], row["status"], row["reason"]) for row in rows] == [
        ("0000", "1", "accepted", ""),
        ("0001", "1", "review", "low-confidence"),
        ("0002", "1", "empty", ""),
        ("0003", "1", "review", "not-found"),
        ("0004", "1", "accepted", ""),
        ("0004", "2", "failed", "truncated-file"),
    ]
    assert {row["layout"] for row in rows} == {"digits@1111111111111111"}
    assert (tally.scans, tally.pages, tally.fields, tally.failed_scans) == (5, 6, 6, 1)
    assert (tally.statuses[Status.ACCEPTED], tally.review) == (2, 2)
    assert tally.reasons == {"low-confidence": 1, "not-found": 1, "truncated-file": 1}
    assert sum(tally.confidences.values()) == 3
    assert [each.reason for each in tally.uncertain] == ["low-confidence", "not-found"]
    records = [json.loads(line) for line in (tmp_path / "results.jsonl").read_text().splitlines()]
    assert [record["status"] for record in records] == [row["status"] for row in rows]
    assert records[0]["alternatives"] == [{"value": "01", "probability": 0.001}]


def test_a_page_that_took_a_layout_of_its_own_says_so(tmp_path: Path) -> None:
    readings = [Reading("", 1, "page"), Reading("", 2, "total", "7", 0.9, layout="ballot@2222222222222222")]
    with write(tmp_path, ScanResult("1", 2, readings)) as ledger:
        write_results(ledger, tmp_path)
    with (tmp_path / "results.csv").open(newline="") as file:
        layouts = [row["layout"] for row in csv.DictReader(file)]
    records = [json.loads(line) for line in (tmp_path / "results.jsonl").read_text().splitlines()]
    assert layouts == ["digits@1111111111111111", "ballot@2222222222222222"]
    assert [record["layout"] for record in records] == layouts


def test_least_certain_are_kept_and_in_order(tmp_path: Path) -> None:
    confidences = [(number * 37 % 100) / 200 for number in range(100)]
    results = [read(confidence, str(number)) for number, confidence in enumerate(confidences)]
    with write(tmp_path, *results) as ledger:
        uncertain = write_results(ledger, tmp_path).uncertain
    assert [each.reading.confidence for each in uncertain] == sorted(confidences)[:LEAST_CERTAIN]


def test_files_that_cannot_be_written_leave_the_old_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with write(tmp_path, read(0.9, "1")) as ledger:
        write_results(ledger, tmp_path)
        before = (tmp_path / "results.csv").read_bytes()
        ledger.register_reader(IDENTITY, 0.99)

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("os.fsync", full)
        with pytest.raises(OSError, match="No space left"):
            write_results(ledger, tmp_path)
    assert (tmp_path / "results.csv").read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {
        "ledger.sqlite",
        "results.csv",
        "results.jsonl",
        "results.schema.json",
    }


def test_what_a_person_decided_stands_above_what_was_read(tmp_path: Path) -> None:
    with write(tmp_path, read(0.4, "1"), read(0.99, "2"), read(0.4, "3")) as ledger:
        with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as db, db:
            db.execute("INSERT INTO verdicts VALUES ('1', 1, 'digits', 'value', '4711')")
            db.execute("INSERT INTO verdicts VALUES ('2', 1, 'digits', 'illegible', '')")
        tally = write_results(ledger, tmp_path)
    with (tmp_path / "results.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    names = ("value", "confidence", "status", "reason", "digit_confidences", "alternatives")
    assert [tuple(row[name] for name in names) for row in rows] == [
        ("4711", "1.0000", "verified", "", "1.0000 1.0000 1.0000 1.0000", "07:0.4000 01:0.0010"),
        ("", "0.0000", "verified", "illegible", "", "07:0.9900 01:0.0010"),
        ("07", "0.4000", "review", "low-confidence", "0.7005 0.6995", "01:0.0010"),
    ]
    assert (tally.statuses[Status.VERIFIED], tally.review, len(tally.uncertain)) == (2, 1, 1)
    assert sum(tally.confidences.values()) == 1
