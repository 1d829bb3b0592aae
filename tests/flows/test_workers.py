from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.chunk import Job, Stamp
from flows.errors import InterruptedNightError, ModelUnavailableError, WorkerStartError
from flows.reader import OpenReader
from flows.workers import HeadStart, WorkerPool, divide
from pipeline.document import Reason, Scan
from pipeline.files.scans import sha256
from tests.flows import fakes
from tests.flows.fakes import draw_scan


def jobs(folder: Path, *levels: int) -> list[Job]:
    paths = [draw_scan(folder / f"{n:02}.png", n, level) for n, level in enumerate(levels)]
    return [Job(Scan(path, path.name), sha256(path), Stamp.of(path)) for path in paths]


def pool_of(open_with: OpenReader, count: int, silence_limit_s: float = 60) -> Iterator[WorkerPool]:
    pool = WorkerPool(open_with, fakes.IDENTITY, silence_limit_s=silence_limit_s)
    pool.start(count)
    yield pool
    pool.stop()


@pytest.fixture
def pool() -> Iterator[WorkerPool]:
    yield from pool_of(fakes.open_reader, 1)


@pytest.fixture
def impatient_pool() -> Iterator[WorkerPool]:
    yield from pool_of(fakes.open_reader, 1, silence_limit_s=2)


@given(st.integers(2, 70), st.none() | st.integers(0, 69))
def test_dividing_keeps_all_and_makes_smaller(count: int, suspect: int | None) -> None:
    whole = [Job(Scan(Path(str(n)), str(n)), str(n), Stamp(0, 0)) for n in range(count)]
    suspect = None if suspect is None or suspect >= count else suspect
    parts = divide(whole, suspect)
    assert [job for part in parts for job in part] == whole
    assert all(0 < len(part) < count for part in parts)


def test_scan_that_kills_its_process_fails_alone(tmp_path: Path, pool: WorkerPool) -> None:
    levels = [fakes.GOOD, fakes.GOOD, fakes.KILLS, fakes.GOOD, fakes.RAISES]
    results = pool.read(jobs(tmp_path, *levels))
    assert [bool(result.failures) for result in results] == [False, False, True, False, True]
    (failure,) = results[2].failures
    assert failure.reason is Reason.INTERNAL_ERROR
    assert "SIGKILL" in failure.message
    assert not failure.lasting


def test_scan_that_hangs_fails_alone(tmp_path: Path, impatient_pool: WorkerPool) -> None:
    results = impatient_pool.read(jobs(tmp_path, fakes.HANGS, fakes.GOOD, fakes.GOOD))
    assert [bool(result.failures) for result in results] == [True, False, False]
    assert "no sign of life" in results[0].failures[0].message


def test_stop_ends_a_reading_at_once(tmp_path: Path, pool: WorkerPool) -> None:
    errors: list[BaseException] = []

    def read() -> None:
        try:
            pool.read(jobs(tmp_path, fakes.HANGS))
        except InterruptedNightError as error:
            errors.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    time.sleep(1)
    begin = time.monotonic()
    pool.stop()
    thread.join(20)
    assert time.monotonic() - begin < 10
    assert len(errors) == 1
    with pytest.raises(InterruptedNightError):
        pool.read(jobs(tmp_path, fakes.GOOD))


@pytest.mark.parametrize(
    ("open_with", "error"),
    [
        (fakes.open_no_reader, ModelUnavailableError),
        (fakes.open_mortal_reader, WorkerStartError),
        (fakes.open_other_reader, WorkerStartError),
    ],
)
def test_process_that_cannot_start_ends_the_night(
    tmp_path: Path, open_with: OpenReader, error: type[Exception]
) -> None:
    os.environ["FAKES_PARENT"] = str(os.getpid())
    pool = WorkerPool(open_with, fakes.IDENTITY)
    pool.start(1)
    try:
        with pytest.raises(error):
            pool.read(jobs(tmp_path, fakes.GOOD))
        with pytest.raises((error, WorkerStartError)):  # whoever comes later learns of it too
            pool.read(jobs(tmp_path, fakes.GOOD))
    finally:
        pool.stop()


def test_head_start_reads_before_it_is_asked(tmp_path: Path, pool: WorkerPool) -> None:
    chunk = jobs(tmp_path, fakes.GOOD, fakes.RAISES)
    head = HeadStart(pool, chunk)
    limit = time.monotonic() + 60
    while not head.done:
        assert time.monotonic() < limit
        time.sleep(0.05)
    assert head.read(chunk) == pool.read(chunk)


def test_head_start_of_a_stopped_night_says_so(tmp_path: Path, pool: WorkerPool) -> None:
    chunk = jobs(tmp_path, fakes.GOOD)
    pool.stop()
    with pytest.raises(InterruptedNightError):
        HeadStart(pool, chunk).read(chunk)
