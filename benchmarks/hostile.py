"""Study: a night over 500 hostile files. Counts what became of each; fails where the night did not hold.

    python -m benchmarks.hostile [--seed 7] [--keep DIR] [--layout digits]

What must hold: the night ends by itself, with exit code 3; every file that discovery takes has a row
for every page; no file outside OUT is written; no process grows beyond the limit.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks.hostile_files import write_corpus

LIMIT_S = 1800
LIMIT_MIB = 6 * 1024
ENDS_ITS_PROCESS = {"crafted/form-loop.pdf"}  # PDFium draws it until no memory is left


def main() -> int:
    """Make the corpus, read it, print the counts; 1 where something did not hold."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--keep", type=Path, help="write the files and the results here, and leave them")
    parser.add_argument("--layout", default="digits")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        return study(arguments.keep or Path(scratch), arguments.seed, arguments.layout)


def study(folder: Path, seed: int, layout: str) -> int:
    """The study in a folder; returns its exit code."""
    inbox, out = folder / "in", folder / "out"
    count = write_corpus(inbox, seed)
    before = _listing(folder, out)
    begin = time.monotonic()
    command = [sys.executable, "-m", "flows.cli", "run", str(inbox), "-o", str(out)]
    command += ["--layout", layout, "--max-failures", "100%", "--page-timeout", "60", "--workers", "2"]
    code = subprocess.run(command, timeout=LIMIT_S, check=False, stdout=subprocess.DEVNULL).returncode
    seconds = time.monotonic() - begin
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    with (out / "results.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    scans = {row["scan"] for row in rows}
    print(f"{count} files written, {len(scans)} of them taken for scans, {len(rows)} rows")
    print(f"exit code {code} after {seconds:.0f} s; the largest process had {largest:.0f} MiB")
    _print_counts(rows)
    troubles = _troubles(code, rows, largest, before == _listing(folder, out))
    for trouble in troubles:
        print(f"NOT HELD: {trouble}")
    return int(bool(troubles))


def _print_counts(rows: list[dict[str, str]]) -> None:
    kinds = Counter((row["scan"].split("/")[0], row["status"], row["reason"]) for row in rows)
    for (kind, status, reason), number in sorted(kinds.items()):
        print(f"{number:6}  {kind:8}  {status:8}  {reason}")


def _troubles(code: int, rows: list[dict[str, str]], largest: float, untouched: bool) -> list[str]:
    troubles = [] if largest <= LIMIT_MIB else [f"a process had {largest:.0f} MiB"]
    if code != 3:
        troubles.append(f"the night ended with exit code {code}")
    for row in rows:
        if row["reason"] == "internal-error" and row["scan"] not in ENDS_ITS_PROCESS:
            troubles.append(f"{row['scan']} page {row['page']}: {row['reason']}")
        if row["scan"].startswith(("=", "+", "-", "@")):
            troubles.append(f"{row['scan']}: a spreadsheet runs it")
    if not untouched:
        troubles.append("a file outside OUT changed")
    return troubles


def _listing(folder: Path, out: Path) -> str:
    """A mark of all that lies in the folder but OUT: names, sizes, times."""
    mark = hashlib.sha256()
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if Path(root, name) != out)
        for name in sorted(files):
            status = os.lstat(Path(root, name))
            mark.update(os.fsencode(os.path.join(root, name)))  # noqa: PTH118 - any bytes
            mark.update(f"{status.st_size} {status.st_mtime_ns}".encode())
    return mark.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
