"""Processor time and memory of a process and all that it started, looked up in /proc while it runs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from flows.errors import UsageError

_PROC = Path("/proc")
_TICK_S = 0.1
_WEIGH_EVERY = 4  # ticks: adding up the pages of a process takes milliseconds


@dataclass
class TreeFigures:
    """What a tree of processes took.

    cpu_s : processor time of all, also of those that have ended. wall_s : from first to last look.
    peak_bytes : most memory at one time, what processes share counted once.
    history : (seconds since the start, processor seconds so far).
    """

    cpu_s: float = 0.0
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


def watch(root: int, alive: Callable[[], bool], on_tick: Callable[[float], None]) -> TreeFigures:
    """Watch a process and its descendants for as long as it is `alive`. Raises UsageError without /proc.

    on_tick : told the seconds since the start, about ten times a second.
    """
    if not (_PROC / "self" / "stat").exists():
        raise UsageError("speed is measured on Linux only: this system has no /proc")
    figures = TreeFigures()
    begin = time.monotonic()
    used: dict[int, float] = {root: 0.0}
    ticks = 0
    while True:
        going = alive()
        _look(used)
        figures.wall_s = time.monotonic() - begin
        figures.cpu_s = sum(used.values())
        figures.history.append((figures.wall_s, figures.cpu_s))
        if ticks % _WEIGH_EVERY == 0:
            figures.peak_bytes = max(figures.peak_bytes, sum(map(_memory, used)))
        on_tick(figures.wall_s)
        if not going:
            return figures
        ticks += 1
        time.sleep(_TICK_S)


def _look(used: dict[int, float]) -> None:
    """Bring the processor seconds up to date, and add processes that came since."""
    parents: dict[int, int] = {}
    seconds: dict[int, float] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit() and (stat := _stat(int(entry.name))):
            parents[int(entry.name)], seconds[int(entry.name)] = stat
    for pid in sorted(parents):  # parents are mostly older
        if parents[pid] in used:
            used.setdefault(pid, 0.0)
    for pid in used:
        used[pid] = max(used[pid], seconds.get(pid, 0.0))


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
