"""Study: a night over 300 scans, killed at 30 random moments, against one that was left alone.

    python -m benchmarks.kills [--kills 30] [--scans 300] [--seed 7]

Each time the whole process group gets SIGKILL (half the kills: the night's process alone; half of either:
after the night's first row), and the same command is started again; a moment that comes after the night's
end does not count. In the end results.csv and results.jsonl must be those of the unbroken night, byte for
byte; no process and no lock may be left.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

FILES = ("results.csv", "results.jsonl")
_READING = 0.05  # of a night's length, from its first row to its last


def main() -> int:
    """Run the study and print what it found; 1 where a byte differs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--scans", type=int, default=300)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        draw(folder / "in", arguments.scans, arguments.seed)
        return study(folder, arguments.kills, arguments.seed)


def draw(inbox: Path, count: int, seed: int) -> None:
    """Pages with numbers on them, every thirtieth broken."""
    inbox.mkdir()
    rng = np.random.default_rng(seed)
    for number in range(count):
        page = rng.normal(235, 4, (220, 700)).clip(0, 255).astype(np.uint8)
        text = f"{rng.integers(10**7):07d}"
        cv2.putText(page, text, (40, 150), cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, 3.5, 30, 5, cv2.LINE_AA)
        path = inbox / f"{number:04}.png"
        cv2.imwrite(str(path), page)
        if number % 30 == 29:
            path.write_bytes(path.read_bytes()[:500])


def study(folder: Path, kills: int, seed: int) -> int:
    """Break one night, leave the other alone, compare; returns the exit code."""
    rng = random.Random(seed)
    begin = time.monotonic()
    with night(folder, "whole") as process:
        codes = [process.wait(900)]
    length = time.monotonic() - begin
    print(f"left alone the night takes {length:.1f} s", flush=True)
    struck = late = 0
    while struck < kills:
        before = scans_read(folder / "broken")
        with night(folder, "broken") as process:
            moment = rng.uniform(0, length)
            if struck // 2 % 2:  # most of a short night is its start; others are struck while they read
                wait_for_more(folder / "broken", before, process)
                moment *= _READING
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(moment)
            alive = process.poll() is None
            struck, late = struck + alive, late + (not alive)
            if struck % 2:
                process.kill()
        after = scans_read(folder / "broken")
        print(f"{f'kill {struck:2}' if alive else 'too late'}: {before} to {after} scans", flush=True)
        if after >= scans_in(folder):
            (folder / "broken" / "ledger.sqlite").unlink()  # begin again, so that every kill meets work
    with night(folder, "broken") as process:
        codes.append(process.wait(900))
    same = all(
        (folder / "broken" / name).read_bytes() == (folder / "whole" / name).read_bytes() for name in FILES
    )
    print(
        f"{struck} kills struck a night, {late} came too late;"
        f" exit codes {codes}; bytes {'agree' if same else 'DIFFER'}"
    )
    return int(not same)


@contextlib.contextmanager
def night(folder: Path, name: str) -> Iterator[subprocess.Popen[bytes]]:
    """A night in a process group of its own, all of which is killed in the end."""
    command = [sys.executable, "-m", "flows.cli", "run", str(folder / "in"), "-o", str(folder / name)]
    command += ["--layout", "digits", "--workers", "2", "--max-failures", "100%", "--quiet"]
    with subprocess.Popen(command, start_new_session=True) as process:
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    time.sleep(0.5)  # the server and the reading processes notice that their parent is gone


def wait_for_more(out: Path, before: int, night: subprocess.Popen[bytes]) -> None:
    """Wait until the ledger has more scans than before, or the night has ended."""
    while scans_read(out) <= before and night.poll() is None:
        time.sleep(0.02)


def scans_in(folder: Path) -> int:
    """The number of scans in the inbox."""
    return len(list((folder / "in").iterdir()))


def scans_read(out: Path) -> int:
    """The number of scans that the ledger has."""
    with contextlib.suppress(sqlite3.Error):
        database = sqlite3.connect(f"file:{out / 'ledger.sqlite'}?mode=ro", uri=True)
        with contextlib.closing(database) as db:
            return int(db.execute("SELECT count(*) FROM outcomes").fetchone()[0])
    return 0


if __name__ == "__main__":
    sys.exit(main())
