from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from flows.chunk import PageFailure, ScanResult
from flows.history import NightFigures, find_drift, read_history
from flows.ledger import FILE_NAME, Ledger
from pipeline.document import Box, Reading, Reason
from tests.flows.fakes import IDENTITY

USUAL = NightFigures(1, "2026-01-01", 100, 100, 80, 5, 1, 0.9, 40.0)
BEFORE = [replace(USUAL, run=n, accepted=78 + n) for n in range(5)]


@pytest.mark.parametrize(
    ("tonight", "word"),
    [
        (replace(USUAL, accepted=40), "accepted fields: 40.0% tonight, 80.0%"),
        (replace(USUAL, empty=50), "empty fields"),
        (replace(USUAL, failed=60), "could not be read"),
        (replace(USUAL, confidence=0.5), "mean confidence"),
        (replace(USUAL, height=80.0), "did the resolution change"),
    ],
)
def test_night_unlike_the_others_is_told(tonight: NightFigures, word: str) -> None:
    (alarm,) = find_drift(tonight, BEFORE)
    assert word in alarm


def test_night_like_the_others_is_not_told() -> None:
    assert find_drift(replace(USUAL, accepted=76, empty=8, height=43.0), BEFORE) == []


def test_few_nights_or_few_fields_tell_nothing() -> None:
    odd = replace(USUAL, accepted=0)
    assert find_drift(odd, BEFORE[:2]) == []
    assert find_drift(replace(odd, fields=20), BEFORE) == []


def test_nights_are_counted_from_the_ledger(tmp_path: Path) -> None:
    box = Box(0, 0, 90, 30)
    results = [
        ScanResult("a", 2, [_reading(1, 0.95, box), _reading(2, 0.5, box)]),
        ScanResult("b", 1, [Reading("", 1, "digits", empty=True)]),
        ScanResult("c", 0, [], [PageFailure(1, Reason.EMPTY_FILE, "empty")]),
    ]
    with Ledger(tmp_path / FILE_NAME) as ledger:
        reader = ledger.register_reader(IDENTITY, 0.9)
        run = ledger.begin_run({})
        ledger.write_results(run, reader, results)
        ledger.begin_run({})  # reads nothing, and is no night to compare with
    (night,) = read_history(tmp_path, run).nights
    assert (night.pages, night.fields, night.accepted, night.empty, night.failed) == (3, 3, 1, 1, 1)
    assert night.confidence == pytest.approx(0.725)
    assert night.height == 30


def _reading(page: int, confidence: float, box: Box) -> Reading:
    return Reading("", page, "digits", "021", confidence, box=box)
