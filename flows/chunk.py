"""Reading one chunk of scans, inside a reading process.

All pages of a chunk go through the network together. Where that fails, the chunk is halved until
the scan, and then the page, that it fails for stands alone: that one gets a failure, all others
are read.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from flows.reader import Reader
from pipeline.document import Page, Reading, Reason, Scan, ScanError
from pipeline.paper.condition import Condition, measure_condition

log = logging.getLogger(__name__)

# Waits before a file is opened again that could not be read: a network drive's hiccup.
OPEN_AGAIN_AFTER_S = (0.5, 2.0)
MEASURED_ONE_IN = 16  # scans; the same ones by any number of workers, since their content decides


@dataclass(frozen=True, slots=True)
class Stamp:
    """By what a file that changed is told, without reading it again: bytes, nanoseconds."""

    size: int
    modified_ns: int

    @classmethod
    def of(cls, path: Path) -> Stamp:
        """The stamp of a file as it is now. Raises OSError."""
        status = path.stat()
        return cls(status.st_size, status.st_mtime_ns)


@dataclass(frozen=True, slots=True)
class Job:
    """A scan to be read.

    content : SHA-256 of the file, the key of all that is known about it.
    stamp : of the file when it was hashed.
    """

    scan: Scan
    content: str
    stamp: Stamp


@dataclass(frozen=True)
class PageFailure:
    """A page that could not be read.

    lasting : the same file will fail again, so that it need not be tried again.
    """

    page: int
    reason: Reason
    message: str
    lasting: bool = True


@dataclass
class ScanResult:
    """All that came of one scan.

    pages : pages that were decoded.
    condition : of its first page, where the scan is one of those that are measured.
    """

    content: str
    pages: int = 0
    readings: list[Reading] = field(default_factory=list)
    failures: list[PageFailure] = field(default_factory=list)
    condition: Condition | None = None

    def fail(self, error: Exception, page: int) -> None:
        """Note that a page could not be read, and why."""
        if isinstance(error, ScanError):
            self.failures.append(PageFailure(page, error.reason, str(error)))
        elif _out_of_memory(error):
            text = "it needs more memory than a reading process may use; run with fewer --workers"
            self.failures.append(PageFailure(page, Reason.TOO_LARGE, text, lasting=False))
        elif isinstance(error, OSError):
            cause = error.strerror or error
            text = f"the file could not be read ({cause}); it is tried again on the next run"
            self.failures.append(PageFailure(page, Reason.UNREADABLE_FILE, text, lasting=False))
        else:
            log.debug("page %d of %s", page, self.content, exc_info=error)
            text = f"reading it failed ({type(error).__name__}: {error}); please report this scan"
            self.failures.append(PageFailure(page, Reason.INTERNAL_ERROR, _one_line(text), lasting=False))


def read_chunk(
    jobs: Sequence[Job], reader: Reader, *, on_scan: Callable[[int], None] = lambda _: None
) -> list[ScanResult]:
    """Read the scans, one result for each, in their order; no scan's failure is another's.

    on_scan : told the index of the scan before it is opened, again for every page of it.
    """
    results = [ScanResult(job.content) for job in jobs]
    try:
        _hand_out(reader.read(_pages(jobs, results, on_scan)), results)
    except Exception as error:  # whatever one scan provokes must not cost the others
        if len(jobs) == 1:
            log.debug("%s is read page by page: %s", jobs[0].scan.name, error)
            return [_read_page_by_page(jobs[0], reader, on_scan)]
        middle = len(jobs) // 2
        return [
            *read_chunk(jobs[:middle], reader, on_scan=on_scan),
            *read_chunk(jobs[middle:], reader, on_scan=lambda index: on_scan(middle + index)),
        ]
    for job, result in zip(jobs, results, strict=True):
        _check(job, result)
    return results


def _pages(
    jobs: Sequence[Job], results: Sequence[ScanResult], on_scan: Callable[[int], None]
) -> Iterator[Page]:
    """The pages of all scans, one after another; what cannot be decoded goes to `results`."""
    for index, (job, result) in enumerate(zip(jobs, results, strict=True)):
        on_scan(index)
        try:
            for page in _decode(job.scan.path, job.content):
                result.pages = page.number
                if page.number == 1 and is_measured(job.content):
                    result.condition = measure_condition(page.image)
                yield page
                on_scan(index)
        except Exception as error:  # a decoder's bug is this scan's failure, not the night's
            result.fail(error, result.pages + 1)


def is_measured(content: str) -> bool:
    """Whether a scan's condition is measured, so that nights can be compared."""
    return int(content[:8], 16) % MEASURED_ONE_IN == 0


def _decode(path: Path, key: str) -> Iterator[Page]:
    """The pages of a scan. A file that cannot be opened is tried again, while no page came out of it."""
    from pipeline.files.scans import decode  # noqa: PLC0415 - brings OpenCV

    for wait in (*OPEN_AGAIN_AFTER_S, None):
        begun = False
        try:
            for page in decode(path, key):
                begun = True
                yield page
        except OSError:
            if begun or wait is None:
                raise
            time.sleep(wait)
        else:
            return


def _read_page_by_page(job: Job, reader: Reader, on_scan: Callable[[int], None]) -> ScanResult:
    result = ScanResult(job.content)
    for page in _pages([job], [result], on_scan):
        try:
            result.readings += reader.read([page])
        except Exception as error:  # this page failed; the next ones may not
            result.fail(error, page.number)
    _check(job, result)
    return result


def _hand_out(readings: Sequence[Reading], results: Sequence[ScanResult]) -> None:
    by_content = {result.content: result for result in results}
    for reading in readings:
        by_content[reading.scan].readings.append(reading)


def _check(job: Job, result: ScanResult) -> None:
    """See that every page has come to something, and that the file is still the one that was hashed."""
    accounted = {reading.page for reading in result.readings} | {each.page for each in result.failures}
    for page in range(1, max(result.pages, 1) + 1):
        if page not in accounted:
            result.fail(RuntimeError("the page yielded nothing"), page)
    if _changed(job):
        text = "the file changed while it was read; it is read again on the next run"
        result.readings, result.condition = [], None
        result.failures = [PageFailure(1, Reason.UNREADABLE_FILE, text, lasting=False)]
    result.readings = [replace(reading, scan="") for reading in result.readings]


def _changed(job: Job) -> bool:
    try:
        return Stamp.of(job.scan.path) != job.stamp
    except OSError:
        return True


def _out_of_memory(error: Exception) -> bool:
    """Whether Python, NumPy or OpenCV (error -4) got no memory."""
    return isinstance(error, MemoryError) or getattr(error, "code", None) == -4


def _one_line(text: str) -> str:
    return " ".join(text.split())
