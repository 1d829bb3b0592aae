"""What a person at a terminal sees: messages and progress on standard error, results on standard output."""

from __future__ import annotations

import logging
import sys
from enum import IntEnum
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from flows.night import Watcher


class Loudness(IntEnum):
    """How much is said."""

    QUIET = logging.ERROR
    NORMAL = logging.WARNING
    VERBOSE = logging.DEBUG


class _OnConsole(logging.Handler):
    """Writes above a progress bar instead of through it."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        text = f"nightsort: {record.levelname.lower()}: {self.format(record)}"
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


def standard_error() -> Console:
    """The console for messages."""
    return Console(stderr=True)


def set_up_logging(loudness: Loudness, console: Console) -> None:
    """Send the messages of Nightsort's own modules to the console."""
    handler = _OnConsole(console)
    for name in ("flows", "pipeline", "models"):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(loudness)
        logger.propagate = False


class ProgressBar(Watcher):
    """Scans read, as a bar on standard error where that is a terminal; a context manager."""

    def __init__(self, console: Console, *, shown: bool) -> None:
        self._failed = 0
        self._task: TaskID | None = None
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
            console=console,
            transient=True,
            disable=not (shown and console.is_terminal),
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def hashed(self, count: int) -> None:
        """Show that scans are being found."""
        if self._task is None:
            self._task = self._progress.add_task("finding scans", total=None, note="")
        self._progress.update(self._task, completed=count)

    def begin(self, total: int) -> None:
        """Show a bar of so many scans."""
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._task = self._progress.add_task("reading scans", total=total, note="")

    def advance(self, read: int, failed: int) -> None:
        """Move the bar on."""
        if self._task is not None:
            self._failed += failed
            note = f"{self._failed} failed" if self._failed else ""
            self._progress.update(self._task, advance=read, note=note)


def print_error(message: str) -> None:
    """One line on standard error."""
    print(f"nightsort: error: {' '.join(message.split())}", file=sys.stderr)
