"""Which scans there are, which of them are still to be read, and in what portions."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from flows.addresses import Address
from flows.chunk import Job, PageFailure, ScanResult, Stamp
from flows.errors import UsageError
from flows.fetch import fetch_scans, store_of
from flows.ledger_rows import Sighting, content_key
from flows.settle import part_settled
from pipeline.document import Reason, Scan

log = logging.getLogger(__name__)

LARGEST_CHUNK = 64  # scans; 3 s of work and more, beside which a task run costs nothing
FIRST_CHUNK = 8  # scans of the first chunk of each worker in a long night: rows are seen early
CHUNKS_A_WORKER = 2  # at least, so that the last ones to finish do not wait long for each other
_HASHING_THREADS = 4
_HASHED_AT_ONCE = 500  # each takes 1.5 kB while it waits, more than what is kept of it


@dataclass(frozen=True)
class Inventory:
    """All scans below the inputs.

    unreadable : results of files that could not even be hashed.
    unsettled : names of files that are left out, because they are still being written.
    ignored : names of files and folders that are plainly something else.
    """

    sightings: tuple[Sighting, ...]
    jobs: tuple[Job, ...]
    unreadable: tuple[ScanResult, ...]
    unsettled: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()


def take_inventory(
    inputs: Sequence[Path | Address],
    out: Path,
    *,
    recursive: bool,
    settle: float = 0.0,
    on_hashed: Callable[[int], None] = lambda _: None,
) -> Inventory:
    """Find the scans and hash them. Raises UsageError for an input that cannot be searched.

    out : the output folder, which is not searched; what lies at an address is fetched into it.
    settle : seconds in which a file must not change to be taken (`flows.settle`).
    on_hashed : told the number of scans hashed so far.
    """
    from pipeline.files.scans import InputError, discover  # noqa: PLC0415 - brings OpenCV

    folders = [each for each in inputs if isinstance(each, Path)]
    prefixed = len(inputs) > 1
    ignored: list[str] = []
    try:
        scans = discover(
            folders, recursive=recursive, exclude=[out], prefixed=prefixed, on_ignored=ignored.append
        )
    except InputError as error:
        raise UsageError(str(error)) from error
    scans, growing = part_settled(scans, settle)
    unsettled = [scan.name for scan in growing]
    roots = [path.resolve() for path in folders]
    for address in inputs:
        if isinstance(address, Address):
            fetched = fetch_scans(address, out, recursive=recursive, prefixed=prefixed, settle=settle)
            scans += fetched.scans
            unsettled += fetched.growing
            ignored += fetched.ignored
            roots.append(store_of(address, out).resolve())
    _check_names(scans)
    hashed = _hash_all(sorted(scans, key=lambda scan: scan.name), on_hashed)
    return replace(
        _inventory([(_sighting(scan, roots, each.content), each) for scan, each in hashed]),
        unsettled=tuple(unsettled),
        ignored=tuple(sorted(ignored)),
    )


def _check_names(scans: Sequence[Scan]) -> None:
    for name, count in Counter(scan.name for scan in scans).items():
        if count > 1:
            raise UsageError(f"two inputs have a scan called {name!r}; read them in separate runs")


def take_again(
    sightings: Sequence[Sighting], *, on_hashed: Callable[[int], None] = lambda _: None
) -> Inventory:
    """The scans as the ledger has them, hashed anew; those whose file is gone are left out.

    on_hashed : told the number of scans hashed so far.
    """
    there = [sight for sight in sightings if sight.path.exists()]
    for sight in sightings:
        if not sight.path.exists():
            log.warning("%s is no longer there; it keeps its row and its place in quarantine", sight.path)
    hashed = _hash_all([Scan(sight.path, sight.name) for sight in there], on_hashed)
    return _inventory(
        [(replace(sight, content=each.content), each) for sight, (_, each) in zip(there, hashed, strict=True)]
    )


def _hash_all(scans: Sequence[Scan], on_hashed: Callable[[int], None]) -> list[tuple[Scan, Job | ScanResult]]:
    hashed: list[tuple[Scan, Job | ScanResult]] = []
    with ThreadPoolExecutor(_HASHING_THREADS) as threads:
        for first in range(0, len(scans), _HASHED_AT_ONCE):
            part = scans[first : first + _HASHED_AT_ONCE]
            for pair in zip(part, threads.map(_hash, part), strict=True):
                hashed.append(pair)
                on_hashed(len(hashed))
    return hashed


def _inventory(seen: Sequence[tuple[Sighting, Job | ScanResult]]) -> Inventory:
    jobs: dict[str, Job] = {}
    for _, hashed in seen:
        if isinstance(hashed, Job):
            jobs.setdefault(hashed.content, hashed)  # two names of one content are read once
    return Inventory(
        sightings=tuple(sighting for sighting, _ in seen),
        jobs=tuple(jobs.values()),
        unreadable=tuple(hashed for _, hashed in seen if isinstance(hashed, ScanResult)),
    )


def _hash(scan: Scan) -> Job | ScanResult:
    from pipeline.files.scans import sha256  # noqa: PLC0415 - brings OpenCV

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
    """The jobs in chunks of nearly one size, few enough to be cheap and enough to keep all workers busy.

    Where there are enough of them, each worker begins with a small one.
    """
    if not jobs:
        return []
    early = FIRST_CHUNK * workers if len(jobs) >= LARGEST_CHUNK * workers else 0
    rest = len(jobs) - early
    count = max(-(-rest // LARGEST_CHUNK), min(CHUNKS_A_WORKER * workers, rest))
    edges = [*range(0, early, FIRST_CHUNK), *(early + rest * number // count for number in range(count + 1))]
    return [jobs[start:end] for start, end in pairwise(edges)]
