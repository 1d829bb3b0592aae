"""Which scans there are, which of them are still to be read, and in what portions."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from flows.chunk import Job, PageFailure, ScanResult, Stamp
from flows.errors import UsageError
from flows.ledger import Sighting, content_key
from pipeline.document import Reason, Scan

log = logging.getLogger(__name__)

LARGEST_CHUNK = 64  # scans; 3 s of work and more, beside which a task run costs nothing
CHUNKS_A_WORKER = 2  # at least, so that the last ones to finish do not wait long for each other
_HASHING_THREADS = 4


@dataclass(frozen=True)
class Inventory:
    """All scans below the inputs.

    unreadable : results of files that could not even be hashed.
    """

    sightings: tuple[Sighting, ...]
    jobs: tuple[Job, ...]
    unreadable: tuple[ScanResult, ...]


def take_inventory(
    inputs: Sequence[Path], *, recursive: bool, on_hashed: Callable[[int], None] = lambda _: None
) -> Inventory:
    """Find the scans and hash them. Raises UsageError for an input that cannot be searched.

    on_hashed : told the number of scans hashed so far.
    """
    from pipeline.scans import InputError, discover  # noqa: PLC0415 - brings OpenCV

    try:
        scans = discover(inputs, recursive=recursive)
    except InputError as error:
        raise UsageError(str(error)) from error
    roots = [path.resolve() for path in inputs]
    sightings: list[Sighting] = []
    jobs: dict[str, Job] = {}
    unreadable: list[ScanResult] = []
    with ThreadPoolExecutor(_HASHING_THREADS) as threads:
        for number, (scan, hashed) in enumerate(zip(scans, threads.map(_hash, scans), strict=True), 1):
            if isinstance(hashed, Job):
                jobs.setdefault(hashed.content, hashed)  # two names of one content are read once
                content = hashed.content
            else:
                unreadable.append(hashed)
                content = hashed.content
            sightings.append(_sighting(scan, roots, content))
            on_hashed(number)
    return Inventory(tuple(sightings), tuple(jobs.values()), tuple(unreadable))


def _hash(scan: Scan) -> Job | ScanResult:
    from pipeline.scans import sha256  # noqa: PLC0415 - brings OpenCV

    try:
        stamp = Stamp.of(scan.path)
        return Job(scan, sha256(scan.path), stamp)
    except OSError as error:
        log.debug("%s cannot be hashed: %s", scan.name, error)
        text = f"the file cannot be read ({error.strerror}); see to its permissions, then run again"
        failure = PageFailure(1, Reason.UNREADABLE_FILE, text, lasting=False)
        return ScanResult(content_key(None, _place(scan.path)), failures=[failure])


def _sighting(scan: Scan, roots: Sequence[Path], content: str) -> Sighting:
    place = _place(scan.path)
    root = next((root for root in roots if root in place.parents), place.parent)
    return Sighting(place, root, scan.name, content)


def _place(path: Path) -> Path:
    """One way to write where a file lies, links to the file itself left as they are."""
    return path.parent.resolve() / path.name


def portion(jobs: Sequence[Job], workers: int) -> list[Sequence[Job]]:
    """The jobs in chunks of nearly one size, few enough to be cheap and enough to keep all workers busy."""
    if not jobs:
        return []
    count = max(-(-len(jobs) // LARGEST_CHUNK), min(CHUNKS_A_WORKER * workers, len(jobs)))
    edges = [len(jobs) * number // count for number in range(count + 1)]
    return [jobs[start:end] for start, end in pairwise(edges)]
