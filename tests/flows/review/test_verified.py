"""What people verified, as rows to learn from; what is not to be learned from yet."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from benchmarks.station import Person, running
from flows.cli import main
from flows.errors import UsageError
from flows.review.verified import learnable
from tests.flows.review.nights import doubtful, make_night, read_again

RIGHT = {f"{number:04}.png": doubtful(number).truth for number in range(6)}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Six fields that Ann settled as they are written."""
    folder = make_night(tmp_path, [doubtful(number) for number in range(6)])
    key_all(folder, "Ann", RIGHT)
    return folder


def key_all(out: Path, name: str, values: dict[str, str]) -> list[str]:
    """What is in the queue, keyed by these values; returns the names of the scans in their order."""
    keyed = []
    with running(out) as address, Person(address, name) as person:
        while (field := person.next()) and len(keyed) < 20:
            person.key(field, values[field["scan"]])
            keyed.append(field["scan"])
    return keyed


def results(out: Path) -> dict[str, tuple[str, str]]:
    with (out / "results.csv").open(newline="") as file:
        return {row["scan"]: (row["value"], row["status"]) for row in csv.DictReader(file)}


def taken(out: Path) -> dict[str, str]:
    return {row.scan.name: row.value for row in learnable(out).rows}


def test_verified_fields_are_rows_of_their_layout(out: Path) -> None:
    found = learnable(out)
    assert {row.scan.name: row.value for row in found.rows} == RIGHT
    assert found.left_out == {}
    row = found.rows[0]
    assert (row.scan, row.page, row.field) == (out.parent / "in" / "0000.png", 1, "digits")
    assert row.layout is not None
    assert row.layout.label == "digits"
    assert row.box is not None
    assert row.box.y == 160


def test_accepted_and_open_fields_are_no_rows(tmp_path: Path) -> None:
    assert learnable(make_night(tmp_path, [doubtful(1)])).rows == []


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    out = make_night(tmp_path, [doubtful(number) for number in range(4)])
    with running(out) as address, Person(address, "Ann") as ann:
        while field := ann.next():
            ann.key(field, kind="illegible") if field["scan"] == "0003.png" else ann.key(field, "12")
    scans = tmp_path / "in"
    (scans / "0001.png").unlink()
    (scans / "0002.png").write_bytes(b"another")
    found = learnable(out)
    assert [row.scan.name for row in found.rows] == ["0000.png"]
    assert found.left_out == {"settled without digits": 1, "of scans that are gone or changed": 2}


def test_fields_of_a_layout_that_is_gone_are_left_out(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.review.store.Store.layouts_used", lambda self: [("moved/form.toml", "us")])
    found = learnable(out)
    assert found.rows == []
    assert found.left_out == {"of the layout digits, which is not there any more": 6}


def test_wrong_keying_is_asked_again_once_a_model_is_very_certain(out: Path) -> None:
    """Ann was right about 0001 and wrong about 0002; a model that learned reads both otherwise, surely."""
    wrong = "77777"
    read_again(out, {"0001.png": (wrong, 0.999), "0002.png": (wrong, 0.999), "0003.png": (wrong, 0.9)})
    assert taken(out).keys() == {"0000.png", "0003.png", "0004.png", "0005.png"}
    assert learnable(out).left_out == {"to be keyed again": 2}
    assert results(out)["0002.png"] == (RIGHT["0002.png"], "verified")  # until somebody says otherwise
    with running(out) as address, Person(address, "Bob") as bob:
        listed = bob.http.get("/fields", params={"status": "asked again"}).text
        assert "2 fields" in listed
        assert "0001.png" in listed
        asked = [bob.next()]
        assert asked[0]
        assert asked[0]["blind"]
        reply = bob.key(asked[0], {**RIGHT, "0002.png": wrong}[asked[0]["scan"]])
        asked.append(reply["field"])
        reply = bob.key(asked[1], {**RIGHT, "0002.png": wrong}[asked[1]["scan"]])
        assert {field["scan"] for field in asked if field} == {"0001.png", "0002.png"}
        third = reply["field"]  # they differ about it
        assert third["scan"] == "0002.png"
        assert bob.post("/api/undo")["field"]["verdict"]["value"] == wrong
        assert not bob.key(third, wrong)["settled"]
    assert taken(out).keys() == RIGHT.keys() - {"0002.png"}
    assert key_all(out, "Cid", {"0002.png": wrong}) == ["0002.png"]
    assert taken(out) == {**RIGHT, "0002.png": wrong}
    assert results(out)["0002.png"] == (wrong, "verified")


def test_folder_without_a_ledger_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no ledger"):
        learnable(tmp_path)


def test_models_are_judged_on_verified_fields(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (out.parent / "in" / "0005.png").unlink()
    figures = out.parent / "figures.json"
    assert main(["evaluate", "--data", str(out), "--json", str(figures)]) == 0
    assert json.loads(figures.read_text())["fields"] == 5
    told = "5 verified fields; left out: 1 of scans that are gone or changed"
    assert capsys.readouterr().err == f"{out}: {told}\n"


def test_nothing_verified_is_nothing_to_judge_by(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = make_night(tmp_path, [doubtful(1)])
    assert main(["evaluate", "--data", str(out)]) == 2
    assert "no verified field" in capsys.readouterr().err
