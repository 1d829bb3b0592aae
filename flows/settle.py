"""Files that somebody is still writing: a copy over a network, a scanner that has not finished.

A file that has not changed for a while is taken at once. The others are looked at twice, so that
the clock of a file server that goes wrong keeps no file out for ever.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.document import Scan

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Look:
    """What tells that a file was written to. A copy keeps the time of its content, so both times count."""

    size: int
    modified_ns: int
    changed_ns: int

    @classmethod
    def at(cls, path: Path) -> _Look | None:
        try:
            status = path.stat()
        except OSError:
            return None  # whatever is wrong with it is told where it is read
        return cls(status.st_size, status.st_mtime_ns, status.st_ctime_ns)

    def age_s(self, now_ns: int) -> float:
        return (now_ns - max(self.modified_ns, self.changed_ns)) / 1e9


def part_settled(
    scans: Sequence[Scan], seconds: float, *, wait: Callable[[float], None] = time.sleep
) -> tuple[list[Scan], list[Scan]]:
    """The scans that are all there, and those that are still being written.

    seconds : how long a file must not have changed; where one did within them, all such files
        are looked at again after as long a wait. 0 takes all as they are.
    """
    if seconds <= 0:
        return list(scans), []
    now = time.time_ns()
    first = {scan.path: _Look.at(scan.path) for scan in scans}
    fresh = {path for path, look in first.items() if look is not None and look.age_s(now) < seconds}
    if fresh:
        log.info("%d files are new; waiting %g s to see whether they still grow", len(fresh), seconds)
        wait(seconds)
    growing = {path for path in fresh if _Look.at(path) != first[path]}
    for scan in scans:
        if scan.path in growing:
            log.warning("%s is still being written; it is left for the next night", scan.name)
    return (
        [scan for scan in scans if scan.path not in growing],
        [scan for scan in scans if scan.path in growing],
    )
