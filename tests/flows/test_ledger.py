from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.chunk import PageFailure, ScanResult
from flows.errors import LedgerError
from flows.ledger import Ledger
from flows.ledger_rows import Sighting, content_key
from flows.reader import Identity
from flows.verdict import Kind, Verdict
from pipeline.document import Box, Reading, Reason

ENVELOPES = Identity("envelope:us", "a" * 16, "digits", "b" * 16, "postal_code")
OTHER_MODEL = Identity("envelope:us", "a" * 16, "digits", "c" * 16, "postal_code")

probabilities = st.floats(0, 1)
readings = st.builds(
    Reading,
    scan=st.just(""),
    page=st.integers(1, 9),
    field=st.text(max_size=5),
    value=st.text("0123456789", max_size=9),
    confidence=probabilities,
    alternatives=st.lists(st.tuples(st.text("0123456789", max_size=9), probabilities), max_size=3).map(tuple),
    box=st.none() | st.builds(Box, *[st.integers(-9, 9999)] * 4),
    empty=st.booleans(),
    reason=st.none() | st.sampled_from(Reason),
    layout=st.sampled_from(["", "form@1234567890abcdef"]),
)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "ledger.sqlite") as opened:
        yield opened


class Inbox:
    """A folder of files that a ledger hears of."""

    def __init__(self, ledger: Ledger, root: Path, identity: Identity = ENVELOPES) -> None:
        self.ledger, self.root = ledger, root
        self.run = ledger.begin_run({})
        self.reader = ledger.register_reader(identity, 0.9)

    def see(self, contents: dict[str, str]) -> None:
        """Have exactly these files, by name, and take them down."""
        for path in self.root.glob("*"):
            path.unlink()
        self.root.mkdir(exist_ok=True)
        for name, content in contents.items():
            (self.root / name).write_text(content)
        sightings = [Sighting(self.root / name, self.root, name, key) for name, key in contents.items()]
        self.ledger.register_scans(sightings, self.reader)

    def read(self, *contents: str) -> None:
        """Have read these contents; what was read is the content itself."""
        results = [ScanResult(each, 1, [Reading("", 1, "postal_code", value=each)]) for each in contents]
        self.ledger.write_results(self.run, self.reader, results)

    def table(self) -> list[tuple[str, str]]:
        """Names and values of all results."""
        return [(line.reading.scan, line.reading.value) for line in self.ledger.lines()]


@pytest.fixture
def inbox(ledger: Ledger, tmp_path: Path) -> Inbox:
    return Inbox(ledger, tmp_path / "inbox")


@given(st.lists(readings, max_size=6))
def test_readings_come_back_as_they_were(several: list[Reading]) -> None:
    with Ledger(Path(":memory:")) as ledger:
        run, reader = ledger.begin_run({}), ledger.register_reader(ENVELOPES, 0.5)
        ledger.register_scans([Sighting(Path("/in/a.png"), Path("/in"), "", "11")], reader)
        ledger.write_results(run, reader, [ScanResult("11", 9, several)])
        assert [line.reading for line in ledger.lines()] == sorted(several, key=lambda each: each.page)


def test_failures_come_back_with_the_field_that_was_not_read(ledger: Ledger) -> None:
    run, reader = ledger.begin_run({}), ledger.register_reader(ENVELOPES, 0.5)
    ledger.register_scans([Sighting(Path("/in/a.tif"), Path("/in"), "a.tif", "11")], reader)
    failure = PageFailure(2, Reason.TRUNCATED_FILE, "cut off")
    result = ScanResult("11", 1, [Reading("", 1, "postal_code", value="5")], [failure])
    ledger.write_results(run, reader, [result])
    first, second = ledger.lines()
    assert (first.failure, first.reading.value, first.threshold) == (None, "5", 0.5)
    assert (second.failure, second.reading.page, second.reading.field) == (failure, 2, "postal_code")
    assert second.identity == ENVELOPES


