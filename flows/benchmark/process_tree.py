"""Processor time and memory of processes and all that they started, looked up in /proc while they run."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from flows.errors import UsageError

_PROC = Path("/proc")
_TICK_S = 0.1
# Ticks between the looks that cost milliseconds: for new processes, and at what memory they hold.
_SEARCH_EVERY, _WEIGH_EVERY = 3, 10


@dataclass
class TreeFigures:
    """What processes and all below them took.

    cpu_s : processor time of all, also of those that have ended. top_s : of those at the top.
    wall_s : from first to last look.
    peak_bytes : most memory at one time, what processes share counted once.
    history : (seconds since the start, processor seconds so far).
    """

    cpu_s: float = 0.0
    top_s: float = 0.0
    wall_s: float = 0.0
    peak_bytes: int = 0
    history: list[tuple[float, float]] = field(default_factory=list)

    def busy(self, begin: float, end: float, cores: int) -> float | None:
        """Share of `cores` that was busy between two points of the wall time; None where it was too short."""
        within = [each for each in self.history if begin <= each[0] <= end]
        if len(within) < 3:
            return None
        (t0, used0), (t1, used1) = within[0], within[-1]
        return (used1 - used0) / ((t1 - t0) * cores)


def watch(
    top: Sequence[int], alive: Callable[[], bool], on_tick: Callable[[float], None] = lambda _: None
) -> TreeFigures:
    """Watch processes and their descendants for as long as they are `alive`. Raises UsageError without /proc.

    on_tick : told the seconds since the start, about ten times a second.
    """
    if not (_PROC / "self" / "stat").exists():
        raise UsageError("speed is measured on Linux only: this system has no /proc")
    figures = TreeFigures()
    begin = time.monotonic()
    used = dict.fromkeys(top, 0.0)
    ticks = 0
    while True:
        going = alive()
        if ticks % _SEARCH_EVERY == 0:
            _add_descendants(used)
        for pid, seconds in used.items():
            if stat := _stat(pid):
                used[pid] = max(seconds, stat[1])
        figures.wall_s = time.monotonic() - begin
        figures.cpu_s = sum(used.values())
        figures.top_s = sum(used[pid] for pid in top)
        figures.history.append((figures.wall_s, figures.cpu_s))
        if ticks % (_WEIGH_EVERY if ticks > _WEIGH_EVERY else 2) == 0:  # what is short is weighed often
            figures.peak_bytes = max(figures.peak_bytes, sum(map(_memory, used)))
        on_tick(figures.wall_s)
        if not going:
            return figures
        ticks += 1
        time.sleep(_TICK_S)


def _add_descendants(used: dict[int, float]) -> None:
    """Add processes that came since the last look."""
    parents = {
        pid: stat[0]
        for pid in sorted(int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit())
        if pid not in used and (stat := _stat(pid))
    }
    for pid, parent in parents.items():  # a parent's number is the smaller one, as a rule
        if parent in used:
            used[pid] = 0.0


def _stat(pid: int) -> tuple[int, float] | None:
    """Parent and processor seconds of a process; None where it is gone."""
    try:
        text = (_PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    return int(fields[1]), ticks / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> int:
    """Bytes of a process, its share of what it shares; 0 where it is gone."""
    try:
        for line in (_PROC / str(pid) / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        return 0
    return 0
