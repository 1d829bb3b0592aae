"""The station through its own API, over real HTTP."""

from __future__ import annotations

import csv
import json
import sqlite3
import time
from contextlib import ExitStack, closing
from pathlib import Path

import httpx
import pytest

from benchmarks.station import Person, running
from flows.chunk import ScanResult, read_chunk
from flows.errors import UsageError
from flows.ledger import Ledger
from flows.night import Night
from flows.reader import Identity
from flows.results import write_results
from flows.review.command import parse_share, review
from flows.review.export import export_truth
from flows.review.store import Store
from flows.settings import NightSettings
from models.truth import read_truth
from pipeline.document import Reading, Reason
from tests.flows import fakes
from tests.flows.review.nights import Written, certain, doubtful, make_night


def rows(out: Path) -> dict[str, dict[str, str]]:
    with (out / "results.csv").open(newline="") as file:
        return {row["scan"]: row for row in csv.DictReader(file)}


def test_decisions_reach_the_ledger_at_once_and_the_results_in_the_end(tmp_path: Path) -> None:
    out = make_night(tmp_path, [doubtful(number) for number in range(4)])
    with running(out) as address, Person(address, "Ann") as ann:
        field = ann.next()
        assert field is not None
        reply = ann.key(field, "12345")
        assert reply["settled"]
        with closing(sqlite3.connect(out / "ledger.sqlite")) as db:
            kept = db.execute("SELECT reviewer, value, reading, model, decided FROM decisions").fetchone()
        assert kept[:2] == ("Ann", "12345")
        assert kept[2] == field["choices"][0]["value"]
        assert kept[3] == "fake@2222222222222222"
        for kind in ("illegible", "empty", "not-a-field"):
            reply = ann.key(reply["field"], kind=kind)
        assert reply["field"] is None
        assert reply["progress"]["done"] == 4
    table = rows(out)
    assert {row["status"] for row in table.values()} == {"verified"}
    assert table[field["scan"]]["value"] == "12345"
    assert sorted(row["reason"] for row in table.values()) == [
        "",
        "illegible",
        "not-a-field",
        "nothing-written",
    ]
    records = [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]
    assert {record["status"] for record in records} == {"verified"}


def test_a_later_run_with_another_model_leaves_what_was_verified(tmp_path: Path) -> None:
    out = make_night(tmp_path, [doubtful(1)])
    with running(out) as address, Person(address, "Ann") as ann:
        field = ann.next()
        assert field
        ann.key(field, "777")
    with Ledger(out / "ledger.sqlite") as ledger:
        (line,) = ledger.lines()
        reader = ledger.register_reader(Identity("digits", "1" * 16, "new", "9" * 16, "digits"), 0.1)
        with ledger._transaction() as db:
            db.execute("UPDATE scans SET name = 'renamed.png', reader = ?", (reader,))
        reading = Reading("", 1, "digits", "888", 0.99)
        ledger.write_results(ledger.begin_run({}), reader, [ScanResult(line.sha256, 1, [reading])])
        write_results(ledger, out)
    row = rows(out)["renamed.png"]
    assert (row["value"], row["status"], row["alternatives"]) == ("777", "verified", "888:0.9900")


def test_undo_gives_the_field_back_step_by_step(tmp_path: Path) -> None:
    out = make_night(tmp_path, [doubtful(number) for number in range(3)])
    with running(out) as address, Person(address, "Ann") as ann, Person(address, "Bob") as bob:
        first = ann.next()
        assert first
        second = ann.key(first, "1")["field"]
        ann.key(second, "2")
        undone = ann.post("/api/undo")["field"]
        assert (undone["id"], undone["verdict"]["value"]) == (second["id"], "2")
        assert ann.post("/api/undo")["field"]["id"] == first["id"]
        assert ann.post("/api/undo", status=409)["error"] == "there is nothing to undo"
        assert bob.post("/api/undo", status=409)
        again = ann.next()
        assert again
        assert again["id"] == first["id"]
    assert {row["status"] for row in rows(out).values()} == {"review"}


