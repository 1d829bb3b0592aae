"""SIGKILL at the moments that matter: nothing is lost, nothing is written twice."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.kills import scans_read
from flows.output import remove_leftovers
from tests.flows import fakes
from tests.flows.broken_night import MOMENTS
from tests.flows.fakes import draw_scan


def night(inbox: Path, out: Path, moment: str = "") -> int:
    command = [sys.executable, "-m", "tests.flows.broken_night", str(inbox), str(out), moment]
    return subprocess.run(command, check=False, timeout=120).returncode


def test_night_killed_five_times_ends_as_if_unbroken(tmp_path: Path) -> None:
    inbox, whole, broken = tmp_path / "in", tmp_path / "whole", tmp_path / "broken"
    for number in range(32):
        draw_scan(inbox / f"{number:02}.png", number, fakes.RAISES if number % 10 == 9 else fakes.GOOD)
    (inbox / "empty.png").write_bytes(b"")
    assert night(inbox, whole) == 0
    read = []
    for moment in MOMENTS:
        assert night(inbox, broken, moment) == -signal.SIGKILL, moment
        read.append(scans_read(broken))
    # The second one got one chunk of a quarter into the ledger, and half of the next one not.
    assert read == [0, 8, 33, 33, 33]
    assert night(inbox, broken) == 0
    for name in ("results.csv", "results.jsonl"):
        assert (broken / name).read_bytes() == (whole / name).read_bytes()
    with (broken / "results.csv").open(encoding="utf-8", newline="") as file:
        assert len({row["scan"] for row in csv.DictReader(file)}) == 33
    for folder in (broken, whole):
        names = {path.name for path in (folder / "quarantine").iterdir()}
        assert names == {
            f"{n}{end}" for n in ("09.png", "19.png", "29.png", "empty.png") for end in ("", ".reason.txt")
        }


def test_what_a_kill_left_half_written_goes_with_a_later_night(tmp_path: Path) -> None:
    (tmp_path / "quarantine" / "sub").mkdir(parents=True)
    for folder in (tmp_path, tmp_path / "quarantine" / "sub"):
        for name, age_s in ((".0123456789abcdef.part", 7200), (".fedcba9876543210.part", 60)):
            (folder / name).touch()
            os.utime(folder / name, (time.time() - age_s,) * 2)
    (tmp_path / "results.csv.part").touch()
    remove_leftovers(tmp_path)
    left = sorted(path.name for path in tmp_path.rglob("*") if path.is_file())
    assert left == [".fedcba9876543210.part"] * 2 + ["results.csv.part"]