def test_lines_are_in_order_of_name_page_and_position(inbox: Inbox) -> None:
    inbox.see({"b": "2", "a": "1", "B": "3", "ä": "4"})
    for content in "4231":
        pages = [Reading("", page, "f", value=f"{page}{n}") for page in (2, 1) for n in (1, 2)]
        inbox.ledger.write_results(inbox.run, inbox.reader, [ScanResult(content, 2, pages)])
    names = [name for name, _ in inbox.table()]
    assert names == [name for name in ("B", "a", "b", "ä") for _ in range(4)]
    assert [value for _, value in inbox.table()][:4] == ["11", "12", "21", "22"]


def test_scans_that_are_not_read_yet_have_no_line(inbox: Inbox) -> None:
    inbox.see({"a": "1", "b": "2"})
    inbox.read("1")
    assert inbox.table() == [("a", "1")]


def test_renamed_scan_keeps_its_result_under_the_new_name(inbox: Inbox) -> None:
    inbox.see({"old": "1", "b": "2"})
    inbox.read("1", "2")
    inbox.see({"new": "1", "b": "2"})
    assert inbox.ledger.contents_done(inbox.reader) == {"1", "2"}
    assert inbox.table() == [("b", "2"), ("new", "1")]


def test_names_that_change_places_keep_their_contents(inbox: Inbox) -> None:
    inbox.see({"a": "1", "b": "2"})
    inbox.read("1", "2")
    inbox.see({"a": "2", "b": "1"})
    assert inbox.table() == [("a", "2"), ("b", "1")]


def test_copy_has_a_line_of_its_own(inbox: Inbox) -> None:
    inbox.see({"a": "1"})
    inbox.read("1")
    inbox.see({"a": "1", "copy": "1"})
    assert inbox.table() == [("a", "1"), ("copy", "1")]


def test_vanished_scan_keeps_its_line(inbox: Inbox) -> None:
    inbox.see({"a": "1", "b": "2"})
    inbox.read("1", "2")
    inbox.see({"b": "2"})
    assert inbox.table() == [("a", "1"), ("b", "2")]


def test_changed_content_replaces_the_line(inbox: Inbox) -> None:
    inbox.see({"a": "1"})
    inbox.read("1")
    inbox.see({"a": "9"})
    assert inbox.ledger.contents_done(inbox.reader) == {"1"}
    inbox.read("9")
    assert inbox.table() == [("a", "9")]


@pytest.mark.parametrize("still_there", [False, True])
def test_inbox_in_another_place_does_not_double_its_lines(
    ledger: Ledger, inbox: Inbox, tmp_path: Path, still_there: bool
) -> None:
    inbox.see({"a": "1"})
    inbox.read("1")
    if not still_there:
        (inbox.root / "a").unlink()
    Inbox(ledger, tmp_path / "elsewhere").see({"a": "1"})
    assert inbox.table() == [("a", "1")]


def test_one_name_with_two_contents_in_two_inboxes_is_two_scans(
    ledger: Ledger, inbox: Inbox, tmp_path: Path
) -> None:
    inbox.see({"a": "1"})
    Inbox(ledger, tmp_path / "elsewhere").see({"a": "2"})
    inbox.read("1", "2")
    assert sorted(inbox.table()) == [("a", "1"), ("a", "2")]


def test_same_content_elsewhere_under_another_name_is_another_scan(
    ledger: Ledger, inbox: Inbox, tmp_path: Path
) -> None:
    inbox.see({"a": "1"})
    inbox.read("1")
    (inbox.root / "a").unlink()
    Inbox(ledger, tmp_path / "elsewhere").see({"z": "1"})
    assert inbox.table() == [("a", "1"), ("z", "1")]


def test_other_model_reads_again_and_takes_over_its_scans_alone(ledger: Ledger, inbox: Inbox) -> None:
    inbox.see({"a": "1", "gone": "2"})
    inbox.read("1", "2")
    (inbox.root / "gone").unlink()
    newer = Inbox(ledger, inbox.root, OTHER_MODEL)
    assert newer.reader != inbox.reader
    assert ledger.contents_done(newer.reader) == set()
    newer.see({"a": "1"})
    newer.read("1")
    assert [line.identity for line in ledger.lines()] == [OTHER_MODEL, ENVELOPES]