def test_two_reviewers_never_get_the_same_field(tmp_path: Path) -> None:
    out = make_night(tmp_path, [doubtful(number) for number in range(12)])
    seen: list[str] = []
    with ExitStack() as stack:
        address = stack.enter_context(running(out))
        people = [stack.enter_context(Person(address, name)) for name in ("Ann", "Bob")]
        fields = [person.next() for person in people]
        while any(fields):
            for number, person in enumerate(people):
                if field := fields[number]:
                    seen.append(field["id"])
                    fields[number] = person.key(field, "1")["field"]
            ids = [each["id"] for each in fields if each]
            assert len(set(ids)) == len(ids)
    assert len(seen) == len(set(seen)) == 12


def test_a_decision_on_anothers_field_is_refused(tmp_path: Path) -> None:
    out = make_night(tmp_path, [doubtful(1)])
    with running(out) as address, Person(address, "Ann") as ann, Person(address, "Bob") as bob:
        field = ann.next()
        assert field
        assert bob.next() is None
        assert "somebody else" in bob.key(field, "1", status=409)["error"]
        ann.post("/api/leave", status=204)
        assert bob.next() == field


def test_double_entry_asks_two_and_a_third_where_they_differ(tmp_path: Path) -> None:
    out = make_night(tmp_path, [doubtful(1), doubtful(2)])
    with ExitStack() as stack:
        address = stack.enter_context(running(out, double=True))
        ann, bob, cid = (stack.enter_context(Person(address, name)) for name in ("Ann", "Bob", "Cid"))
        field = ann.next()
        assert field
        assert field["blind"]
        assert field["choices"] == []
        reply = ann.key(field, "11111")
        assert not reply["settled"]
        assert not ann.key(reply["field"], "22222")["settled"]
        assert ann.next() is None
        assert "another person" in ann.key(field, "11111", status=409)["error"]
        assert bob.key(field, "11111")["settled"]
        other = bob.next()
        assert other
        assert not bob.key(other, "33333")["settled"]
        assert bob.next() is None
        assert cid.next() == other
        assert cid.key(other, "22222")["settled"]
    assert sorted(row["value"] for row in rows(out).values()) == ["11111", "22222"]


def test_keying_against_a_very_certain_reading_is_asked_again(tmp_path: Path) -> None:
    out = make_night(tmp_path, [certain(1)])
    truth = certain(1).truth
    with running(out, audit=1.0) as address, Person(address, "Ann") as ann:
        field = ann.next()
        assert field
        assert field["blind"]
        assert field["choices"] == []
        reply = ann.key(field, "99")
        assert not reply["settled"]
        again = reply["field"]
        assert again["id"] == field["id"]
        reply = ann.key(again, truth)
        assert not reply["settled"]
        assert ann.key(reply["field"], truth)["settled"]
        page = ann.http.get("/night").text
    assert "0 of 1 were wrong" in page
    assert rows(out)["0000.png"]["value"] == truth


def test_a_settled_field_can_be_corrected_and_that_undone(tmp_path: Path) -> None:
    out = make_night(tmp_path, [doubtful(1)])
    with running(out) as address, Person(address, "Ann") as ann, Person(address, "Bob") as bob:
        field = ann.next()
        assert field
        ann.key(field, "1")
        opened = bob.get(f"/api/field/{field['id']}")["field"]
        assert opened["verdict"] == {"kind": "value", "value": "1"}
        assert bob.key(opened, "2")["settled"]
        bob.post("/api/undo")
    assert rows(out)["0000.png"]["value"] == "1"


@pytest.mark.parametrize("value", ["", "12a", "1" * 41, "１２", "1 2"])
def test_what_is_no_value_is_refused(tmp_path: Path, value: str) -> None:
    out = make_night(tmp_path, [doubtful(1)])
    with running(out) as address, Person(address, "Ann") as ann:
        field = ann.next()
        assert field
        assert "digits" in ann.key(field, value, status=409)["error"]


