"""How fast: decoding alone, the pipeline, a whole night and other readers, in turn on the same scans."""

from __future__ import annotations

import csv
import multiprocessing
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, fields, replace
from pathlib import Path
from statistics import median
from typing import Any

from flows.benchmark.contestants import DECODING, PIPELINE, Timing, serve
from flows.benchmark.peers import PEERS, missing
from flows.benchmark.process_tree import watch
from flows.benchmark.scan_sets import ScanSet
from flows.errors import NightError
from flows.ledger import FILE_NAME as LEDGER
from flows.results import CSV_NAME
from pipeline.document import Box

NIGHT = "nightsort run"
_MIDDLE = 0.25, 0.75  # of the time from the first row to the end
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class BenchmarkError(NightError):
    """A contestant that did not come to its end."""


@dataclass(frozen=True)
class Speed:
    """What a contestant took for a set, round by round.

    first : how many files of the set it read, None for all.
    """

    scans: ScanSet
    name: str
    rounds: tuple[Timing, ...]
    first: int | None = None

    @property
    def typical(self) -> Timing:
        """Of every number the median of the rounds."""
        first = self.rounds[0]
        numbers = {
            each.name: median(getattr(timing, each.name) for timing in self.rounds)
            for each in fields(first)
            if isinstance(getattr(first, each.name), (int, float))
            and all(getattr(timing, each.name) is not None for timing in self.rounds)
        }
        stages = {name: median(timing.stages[name] for timing in self.rounds) for name in first.stages}
        return replace(first, **numbers, stages=stages)

    @property
    def exact(self) -> float | None:
        """Share of the scans with a known value that were read exactly; None where none is known."""
        values = self.rounds[0].values
        known = {key: value for key, value in self.scans.truth.items() if value}
        here = [key for key in map(self.scans.key, self.scans.files[: self.first]) if key in known]
        if not here or not values:
            return None
        return sum(values.get(key) == known[key] for key in here) / len(here)


def measure_speed(
    sets: Sequence[ScanSet],
    rounds: int,
    workers: int,
    say: Callable[[str], None],
    *,
    peer_pages: int | None = None,
) -> list[Speed]:
    """Time every contestant on every set, all of them once a round. Raises BenchmarkError.

    say : told what was measured as soon as it was, and which peers are left out.
    peer_pages : how many of each set the loop and the peers read, the first ones; None for all.
    """
    for reason in dict.fromkeys(filter(None, map(missing, PEERS))):
        say(reason)
    names = [DECODING, PIPELINE, NIGHT, *(peer for peer in PEERS if missing(peer) is None)]
    found: dict[tuple[int, str], list[Timing]] = {}
    boxes: dict[int, dict[str, Box]] = {}
    for number in range(1, rounds + 1):
        for index, scans in enumerate(sets):
            for name in names:
                if name == NIGHT:
                    timing = time_night(scans, workers)
                elif name in PEERS:
                    few = replace(scans, files=scans.files[:peer_pages])
                    timing = time_contestant(name, few, boxes[index])
                else:
                    timing = time_contestant(name, scans, {})
                say(f"round {number} of {rounds}, {scans.name}: {name}, {timing}")
                if name == PIPELINE:
                    boxes.setdefault(index, timing.boxes)
                found.setdefault((index, name), []).append(timing)
    return [
        Speed(sets[index], name, tuple(timings), peer_pages if name in PEERS else None)
        for (index, name), timings in found.items()
    ]


def time_contestant(name: str, scans: ScanSet, boxes: dict[str, Box]) -> Timing:
    """Time one contestant in a process of its own."""
    context = multiprocessing.get_context("spawn")
    connection, theirs = context.Pipe()
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))  # before NumPy is imported there
    process = context.Process(target=serve, args=(theirs, name, scans, boxes), daemon=True)
    process.start()
    theirs.close()
    answers: list[Timing] = []

    def look(_: float) -> None:
        try:
            if not answers and connection.poll():
                answers.append(connection.recv())
        except EOFError:
            return

    figures = watch([process.pid or 0], process.is_alive, look)
    look(0.0)
    process.join()
    if not answers:
        raise BenchmarkError(f"{name} ended with exit code {process.exitcode} on {scans.name}")
    return replace(answers[0], peak_bytes=figures.peak_bytes)


def time_night(scans: ScanSet, workers: int) -> Timing:
    """Time `nightsort run` from its start to its end, its processes and its Prefect server included."""
    with tempfile.TemporaryDirectory(prefix="nightsort-speed-") as folder:
        out = Path(folder) / "out"
        place = scans.files[0] if len(scans.files) == 1 else scans.folder
        command = [sys.executable, "-P", "-m", "flows.cli", "run", str(place), "-o", str(out), "--quiet"]
        command += ["--layout", scans.layout, "--postal", scans.postal, "--workers", str(workers)]
        with (Path(folder) / "log").open("w+b") as said:
            process = subprocess.Popen(command, stdout=said, stderr=said)
            first_row: list[float] = []

            def look(now: float) -> None:
                if not first_row and _has_rows(out / LEDGER):
                    first_row.append(now)

            figures = watch([process.pid], lambda: process.poll() is None, look)
            if process.returncode not in {0, 3}:
                said.seek(0)
                raise BenchmarkError(f"nightsort run: {said.read().decode(errors='replace').strip()}")
        timing = Timing(figures.cpu_s, figures.wall_s, peak_bytes=figures.peak_bytes)
        timing.values = _values(out / CSV_NAME)
    timing.pages = len(scans.files)
    if first_row:
        timing.first_row_s = first_row[0]
        begin, end = (first_row[0] + part * (figures.wall_s - first_row[0]) for part in _MIDDLE)
        timing.busy = figures.busy(begin, end, workers)
    return timing


def _has_rows(ledger: Path) -> bool:
    if not ledger.exists():
        return False
    try:
        with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as db:
            return db.execute("SELECT 1 FROM readings LIMIT 1").fetchone() is not None
    except sqlite3.Error:
        return False  # not yet


def _values(results: Path) -> dict[str, str]:
    """The value of the first row of every scan."""
    values: dict[str, str] = {}
    with results.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            values.setdefault(row["scan"], row["value"])
    return values


def of_set(speeds: Sequence[Speed], scans: ScanSet) -> dict[str, Speed]:
    """What was measured on a set, by contestant."""
    return {each.name: each for each in speeds if each.scans is scans}


def overhead(speeds: dict[str, Speed]) -> float:
    """Processor time of a whole night beyond the bare pipeline's, as a share of that."""
    return speeds[NIGHT].typical.cpu_s / max(speeds[PIPELINE].typical.cpu_s, 1e-9) - 1.0


def as_json(speed: Speed) -> dict[str, Any]:
    """The rounds and their medians, without what was read."""
    left_out = {"values", "boxes"}

    def plain(timing: Timing) -> dict[str, Any]:
        return {each.name: getattr(timing, each.name) for each in fields(timing) if each.name not in left_out}

    return {
        "scans": speed.scans.name,
        "contestant": speed.name,
        "exact": speed.exact,
        "median": plain(speed.typical),
        "rounds": [plain(each) for each in speed.rounds],
    }
