"""Study: memory and time of writing the results of 100,000 fields.

python -m benchmarks.large_ledger [--rows 100000]
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path

from flows.chunk import ScanResult
from flows.ledger import FILE_NAME, Ledger
from flows.ledger_rows import Sighting
from flows.reader import Identity
from flows.results import CSV_NAME, write_results
from pipeline.document import Box, Reading

CHUNK = 1000
IDENTITY = Identity("digits", "1" * 16, "study", "2" * 16, "digits")


def main() -> int:
    """Fill a ledger, write its results in another process, print what that took."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=100_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        fill(Path(scratch), arguments.rows)
        context = multiprocessing.get_context("spawn")
        for formats in ((), ("parquet",), ("xlsx",)):
            process = context.Process(target=measure, args=(Path(scratch), formats))
            process.start()
            process.join()
    return 0


def fill(out: Path, rows: int) -> None:
    """A ledger of so many scans with one field each."""
    with Ledger(out / FILE_NAME) as ledger:
        reader, run = ledger.register_reader(IDENTITY, 0.9), ledger.begin_run({})
        for start in range(0, rows, CHUNK):
            numbers = range(start, min(start + CHUNK, rows))
            names = [f"folder/{number:09}.png" for number in numbers]
            ledger.register_scans(
                [Sighting(Path("/in", n), Path("/in"), n, _content(n)) for n in names], reader
            )
            ledger.write_results(run, reader, [ScanResult(_content(n), 1, [_reading(n)]) for n in names])


def measure(out: Path, formats: tuple[str, ...]) -> None:
    """Write the results and print the time, and what the process grew by."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    begin = time.monotonic()
    with Ledger(out / FILE_NAME) as ledger:
        tally = write_results(ledger, out, formats)
    seconds = time.monotonic() - begin
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    megabytes = (out / CSV_NAME).stat().st_size / 1e6
    print(
        f"{', '.join(('csv', 'jsonl', *formats)):20} {tally.fields} rows, results.csv {megabytes:.0f} MB:"
        f" {seconds:.1f} s, {before:.0f} MiB before, {after:.0f} MiB at most"
    )


def _content(name: str) -> str:
    return f"{hash(name) & (2**256 - 1):064x}"


def _reading(name: str) -> Reading:
    confidence = (hash(name) % 1000) / 1000
    others = (("02138", (1 - confidence) / 2), ("02137", (1 - confidence) / 4))
    return Reading("", 1, "digits", "02139", confidence, (confidence,) * 5, others, Box(9, 9, 200, 40))


if __name__ == "__main__":
    sys.exit(main())
