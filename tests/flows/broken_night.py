"""A night that gets SIGKILL at a moment of its own: `python -m tests.flows.broken_night IN OUT MOMENT`.

Without Prefect and without processes, which have no part in what is on the disk.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flows.chunk import read_chunk
from flows.ledger import Ledger
from flows.night import Night
from flows.settings import NightSettings
from tests.flows import fakes

MOMENTS = {
    "a chunk is read and not yet written": (Ledger, "write_results", 1),
    "a chunk is half written": (Ledger, "_write_result", 12),
    "results.csv is written and not yet in its place": (os, "fsync", 2),  # the first is the schema's
    "results.csv is new and results.jsonl old": (os, "fsync", 3),
    "the quarantine is half filled": (shutil, "copyfile", 2),
}


def kill_at(owner: Any, name: str, call: int) -> None:
    """Have this process get SIGKILL when the function is called for the so-manieth time."""
    really: Callable[..., Any] = getattr(owner, name)
    calls = 0

    def counted(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return really(*arguments, **options)

    setattr(owner, name, counted)


def main(inbox: str, out: str, moment: str = "") -> None:
    """Go through the night."""
    settings = NightSettings((Path(inbox),), Path(out), workers=2, max_failures="100%")
    with Night(settings, open_with=fakes.open_reader) as night:
        if moment:
            kill_at(*MOMENTS[moment])
        night.prepare()
        for jobs in night.chunks:
            night.record(read_chunk(jobs, fakes.open_reader()))
        night.finish()


if __name__ == "__main__":
    main(*sys.argv[1:])
