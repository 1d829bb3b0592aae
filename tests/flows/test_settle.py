from __future__ import annotations

import os
from pathlib import Path

from flows.settle import part_settled
from pipeline.document import Scan

HOUR_S = 3600


def scan(path: Path, text: str = "ink", age_s: float = 0) -> Scan:
    path.write_text(text)
    if age_s:
        at = path.stat().st_mtime - age_s
        os.utime(path, (at, at))
    return Scan(path, path.name)


def never(seconds: float) -> None:
    raise AssertionError("nothing to wait for")


def test_all_files_are_taken_where_nothing_is_asked(tmp_path: Path) -> None:
    scans = [scan(tmp_path / "a.png")]
    assert part_settled(scans, 0, wait=never) == (scans, [])


def test_file_that_grows_is_left_and_the_others_are_taken(tmp_path: Path) -> None:
    still, growing = scan(tmp_path / "still.png"), scan(tmp_path / "growing.png")
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        growing.path.write_text("ink and more ink")

    assert part_settled([still, growing], 30, wait=wait) == ([still], [growing])
    assert waits == [30]


def test_copy_that_keeps_the_old_time_is_looked_at_twice(tmp_path: Path) -> None:
    copy = scan(tmp_path / "copy.png", age_s=HOUR_S)

    def wait(seconds: float) -> None:
        scan(copy.path, "ink and more ink", age_s=HOUR_S)

    assert part_settled([copy], 30, wait=wait) == ([], [copy])


def test_file_that_has_its_size_from_the_beginning_is_left_while_it_is_filled(tmp_path: Path) -> None:
    filled = scan(tmp_path / "filled.png", "----")

    def wait(seconds: float) -> None:
        written = filled.path.stat().st_mtime_ns + 10**6
        filled.path.write_text("ink-")
        os.utime(filled.path, ns=(written, written))

    assert part_settled([filled], 30, wait=wait) == ([], [filled])


def test_file_from_the_future_is_taken_when_it_rests(tmp_path: Path) -> None:
    future = scan(tmp_path / "future.png", age_s=-HOUR_S)
    assert part_settled([future], 30, wait=lambda seconds: None) == ([future], [])


def test_file_that_vanishes_is_left(tmp_path: Path) -> None:
    gone = scan(tmp_path / "gone.png")
    assert part_settled([gone], 30, wait=lambda seconds: gone.path.unlink()) == ([], [gone])
