"""`nightsort run` that ends early: killed or stopped by a signal, before it reads or while it does."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows import fakes
from tests.flows.calls import WITH_FAKES, call, rows
from tests.flows.fakes import draw_scan


@contextlib.contextmanager
def started(*arguments: object, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A run in the background, which does not outlive the test."""
    with subprocess.Popen(
        [*WITH_FAKES, "run", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for_chunk(out: Path, process: subprocess.Popen[str]) -> int:
    """Wait until a run has put down results; returns of how many scans."""
    limit = time.monotonic() + 120
    while time.monotonic() < limit:
        assert process.poll() is None, f"the run ended with {process.returncode}: {process.communicate()}"
        with contextlib.suppress(sqlite3.Error), contextlib.closing(_open(out)) as db:
            if count := db.execute("SELECT count(*) FROM outcomes").fetchone()[0]:
                return int(count)
        time.sleep(0.05)
    raise AssertionError("the run reads nothing")


def _open(out: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{out / 'ledger.sqlite'}?mode=ro", uri=True)


def children(process: int) -> list[int]:
    """All processes below one, of Linux."""
    found = []
    for child in Path(f"/proc/{process}/task/{process}/children").read_text().split():
        found += [int(child), *children(int(child))]
    return found


def alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


@pytest.fixture
def slow_inbox(tmp_path: Path) -> Path:
    for number in range(24):
        draw_scan(tmp_path / "in" / f"{number:02}.png", number, fakes.SLOW)
    return tmp_path / "in"


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks at Linux's list of processes")
def test_killed_run_leaves_nothing_behind_and_the_next_one_ends_as_if_unbroken(
    slow_inbox: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    broken, whole, scratch = tmp_path / "broken", tmp_path / "whole", tmp_path / "scratch"
    scratch.mkdir()
    with started(slow_inbox, "-o", broken, "--workers", 2, TMPDIR=str(scratch)) as process:
        count = wait_for_chunk(broken, process)
        family = children(process.pid)
        homes = list(scratch.glob("nightsort-prefect-*"))
        assert len(homes) == 1
        process.send_signal(signal.SIGKILL)
        process.wait()
    limit = time.monotonic() + 10
    while any(map(alive, family)) and time.monotonic() < limit:
        time.sleep(0.05)
    assert not any(map(alive, family))
    assert 0 < count < 24
    assert not (broken / "results.csv").exists()
    again = call(WITH_FAKES, "run", slow_inbox, "-o", broken, "--workers", 1, TMPDIR=str(scratch))
    assert again.returncode == 0
    assert "read before" in again.stdout
    assert not list(scratch.glob("nightsort-prefect-*"))
    assert call(WITH_FAKES, "run", slow_inbox, "-o", whole, "--workers", 2, **environment).returncode == 0
    for name in ("results.csv", "results.jsonl"):
        assert (broken / name).read_bytes() == (whole / name).read_bytes()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_run_writes_what_it_has(
    slow_inbox: Path, tmp_path: Path, environment: dict[str, str], number: signal.Signals
) -> None:
    out = tmp_path / "out"
    with started(slow_inbox, "-o", out, "--workers", 2, **environment) as process:
        count = wait_for_chunk(out, process)
        begin = time.monotonic()
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=60)
        seconds = time.monotonic() - begin
    assert process.returncode == 130
    assert stderr == ""
    assert "run again to read them" in stdout
    assert count <= len(rows(out)) < 24
    assert seconds < 45  # Prefect holds the exit up for a minute where it has something left to send


def test_run_interrupted_before_it_reads_says_so(
    slow_inbox: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    with started(slow_inbox, "-o", tmp_path / "out", **environment) as process:
        while not (tmp_path / "out" / ".nightsort.lock").exists():
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in stderr