def test_target_error_shows_counts_and_settles_by_them(tmp_path: Path) -> None:
    pages = [certain(number) for number in range(1, 21)] + [doubtful(number) for number in range(5)]
    out = make_night(tmp_path, pages)
    with running(out) as address, Person(address, "Ann") as ann:
        assert ann.get("/api/target", error=0.01)["accepted"] == 20
        assert ann.get("/api/target", error=0.0001)["accepted"] == 0
        assert ann.post("/api/target", {"error": 0.2})["accepted"] > 20
        assert "20.0 %" in ann.http.get("/target").text
    assert sum(row["status"] == "accepted" for row in rows(out).values()) > 20


def test_verified_fields_are_exported_as_truth(tmp_path: Path) -> None:
    lost = Written("5", "", 0.0, reason=Reason.NOT_FOUND)
    out = make_night(tmp_path, [doubtful(1), doubtful(2), lost])
    with running(out) as address, Person(address, "Ann") as ann:
        while field := ann.next():
            ann.key(field, kind="empty") if field["scan"] == "0001.png" else ann.key(field, "4711")
    with Store(out / "ledger.sqlite") as store:
        done = export_truth(store, tmp_path / "truth.csv")
    assert (done.written, done.without_place) == (1, 1)
    (truth,) = read_truth(tmp_path / "truth.csv")
    assert (truth.scan, truth.value) == (tmp_path / "in" / "0000.png", "4711")
    assert truth.box is not None
    assert truth.box.width > 100


def test_scan_that_changed_or_is_gone_is_not_shown(tmp_path: Path) -> None:
    out = make_night(tmp_path, [doubtful(1), doubtful(2)])
    (tmp_path / "in" / "0000.png").write_bytes((tmp_path / "in" / "0001.png").read_bytes())
    (tmp_path / "in" / "0001.png").unlink()
    with running(out) as address, Person(address, "Ann") as ann:
        troubles = set()
        while field := ann.next():
            assert ann.http.get(f"/pictures/{field['id']}/field.jpg").status_code == 404
            troubles.add(ann.get(f"/api/place/{field['id']}")["trouble"].split("(")[0])
            ann.key(field, "1")
    assert troubles == {
        "0000.png has changed since it was read; run nightsort again",
        "0001.png cannot be opened ",
    }


def test_list_finds_by_scan_and_status(tmp_path: Path) -> None:
    out = make_night(tmp_path, [doubtful(1), certain(2)])
    with running(out) as address, Person(address, "Ann") as ann:
        text = ann.http.get("/fields", params={"status": "accepted"}).text
        assert "0001.png" in text
        assert "0000.png" not in text
        assert "0 fields" in ann.http.get("/fields", params={"search": "<b>nothing"}).text


def test_folder_without_a_ledger_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no ledger"):
        review(tmp_path)


def test_shares() -> None:
    assert parse_share("1%") == pytest.approx(0.01)
    assert parse_share(" 0.5 ") == pytest.approx(0.5)
    for text in ("", "1.5", "200%", "-1%", "x"):
        with pytest.raises(UsageError, match="--audit"):
            parse_share(text)


def test_station_says_when_it_is_gone(tmp_path: Path) -> None:
    out = make_night(tmp_path, [doubtful(1)])
    with running(out) as address:
        pass
    with pytest.raises(httpx.ConnectError):
        httpx.get(address, trust_env=False)


def test_report_and_summary_follow_when_the_station_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.review.publish.QUIET_S", 0.1)
    scans = tmp_path / "in"
    for number in range(3):
        fakes.draw_scan(scans / f"{number}.png", number)
    out = tmp_path / "out"
    settings = NightSettings((scans,), out, target_error=0.001)
    with Night(settings, open_with=fakes.open_reader) as night:
        night.prepare()
        night.start_workers()
        night.record([each for chunk in night.chunks for each in read_chunk(chunk, fakes.open_reader())])
        night.finish()
    assert "verified" not in (out / "report.html").read_text().partition("</style>")[2]
    with running(out, audit=1.0) as address, Person(address, "Ann") as ann:
        field = ann.next()
        assert field
        ann.key(field, "4711")
        while "4711" not in (out / "results.csv").read_text():  # written without the report
            time.sleep(0.05)
    assert json.loads((out / "summary.json").read_text())["results"]["status"]["verified"] == 1
    assert "verified, 33.3 %" in (out / "report.html").read_text()
