"""Study: how long the review station takes to take a decision and give the next of 100,000 fields.

python -m benchmarks.large_review [--rows 100000] [--decisions 40]

Over HTTP as a browser asks, the picture of the field included; prints the median and the longest, of
the clock and of the processor's time of station and browser together.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from benchmarks.large_ledger import CHUNK, IDENTITY
from benchmarks.station import Person, running
from flows.chunk import ScanResult
from flows.ledger import FILE_NAME, Ledger
from flows.ledger_rows import Sighting
from pipeline.document import Box, Reading

LIMIT_MS = 200.0
Took = tuple[float, float]
"""Milliseconds of the clock, and of the processor."""
SHOWN = 400  # scans that really exist: the least certain ones, which come first


def main() -> int:
    """Fill a ledger, work at it, print how long it took; 1 where the processor's median is too long."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--decisions", type=int, default=40)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "out"
        out.mkdir()
        fill(out, Path(scratch) / "in", arguments.rows)
        with running(out) as address:
            medians = [
                tell(f"decide, next, picture{', ' + words if words else ''}", work(address, arguments, wish))
                for words, wish in (
                    ("", {}),
                    ("by scan", {"order": "scan"}),
                    ("a filter that few fit", {"scan": "00002"}),
                    ("a filter that nothing fits", {"reason": "bad-format"}),
                )
            ]
    return int(max(medians) > LIMIT_MS)


def fill(out: Path, scans: Path, rows: int) -> None:
    """A ledger of so many scans, one field each; those that are shown first are there."""
    scans.mkdir()
    with Ledger(out / FILE_NAME) as ledger:
        reader, run = ledger.register_reader(IDENTITY, 0.9), ledger.begin_run({"layout": "digits"})
        for start in range(0, rows, CHUNK):
            sights = [_sighting(scans, n) for n in range(start, min(start + CHUNK, rows))]
            ledger.register_scans(sights, reader)
            results = [_result(sight.content, start + n, rows) for n, sight in enumerate(sights)]
            ledger.write_results(run, reader, results)


def _sighting(scans: Path, number: int) -> Sighting:
    path = scans / f"{number:07}.png"
    content = f"{number:064x}"
    if number < SHOWN:
        page = np.full((1100, 850), 250, np.uint8)
        cv2.putText(page, f"{number:05}", (300, 600), cv2.FONT_HERSHEY_SIMPLEX, 1.5, 30, 3)
        cv2.imwrite(str(path), page)
        content = hashlib.sha256(path.read_bytes()).hexdigest()
    return Sighting(path, scans, path.name, content)


def _result(content: str, number: int, rows: int) -> ScanResult:
    confidence = 0.9 * number / rows
    others = (("02138", (1 - confidence) / 2), ("02137", (1 - confidence) / 4))
    reading = Reading("", 1, "digits", "02139", confidence, (confidence,) * 5, others, Box(290, 550, 200, 70))
    return ScanResult(content, 1, [reading])


def work(address: str, arguments: argparse.Namespace, wish: dict[str, str]) -> list[Took]:
    """From one decision to the picture of the next field, once for each; without any, the asking."""
    with Person(address, "study") as person:
        field = person.next(**wish)
        times = []
        for _ in range(arguments.decisions):
            clock, busy = time.perf_counter(), time.process_time()
            if field is None:
                person.next(**wish)
            else:
                field = person.key(field, "02139", wish=wish)["field"]
                person.http.get(f"/pictures/{field['id']}/field.jpg").raise_for_status()
            times.append((1000 * (time.perf_counter() - clock), 1000 * (time.process_time() - busy)))
    return times


def tell(what: str, times: list[Took]) -> float:
    """Print the times; returns the median of the processor's."""
    clock, busy = np.array(times).T
    print(
        f"{what:50} median {np.median(clock):4.0f} ms, longest {clock.max():5.0f} ms; processor"
        f" {np.median(busy):4.0f} ms, {busy.max():5.0f} ms; {len(times)} decisions",
        flush=True,
    )
    return float(np.median(busy))


if __name__ == "__main__":
    sys.exit(main())