def test_lasting_failure_is_done_and_a_passing_one_is_not(inbox: Inbox) -> None:
    inbox.see({"a": "1", "b": "2"})
    broken = ScanResult("1", 0, failures=[PageFailure(1, Reason.EMPTY_FILE, "0 bytes")])
    crashed = ScanResult("2", 0, failures=[PageFailure(1, Reason.INTERNAL_ERROR, "?", lasting=False)])
    inbox.ledger.write_results(inbox.run, inbox.reader, [broken, crashed])
    assert inbox.ledger.contents_done(inbox.reader) == {"1"}
    assert len(inbox.table()) == 2
    inbox.read("2")
    assert inbox.ledger.contents_done(inbox.reader) == {"1", "2"}
    assert inbox.table() == [("a", ""), ("b", "2")]


def test_chunk_is_written_whole_or_not_at_all(inbox: Inbox) -> None:
    inbox.see({"a": "1", "b": "2"})
    good = ScanResult("1", 1, [Reading("", 1, "f", value="1")])
    twice = [PageFailure(1, Reason.EMPTY_FILE, "x")] * 2  # one key, so that SQLite refuses the second
    with pytest.raises(LedgerError):
        inbox.ledger.write_results(inbox.run, inbox.reader, [good, ScanResult("2", 1, failures=twice)])
    assert inbox.table() == []
    assert inbox.ledger.contents_done(inbox.reader) == set()


def test_later_threshold_holds_for_what_was_read_before(inbox: Inbox) -> None:
    inbox.see({"a": "1"})
    inbox.read("1")
    assert inbox.ledger.register_reader(ENVELOPES, 0.25) == inbox.reader
    assert [line.threshold for line in inbox.ledger.lines()] == [0.25]


def test_file_that_could_not_be_hashed_has_no_hash(ledger: Ledger) -> None:
    run, reader = ledger.begin_run({}), ledger.register_reader(ENVELOPES, 0.5)
    key = content_key(None, Path("/in/a"))
    assert key != content_key(None, Path("/in/b"))
    ledger.register_scans([Sighting(Path("/in/a"), Path("/in"), "a", key)], reader)
    failure = PageFailure(1, Reason.UNREADABLE_FILE, "no", lasting=False)
    ledger.write_results(run, reader, [ScanResult(key, failures=[failure])])
    assert [line.sha256 for line in ledger.lines()] == [""]


def test_file_name_in_no_encoding_is_found_again(ledger: Ledger) -> None:
    reader = ledger.register_reader(ENVELOPES, 0.5)
    path = Path("/in/caf\udce9.png")
    ledger.register_scans([Sighting(path, Path("/in"), "caf\\xe9.png", "1")], reader)
    ledger.write_results(ledger.begin_run({}), reader, [ScanResult("1", 1, [Reading("", 1, "f")])])
    assert [line.path for line in ledger.lines()] == [path]


def test_results_outlive_the_process(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l") as first:
        inbox = Inbox(first, tmp_path / "inbox")
        inbox.see({"a": "1"})
        inbox.read("1")
        first.end_run(inbox.run, "finished")
    with Ledger(tmp_path / "l") as second:
        assert [line.reading.value for line in second.lines()] == ["1"]
        assert second.find_reader(ENVELOPES) == inbox.reader
        assert second.find_reader(OTHER_MODEL) is None


def test_what_people_decided_outlives_name_and_model(inbox: Inbox, ledger: Ledger, tmp_path: Path) -> None:
    inbox.see({"a": "1"})
    inbox.read("1")
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as db, db:
        field = next(ledger.lines()).reading.field
        db.execute("INSERT INTO verdicts VALUES ('1', 1, ?, 'value', '4711')", (field,))
    inbox.see({"b": "1"})
    inbox.read("1")
    inbox.reader = ledger.register_reader(OTHER_MODEL, 0.9)
    inbox.see({"b": "1"})
    inbox.read("1")
    assert [(line.reading.scan, line.verdict) for line in ledger.lines()] == [
        ("b", Verdict(Kind.VALUE, "4711"))
    ]
