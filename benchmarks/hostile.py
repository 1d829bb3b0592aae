"""Study: a night over 500 hostile files. Counts what became of each; fails where the night did not hold.

    python -m benchmarks.hostile [--seed 7] [--keep DIR] [--layout digits]

What must hold: the night ends by itself, with exit code 3; every file that discovery takes has a row
for every page; no file outside OUT is written; all processes together stay below a limit of memory.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from benchmarks.hostile_files import write_corpus
from flows.benchmark.process_tree import TreeFigures, watch

LIMIT_S = 1800
LIMIT_MIB = 8 * 1024  # of all processes together: two of them at the worst files at once, and the rest
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
    command = [sys.executable, "-m", "flows.cli", "run", str(inbox), "-o", str(out)]
    command += ["--layout", layout, "--max-failures", "100%", "--page-timeout", "60", "--workers", "2"]
    code, tree = run_watched(command)
    with (out / "results.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    scans = {row["scan"] for row in rows}
    print(f"{count} files written, {len(scans)} of them taken for scans, {len(rows)} rows")
    memory = tree.peak_bytes / 2**20
    print(f"exit code {code} after {tree.wall_s:.0f} s and {tree.cpu_s:.0f} s of CPU")
    print(f"at most {memory:.0f} MiB of memory in all processes together")
    _print_counts(rows)
    troubles = _troubles(code, rows, memory, before == _listing(folder, out))
    for trouble in troubles:
        print(f"NOT HELD: {trouble}")
    return int(bool(troubles))


def run_watched(command: list[str]) -> tuple[int, TreeFigures]:
    """Run a night to its end, which must come within the limit; its exit code and what it took."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:

        def end_if_it_hangs(seconds: float) -> None:
            if seconds > LIMIT_S:
                process.kill()

        tree = watch([process.pid], lambda: process.poll() is None, end_if_it_hangs)
        return process.wait(), tree


def _print_counts(rows: list[dict[str, str]]) -> None:
    kinds = Counter((row["scan"].split("/")[0], row["status"], row["reason"]) for row in rows)
    for (kind, status, reason), number in sorted(kinds.items()):
        print(f"{number:6}  {kind:8}  {status:8}  {reason}")


def _troubles(code: int, rows: list[dict[str, str]], memory: float, untouched: bool) -> list[str]:
    troubles = [] if memory <= LIMIT_MIB else [f"the night had {memory:.0f} MiB"]
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
