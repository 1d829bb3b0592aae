"""`nightsort` called as somebody calls it: another process, its exit code, its two outputs."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

NIGHTSORT = [sys.executable, "-m", "flows.cli"]
WITH_FAKES = [sys.executable, "-m", "tests.flows.command"]
Result = subprocess.CompletedProcess[str]


def call(command: list[str], *arguments: object, **environment: str) -> Result:
    return subprocess.run(
        [*command, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, **environment},
    )


def rows(out: Path) -> list[dict[str, str]]:
    with (out / "results.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
