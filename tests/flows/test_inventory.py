from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows import inventory
from flows.chunk import Job, Stamp
from flows.errors import UsageError
from flows.inventory import CHUNKS_A_WORKER, FIRST_CHUNK, LARGEST_CHUNK, portion, take_inventory
from pipeline.document import Reason, Scan
from pipeline.files import scans
from tests.flows.fakes import draw_scan

OUT = Path("/nowhere")


def job(number: int) -> Job:
    return Job(Scan(Path(str(number)), str(number)), str(number), Stamp(0, 0))


@given(st.integers(0, 700), st.integers(1, 40))
def test_chunks_hold_all_scans_in_order_and_keep_workers_busy(count: int, workers: int) -> None:
    jobs = [job(number) for number in range(count)]
    chunks = portion(jobs, workers)
    assert [each for chunk in chunks for each in chunk] == jobs
    sizes = [len(chunk) for chunk in chunks]
    assert all(0 < size <= LARGEST_CHUNK for size in sizes)
    long = count >= LARGEST_CHUNK * workers
    assert sizes[: workers if long else 0] == [FIRST_CHUNK] * (workers if long else 0)
    rest = sizes[workers:] if long else sizes
    assert max(rest, default=0) - min(rest, default=0) <= 1
    assert len(chunks) >= min(CHUNKS_A_WORKER * workers, count)


@pytest.mark.parametrize("at_once", [1, 2, 500])
def test_every_scan_is_seen_and_every_content_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(inventory, "_HASHED_AT_ONCE", at_once)
    draw_scan(tmp_path / "in" / "b.png", 1)
    draw_scan(tmp_path / "in" / "a" / "copy of b.png", 1)
    draw_scan(tmp_path / "in" / "c.png", 2)
    counts: list[int] = []
    found = take_inventory([tmp_path / "in"], OUT, recursive=True, on_hashed=counts.append)
    assert [sighting.name for sighting in found.sightings] == ["a/copy of b.png", "b.png", "c.png"]
    assert {sighting.root for sighting in found.sightings} == {(tmp_path / "in").resolve()}
    assert [each.scan.name for each in found.jobs] == ["a/copy of b.png", "c.png"]
    assert counts == [1, 2, 3]
    assert not found.unreadable


def test_single_file_belongs_to_its_folder(tmp_path: Path) -> None:
    path = draw_scan(tmp_path / "a.png", 1)
    (sighting,) = take_inventory([path], OUT, recursive=True).sightings
    assert (sighting.root, sighting.name) == (tmp_path.resolve(), "a.png")


def test_one_file_is_one_place_however_the_folder_is_called(tmp_path: Path) -> None:
    draw_scan(tmp_path / "in" / "a.png", 1)
    (tmp_path / "link").symlink_to(tmp_path / "in")
    (direct,) = take_inventory([tmp_path / "in"], OUT, recursive=True).sightings
    (linked,) = take_inventory([tmp_path / "link" / ".." / "in"], OUT, recursive=True).sightings
    assert direct == linked


def test_file_that_cannot_be_hashed_is_a_failure_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw_scan(tmp_path / "a.png", 1)
    draw_scan(tmp_path / "b.png", 2)
    hash_file = scans.sha256

    def refuse(path: Path) -> str:
        if path.name == "a.png":
            raise PermissionError(13, "Permission denied")
        return hash_file(path)

    monkeypatch.setattr(scans, "sha256", refuse)
    found = take_inventory([tmp_path], OUT, recursive=True)
    assert [each.scan.name for each in found.jobs] == ["b.png"]
    (result,) = found.unreadable
    assert result.content == found.sightings[0].content
    assert (result.failures[0].reason, result.failures[0].lasting) == (Reason.UNREADABLE_FILE, False)
    assert "Permission denied" in result.failures[0].message


def test_input_that_cannot_be_searched_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="gone"):
        take_inventory([tmp_path / "gone"], OUT, recursive=True)
