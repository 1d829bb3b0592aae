from __future__ import annotations

from pathlib import Path

import pytest

from flows.chunk import PageFailure
from flows.ledger_rows import Line
from flows.quarantine import update_quarantine
from flows.results import Settled
from pipeline.document import Reading, Reason, Status
from tests.flows.fakes import IDENTITY


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def failed(path: Path, name: str, page: int = 1, sha256: str = "ab") -> Settled:
    failure = PageFailure(page, Reason.TRUNCATED_FILE, "the file ends too early; scan it again")
    line = Line(path, sha256, IDENTITY, 0.5, Reading(name, page, "digits"), failure)
    return Settled(line, Status.FAILED, failure.reason.value)


def names(out: Path) -> list[str]:
    folder = out / "quarantine"
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def put(inbox: Path, name: str, text: str = "broken") -> Path:
    path = inbox / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_copy_lies_beside_its_reason_and_the_inbox_stays(inbox: Path, out: Path) -> None:
    path = put(inbox, "a/b.tif")
    count = update_quarantine(out, [failed(path, "a/b.tif", 2), failed(path, "a/b.tif", 5)])
    assert count == 1
    assert names(out) == ["a/b.tif", "a/b.tif.reason.txt"]
    assert (out / "quarantine/a/b.tif").read_text() == path.read_text() == "broken"
    reason = (out / "quarantine/a/b.tif.reason.txt").read_text()
    assert reason.splitlines() == [
        "scan: a/b.tif",
        f"file: {path}",
        "sha256: ab",
        "page 2: truncated-file: the file ends too early; scan it again",
        "page 5: truncated-file: the file ends too early; scan it again",
    ]


def test_entry_goes_when_the_scan_was_read_and_other_files_stay(inbox: Path, out: Path) -> None:
    first, second = put(inbox, "a/b/1.png"), put(inbox, "2.png")
    update_quarantine(out, [failed(first, "a/b/1.png"), failed(second, "2.png")])
    (out / "quarantine/notes.txt").write_text("mine")
    update_quarantine(out, [failed(second, "2.png")])
    assert names(out) == ["2.png", "2.png.reason.txt", "notes.txt"]
    assert not (out / "quarantine/a").exists()


def test_entry_stays_when_the_scan_has_left_the_inbox(inbox: Path, out: Path) -> None:
    path = put(inbox, "1.png")
    update_quarantine(out, [failed(path, "1.png")])
    path.unlink()
    update_quarantine(out, [failed(path, "1.png")])
    assert (out / "quarantine/1.png").read_text() == "broken"


def test_changed_scan_is_copied_again(inbox: Path, out: Path) -> None:
    path = put(inbox, "1.png")
    update_quarantine(out, [failed(path, "1.png")])
    path.write_text("broken in another way")
    update_quarantine(out, [failed(path, "1.png", sha256="cd")])
    assert (out / "quarantine/1.png").read_text() == "broken in another way"


def test_scan_that_cannot_be_copied_has_its_reason_all_the_same(inbox: Path, out: Path) -> None:
    update_quarantine(out, [failed(inbox / "gone.png", "gone.png")])
    assert names(out) == ["gone.png.reason.txt"]
    assert "There is no copy" in (out / "quarantine/gone.png.reason.txt").read_text()


@pytest.mark.parametrize("name", ["../../x.png", "/etc/x.png", "..", "a/../../../x.png", ""])
def test_no_name_leads_out_of_the_quarantine(inbox: Path, out: Path, name: str) -> None:
    update_quarantine(out, [failed(put(inbox, "x.png"), name)])
    assert len(names(out)) == 2
    outside = [path for path in out.parent.rglob("*") if path.is_file()]
    assert all(path.is_relative_to(out / "quarantine") or path.is_relative_to(inbox) for path in outside)


def test_two_scans_of_one_name_are_both_there(inbox: Path, out: Path) -> None:
    one, two = put(inbox, "a/x.png", "one"), put(inbox, "b/x.png", "two")
    update_quarantine(out, [failed(one, "x.png"), failed(two, "x.png")])
    assert names(out) == ["x-2.png", "x-2.png.reason.txt", "x.png", "x.png.reason.txt"]
    assert (out / "quarantine/x-2.png").read_text() == "two"


def test_longest_names_find_room(inbox: Path, out: Path) -> None:
    longest = ["é" * 125 + ".jpg", "é" * 125 + "é.jpg", "y" * 255]
    paths = [put(inbox, name) for name in longest[:1]] * 3
    update_quarantine(out, [failed(inbox / str(n), name) for n, name in enumerate(longest)])
    assert len(names(out)) == len(paths)
    assert len({name.split(".")[0] for name in names(out)}) == 3
