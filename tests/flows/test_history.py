from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from flows.chunk import PageFailure, ScanResult
from flows.history import NightFigures, find_drift, read_history
from flows.ledger import FILE_NAME, Ledger
from pipeline.document import Box, Reading, Reason
from pipeline.paper.condition import Condition
from tests.flows.fakes import IDENTITY

USUAL = NightFigures(1, "2026-01-01", 100, 100, 80, 5, 1, 0.9, 40.0, 9, 0.6, 5.0, 0.2)
BEFORE = [replace(USUAL, run=n, accepted=78 + n) for n in range(5)]


@pytest.mark.parametrize(
    ("tonight", "word"),
    [
        (replace(USUAL, accepted=40), "accepted fields: 40.0% tonight, 80.0%"),
        (replace(USUAL, empty=50), "empty fields"),
        (replace(USUAL, failed=60), "could not be read"),
        (replace(USUAL, confidence=0.5), "mean confidence"),
        (replace(USUAL, height=80.0), "did the resolution change"),
        (replace(USUAL, contrast=0.4), "contrast of the ink: 0.40 tonight, 0.60 in the nights before"),
        (replace(USUAL, stroke=3.5), "width of the strokes"),
        (replace(USUAL, skew=-1.6), "skew: -1.6 degrees tonight, 0.2"),
    ],
)
def test_night_unlike_the_others_is_told(tonight: NightFigures, word: str) -> None:
    (alarm,) = find_drift(tonight, BEFORE)
    assert word in alarm


def test_night_like_the_others_is_not_told() -> None:
    alike = replace(USUAL, accepted=76, empty=8, height=43.0, contrast=0.55, stroke=5.5, skew=0.9)
    assert find_drift(alike, BEFORE) == []


def test_few_nights_or_few_fields_tell_nothing() -> None:
    odd = replace(USUAL, accepted=0)
    assert find_drift(odd, BEFORE[:2]) == []
    assert find_drift(replace(odd, fields=20), BEFORE) == []
    askew = replace(USUAL, skew=5.0)
    assert find_drift(replace(askew, measured=7), BEFORE) == []
    assert find_drift(askew, [replace(night, measured=0) for night in BEFORE]) == []


def test_few_pages_of_all_sorts_are_no_drift() -> None:
    of_all_sorts = [replace(night, measured=9, skew_variance=9.0) for night in BEFORE]
    assert find_drift(replace(USUAL, skew=4.0), of_all_sorts) == []  # four times 1.1 degrees
    assert find_drift(replace(USUAL, skew=4.0, measured=50), of_all_sorts) != []


def test_nights_that_differ_anyway_allow_tonight_as_much() -> None:
    of_two_scanners = [replace(night, contrast=0.4 + 0.1 * number) for number, night in enumerate(BEFORE)]
    assert find_drift(replace(USUAL, contrast=0.42), of_two_scanners) == []
    assert find_drift(replace(USUAL, contrast=0.42), BEFORE) != []


def test_nights_are_counted_from_the_ledger(tmp_path: Path) -> None:
    box = Box(0, 0, 90, 30)
    results = [
        ScanResult("a", 2, [_reading(1, 0.95, box), _reading(2, 0.5, box)], [], Condition(0.6, 4.0, 1.0)),
        ScanResult("b", 1, [Reading("", 1, "digits", empty=True)], [], Condition(0.8, 6.0, -2.0)),
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
    assert (night.measured, night.stroke, night.skew) == (2, 5.0, -0.5)
    assert (night.stroke_variance, night.skew_variance) == (1.0, 2.25)
    assert night.contrast == pytest.approx(0.7)


def _reading(page: int, confidence: float, box: Box) -> Reading:
    return Reading("", page, "digits", "021", confidence, box=box)
