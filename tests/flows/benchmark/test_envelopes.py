"""`nightsort benchmark --envelopes`: figures by hand, and the command as a user calls it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from flows import cli
from flows.benchmark import envelopes
from flows.benchmark.envelopes import Order, Outcome, draw_piece, open_for, read_pieces
from flows.benchmark.figures import coverage, judge, measure
from flows.benchmark.report import worst
from flows.errors import ExitCode, UsageError
from flows.reader import open_reader


def outcome(
    number: int,
    truth: str,
    value: str,
    confidence: float = 0.5,
    *,
    accepted: bool = False,
    case: str = "plain",
    found: bool = True,
) -> Outcome:
    return Outcome(number, case, truth, value, confidence, accepted, 10.0 * number, found)


def test_figures_of_a_few_pieces() -> None:
    outcomes = [
        outcome(1, "12345", "12345", 0.99, accepted=True),
        outcome(2, "12345", "12346", 0.97, accepted=True),
        outcome(3, "12345", "", 0.0),
        outcome(4, "123456789", "123456789", 0.6),
        outcome(5, "", "54321", 0.3, case="no-code"),
        outcome(6, "", "", 0.0, case="no-code"),
        outcome(7, "", "65432", 0.1, case="no-code", found=False),
        outcome(8, "", "", 0.0, case="no-code"),
    ]
    figures = judge(outcomes)
    every = figures["all"]
    assert list(figures) == ["all", "nine digits", "plain", "no-code"]
    assert (every.pieces, every.coded, every.uncoded) == (8, 4, 4)
    assert (every.exact, every.accepted, every.accepted_wrong) == (0.5, 0.5, 1)
    assert (every.false_finds, every.false_find_rate, every.offered) == (1, 0.25, 2)
    assert every.coverage == 0.25  # the surest alone: with the next one, one of two is wrong
    assert every.milliseconds == 45.0
    assert figures["plain"].false_find_rate is None
    assert measure([]).pieces == 0


def test_coverage_takes_as_many_as_the_limit_allows_and_minds_false_finds() -> None:
    right = [outcome(k, "1", "1", 0.9 - 0.001 * k) for k in range(200)]
    assert coverage(right, 0.01) == 1.0
    assert coverage([*right, outcome(200, "1", "2", 0.95)], 0.01) == 1.0  # one wrong of 201, however sure
    assert coverage([*right[:50], outcome(200, "1", "2", 0.95)], 0.01) == 0.0
    assert coverage([*right[:99], outcome(200, "", "2", 0.1)], 0.01) == 1.0
    assert coverage([outcome(1, "", "2")], 0.01) == 0.0


def test_the_worst_are_the_surest_mistakes_then_what_was_missed() -> None:
    outcomes = [
        outcome(1, "1", "2", 0.3),
        outcome(2, "1", "", 0.0),
        outcome(3, "", "5", 0.9),
        outcome(4, "1", "1", 0.99),
        outcome(5, "", "", 0.0),
    ]
    assert [each.number for each in worst(outcomes)] == [3, 1, 2]


def test_any_number_of_processes_reads_the_same_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(envelopes, "_CHUNK", 1)
    order = Order(seed=3, cases=("coarse",))
    alone = read_pieces(order, 3, workers=1)
    together = read_pieces(order, 3, workers=2)
    for one, other in zip(alone, together, strict=True):
        assert (one.number, one.truth, one.value) == (other.number, other.truth, other.value)
        assert one.confidence == pytest.approx(other.confidence)
    assert draw_piece(order, 2).truth.value == alone[2].truth


@pytest.mark.parametrize(
    "order",
    [Order(postal="xx"), Order(cases=("plain", "no such case")), Order(without=("barcode",))],
    ids=["country", "case", "evidence"],
)
def test_what_is_not_drawn_is_a_usage_error(order: Order) -> None:
    with pytest.raises(UsageError):
        read_pieces(order, 1)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--envelopes", "0"],
        ["--envelopes", "3", "--target-error", "2"],
        ["--envelopes", "1", "--case", "x"],
    ],
)
def test_wrong_usage_is_one_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["benchmark", *arguments]) == ExitCode.USAGE
    error = capsys.readouterr().err
    assert error.startswith("nightsort: error: ")
    assert error.count("\n") == 1


def test_evidence_that_is_not_heard_changes_the_layout_and_so_its_hash() -> None:
    readers = [open_for(Order(without=names)) for names in ((), ("zip-list",), ("zip-list", "barcodes"))]
    assert len({reader.identity.layout_hash for reader in readers}) == 3
    assert readers[0].identity == open_reader("envelope", "us", None).identity
    assert 0.0 < readers[0].least_find < 1.0


def test_the_command_writes_its_table_figures_and_pictures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "figures"
    command = ["benchmark", "--envelopes", "3", "--seed", "5", "--case", "coarse", "--case", "no-code"]
    assert cli.main([*command, "--workers", "1", "--out", str(out)]) == ExitCode.OK
    printed = capsys.readouterr().out
    assert "3 drawn mail pieces" in printed
    assert "coarse" in printed
    document = json.loads((out / "figures.json").read_text("utf-8"))
    assert document["order"]["seed"] == 5
    assert document["figures"]["all"]["pieces"] == 3
    with (out / "pieces.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["case"] for row in rows] == ["coarse", "no-code", "coarse"]
    failed = sum(row["value"] != row["truth"] for row in rows)
    assert len(list((out / "worst").glob("*.jpg"))) == failed
