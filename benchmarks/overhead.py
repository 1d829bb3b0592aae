"""Study: what the orchestration costs: `nightsort run` against the bare pipeline over the same scans.

    python -m benchmarks.overhead [--scans 1000] [--pages strips|envelopes] [--workers 2] [--seed 7]

Bare is as many processes, each with the same reader, that read the same chunks and throw the readings
away. Both start, load and end within what is measured. CPU time is that of all processes of each;
other work on the machine blurs wall time more than it. Returns 1 where the overhead in CPU time
is above --limit.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np

from flows.benchmark.process_tree import TreeFigures, watch
from sample_scans.amounts import draw_amount
from sample_scans.envelopes import draw_envelope
from sample_scans.strips import draw_strip

_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
_DRAWN = 40


def main() -> int:
    """Draw, measure both, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scans", type=int, default=1000)
    parser.add_argument("--pages", choices=["strips", "envelopes"], default="strips")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--limit", type=float, default=0.05)
    parser.add_argument("--bare", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    layout = {"strips": "digits", "envelopes": "envelope"}[arguments.pages]
    if arguments.bare:
        folder, part, parts = arguments.bare
        return read_bare(Path(folder), layout, int(part), int(parts))
    with tempfile.TemporaryDirectory() as scratch:
        inbox = Path(scratch) / "in"
        draw(inbox, arguments.pages, arguments.scans, arguments.seed)
        again = [
            sys.executable,
            "-m",
            "benchmarks.overhead",
            "--pages",
            arguments.pages,
            "--bare",
            str(inbox),
        ]
        bare = measure([[*again, str(part), str(arguments.workers)] for part in range(arguments.workers)])
        night = [sys.executable, "-m", "flows.cli", "run", str(inbox), "-o", str(Path(scratch) / "out")]
        night += ["--layout", layout, "--workers", str(arguments.workers), "--quiet"]
        run = measure([night])
    print(f"{arguments.scans} {arguments.pages}, {arguments.workers} processes")
    print(f"bare pipeline: {bare.cpu_s:.1f} s of CPU, {bare.wall_s:.1f} s of the clock")
    print(
        f"nightsort run: {run.cpu_s:.1f} s of CPU, {run.top_s:.1f} of them the night with Prefect's server,"
        f" {run.wall_s:.1f} s of the clock"
    )
    over = run.cpu_s / bare.cpu_s - 1
    print(f"overhead: {over:.1%} of CPU, {run.wall_s / bare.wall_s - 1:.1%} of the clock")
    return int(over > arguments.limit)


def read_bare(folder: Path, layout: str, part: int, parts: int) -> int:
    """Read every so-manieth chunk, as a reading process does."""
    from flows.reader import open_reader  # noqa: PLC0415 - after the threads are set
    from pipeline.files.scans import decode  # noqa: PLC0415

    cv2.setNumThreads(1)
    reader = open_reader(layout, "us", None)
    paths = sorted(folder.iterdir())
    chunks = [paths[start : start + 64] for start in range(0, len(paths), 64)]
    for chunk in chunks[part::parts]:
        reader.read(page for path in chunk for page in decode(path, path.name))
    return 0


def measure(commands: list[list[str]]) -> TreeFigures:
    """What the commands cost, run at once, with all processes that they start."""
    running = [
        subprocess.Popen(command, stdout=subprocess.DEVNULL, env=os.environ | _ONE_THREAD)
        for command in commands
    ]

    def alive() -> bool:
        return any(process.poll() is None for process in running)

    return watch([process.pid for process in running], alive)


def draw(folder: Path, pages: str, count: int, seed: int) -> None:
    """So many scans: JPEGs of some drawn pages, each with a remark of its own, so that none is a copy."""
    folder.mkdir()
    drawn = []
    for number in range(min(_DRAWN, count)):
        rng = np.random.default_rng((seed, number))
        strip = pages == "strips"
        image = draw_strip(rng, draw_amount(rng)).image if strip else draw_envelope(rng, dpi=200)[0]
        drawn.append(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes())
    for number in range(count):
        data, remark = drawn[number % len(drawn)], f"{number:06}".encode()
        comment = b"\xff\xfe" + (len(remark) + 2).to_bytes(2, "big") + remark
        (folder / f"{number:06}.jpg").write_bytes(data[:2] + comment + data[2:])


if __name__ == "__main__":
    sys.exit(main())
