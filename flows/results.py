"""results.csv and results.jsonl: the ledger as it stands, settled by the thresholds of today.

Whether a value is accepted is decided here and not when it is read, so that another
`--target-error` needs no scan read again.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flows.formats import write_format, write_schema
from flows.ledger import Ledger
from flows.ledger_rows import Line
from flows.verdict import verified
from pipeline.document import Reading, Reason, Status
from pipeline.results import record, row, settle, write_csv, write_jsonl

CSV_NAME = "results.csv"
JSONL_NAME = "results.jsonl"
LEAST_CERTAIN = 60
HISTOGRAM_BINS = 20


_Entry = tuple[bool, float, int, "Settled"]


@dataclass(frozen=True)
class Settled:
    """One line of the results with what is to be done about it."""

    line: Line
    status: Status
    reason: str

    @property
    def reading(self) -> Reading:
        """What was read, or what people decided, with the scan's current name."""
        line = self.line
        return line.reading if line.verdict is None else verified(line.reading, line.verdict)

    def record(self) -> dict[str, Any]:
        """All that is known, as results.jsonl has it."""
        identity = self.line.identity
        return record(
            self.reading,
            self.status,
            self.reason,
            layout=self.reading.layout or identity.layout_label,
            model=identity.model_label,
            sha256=self.line.sha256,
        )


@dataclass
class Tally:
    """The results in figures, counted while they are written.

    confidences : accepted and review fields with a value, by bin of confidence and status.
    uncertain : the LEAST_CERTAIN review fields, least certain first, those without a reading last;
        complete when all lines were written.
    failures : lines of pages that could not be read.
    """

    scans: int = 0
    pages: int = 0
    fields: int = 0
    statuses: Counter[Status] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    confidences: Counter[tuple[int, Status]] = field(default_factory=Counter)
    uncertain: list[Settled] = field(default_factory=list)
    failures: list[Settled] = field(default_factory=list)
    failed_scans: int = 0

    @property
    def review(self) -> int:
        """Fields that wait for a person."""
        return self.statuses[Status.REVIEW]


def settled(ledger: Ledger) -> Iterator[Settled]:
    """All results, in the order of results.csv. Raises LedgerError."""
    for line in ledger.lines():
        if line.failure is not None:
            yield Settled(line, Status.FAILED, line.failure.reason.value)
        elif line.verdict is not None:
            yield Settled(line, Status.VERIFIED, line.verdict.reason)
        else:
            status, reason = settle(line.reading, line.threshold)
            yield Settled(line, status, reason)


def write_results(ledger: Ledger, out: Path, formats: Sequence[str] = ()) -> Tally:
    """Write the files, each whole or not at all, and return the figures. Raises OSError, LedgerError.

    formats : what is written besides results.csv and results.jsonl, see `flows.formats`.
    """
    tally = Tally()
    write_schema(out)
    write_csv(out / CSV_NAME, (row(each.record()) for each in _counted(settled(ledger), tally)))
    write_jsonl(out / JSONL_NAME, (each.record() for each in settled(ledger)))
    for name in formats:
        write_format(name, out, (each.record() for each in settled(ledger)))
    return tally


def tally_of(ledger: Ledger) -> Tally:
    """The figures alone. Raises LedgerError."""
    tally = Tally()
    for _ in _counted(settled(ledger), tally):
        pass
    return tally


def _counted(lines: Iterator[Settled], tally: Tally) -> Iterator[Settled]:
    uncertain: list[_Entry] = []
    scan: Path | None = None
    failed: Path | None = None
    page = 0
    for number, each in enumerate(lines):
        here = each.line.path
        tally.scans += here != scan
        tally.pages += (here, each.reading.page) != (scan, page)
        scan, page = here, each.reading.page
        tally.fields += 1
        tally.statuses[each.status] += 1
        if each.reason:
            tally.reasons[each.reason] += 1
        if each.status is Status.FAILED:
            tally.failed_scans += here != failed
            failed = here
            tally.failures.append(each)
        elif each.status is not Status.VERIFIED and each.reading.value:
            tally.confidences[_bin(each.reading.confidence), each.status] += 1
        if each.status is Status.REVIEW:
            # Where nothing was found there is little to see: those come last.
            found = each.reason != Reason.NOT_FOUND
            _keep_least(uncertain, (found, -each.reading.confidence, -number, each))
        yield each
    tally.uncertain = [entry[-1] for entry in sorted(uncertain, key=lambda entry: entry[:3], reverse=True)]


def _keep_least(heap: list[_Entry], entry: _Entry) -> None:
    """Keep the LEAST_CERTAIN entries of least confidence; the heap's first is the surest of them."""
    if len(heap) < LEAST_CERTAIN:
        heapq.heappush(heap, entry)
    else:
        heapq.heappushpop(heap, entry)


def _bin(confidence: float) -> int:
    return min(int(confidence * HISTOGRAM_BINS), HISTOGRAM_BINS - 1)
