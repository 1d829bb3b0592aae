from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from flows import chunk
from flows.chunk import Job, ScanResult, Stamp, read_chunk
from pipeline.document import Page, Reason, Scan, ScanError
from pipeline.files import scans
from tests.flows import fakes
from tests.flows.fakes import draw_scan


def jobs(*paths: Path) -> list[Job]:
    return [Job(Scan(path, path.name), scans.sha256(path), Stamp.of(path)) for path in paths]


def outline(results: Sequence[ScanResult]) -> list[tuple[list[int], list[tuple[int, Reason]]]]:
    """For each scan the pages that were read, and the pages that failed."""
    return [
        ([each.page for each in result.readings], [(each.page, each.reason) for each in result.failures])
        for result in results
    ]


def test_all_pages_go_through_one_call(tmp_path: Path) -> None:
    calls = []

    def read(pages: Iterator[Page]) -> list[object]:
        calls.append(1)
        return fakes.read(pages)  # type: ignore[return-value]

    paths = [draw_scan(tmp_path / "a.tif", 1, pages=3), draw_scan(tmp_path / "b.png", 2)]
    reader = fakes.Reader(fakes.IDENTITY, read, fakes.threshold)  # type: ignore[arg-type]
    seen: list[int] = []
    results = read_chunk(jobs(*paths), reader, on_scan=seen.append)
    assert outline(results) == [([1, 2, 3], []), ([1], [])]
    assert [result.pages for result in results] == [3, 1]
    assert len(calls) == 1
    assert seen == [0, 0, 0, 0, 1, 1]


def test_some_scans_are_measured_and_their_content_decides_which(tmp_path: Path) -> None:
    paths = [draw_scan(tmp_path / f"{n}.png", n) for n in range(40)]
    results = read_chunk(jobs(*paths), fakes.open_reader())
    measured = {result.content for result in results if result.condition is not None}
    assert 0 < len(measured) < 10
    again = read_chunk(jobs(*paths[::-3]), fakes.open_reader())
    assert {result.content for result in again if result.condition is not None} == measured & {
        result.content for result in again
    }


def test_exception_in_one_scan_costs_no_other(tmp_path: Path) -> None:
    levels = [fakes.GOOD] * 4 + [fakes.RAISES] + [fakes.GOOD] * 4
    paths = [draw_scan(tmp_path / f"{n}.png", n, level) for n, level in enumerate(levels)]
    seen: set[int] = set()
    results = read_chunk(jobs(*paths), fakes.open_reader(), on_scan=seen.add)
    good, bad = ([1], []), ([], [(1, Reason.INTERNAL_ERROR)])
    assert outline(results) == [good] * 4 + [bad] + [good] * 4
    failure = results[4].failures[0]
    assert "this page is poison" in failure.message
    assert not failure.lasting
    assert seen == set(range(9))


def test_exception_in_one_page_costs_no_other_page(tmp_path: Path) -> None:
    images = [np.full((24, 32), 200, np.uint8) for _ in range(3)]
    images[1][0, 0] = fakes.RAISES
    path = tmp_path / "a.tif"
    assert cv2.imwritemulti(str(path), images)
    results = read_chunk(jobs(path, draw_scan(tmp_path / "b.png", 1)), fakes.open_reader())
    assert outline(results) == [([1, 3], [(2, Reason.INTERNAL_ERROR)]), ([1], [])]


def test_files_that_are_no_scans_fail_for_good_and_alone(tmp_path: Path) -> None:
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "text.jpg").write_text("no picture at all")
    paths = [tmp_path / "empty.png", draw_scan(tmp_path / "b.png", 1), tmp_path / "text.jpg"]
    results = read_chunk(jobs(*paths), fakes.open_reader())
    assert outline(results) == [
        ([], [(1, Reason.EMPTY_FILE)]),
        ([1], []),
        ([], [(1, Reason.NOT_AN_IMAGE)]),
    ]
    assert all(failure.lasting for result in results for failure in result.failures)


def test_pages_before_a_corrupt_one_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = draw_scan(tmp_path / "a.tif", 1, pages=3)
    decode = scans.decode

    def cut_off(path: Path, name: str) -> Iterator[Page]:
        for page in decode(path, name):
            if page.number == 3:
                raise ScanError(Reason.TRUNCATED_FILE, "the file ends here")
            yield page

    monkeypatch.setattr(scans, "decode", cut_off)
    assert outline(read_chunk(jobs(path), fakes.open_reader())) == [([1, 2], [(3, Reason.TRUNCATED_FILE)])]


def test_page_that_yields_nothing_is_a_failure(tmp_path: Path) -> None:
    path = draw_scan(tmp_path / "a.png", 1, fakes.NOTHING)
    assert outline(read_chunk(jobs(path), fakes.open_reader())) == [([], [(1, Reason.INTERNAL_ERROR)])]


def test_file_that_opens_at_the_second_try_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = draw_scan(tmp_path / "a.png", 1)
    decode, tries = scans.decode, []

    def hiccup(path: Path, name: str) -> Iterator[Page]:
        tries.append(1)
        if len(tries) < 2:
            raise OSError(5, "Input/output error")
        yield from decode(path, name)

    monkeypatch.setattr(scans, "decode", hiccup)
    monkeypatch.setattr(chunk, "OPEN_AGAIN_AFTER_S", (0.0, 0.0))
    assert outline(read_chunk(jobs(path), fakes.open_reader())) == [([1], [])]


def test_file_that_is_damaged_is_opened_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    def damaged(path: Path, name: str) -> Iterator[Page]:
        tries.append(1)
        raise ScanError(Reason.TRUNCATED_FILE, "the file ends here")
        yield

    monkeypatch.setattr(scans, "decode", damaged)
    monkeypatch.setattr(chunk, "OPEN_AGAIN_AFTER_S", (0.0, 0.0))
    (result,) = read_chunk(jobs(draw_scan(tmp_path / "a.png", 1)), fakes.open_reader())
    assert outline([result]) == [([], [(1, Reason.TRUNCATED_FILE)])]
    assert len(tries) == 1


def test_file_that_never_opens_is_tried_again_next_night(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = draw_scan(tmp_path / "a.png", 1)

    def broken(path: Path, name: str) -> Iterator[Page]:
        raise OSError(5, "Input/output error")
        yield

    monkeypatch.setattr(scans, "decode", broken)
    monkeypatch.setattr(chunk, "OPEN_AGAIN_AFTER_S", (0.0, 0.0))
    (result,) = read_chunk(jobs(path), fakes.open_reader())
    assert outline([result]) == [([], [(1, Reason.UNREADABLE_FILE)])]
    assert not result.failures[0].lasting


def test_file_that_changed_since_it_was_hashed_is_not_booked_under_that_hash(tmp_path: Path) -> None:
    path = draw_scan(tmp_path / "a.png", 1)
    known = jobs(path)
    os.utime(path, ns=(1, 1))
    (result,) = read_chunk(known, fakes.open_reader())
    assert outline([result]) == [([], [(1, Reason.UNREADABLE_FILE)])]
    assert not result.failures[0].lasting
