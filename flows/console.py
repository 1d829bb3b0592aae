"""What a person at a terminal sees: messages and progress on standard error, results on standard output."""

from __future__ import annotations

import logging
import sys
import time
from enum import IntEnum
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from flows.messages import json_line
from flows.watcher import Watcher

log = logging.getLogger(__name__)

LOG_EVERY_S = 60.0


class Loudness(IntEnum):
    """How much is said."""

    QUIET = logging.ERROR
    NORMAL = logging.WARNING
    TALKATIVE = logging.INFO
    VERBOSE = logging.DEBUG


class _OnConsole(logging.Handler):
    """Writes above a progress bar instead of through it."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        text = f"nightsort: {record.levelname.lower()}: {self.format(record)}"
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


class _AsJson(logging.Handler):
    """One JSON object a line on standard error, for a log collector."""

    def emit(self, record: logging.LogRecord) -> None:
        sys.stderr.write(json_line(record.levelname.lower(), record.getMessage(), logger=record.name))
        sys.stderr.flush()


def standard_error() -> Console:
    """The console for messages."""
    return Console(stderr=True)


def set_up_logging(loudness: Loudness, console: Console, *, as_json: bool = False) -> None:
    """Send the messages of Nightsort's own modules to the console, or as JSON to standard error.

    As JSON the progress is told as well, unless only errors are wanted.
    """
    handler: logging.Handler = _AsJson() if as_json else _OnConsole(console)
    if as_json and loudness is Loudness.NORMAL:
        loudness = Loudness.TALKATIVE
    for name in ("flows", "pipeline", "models"):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(loudness)
        logger.propagate = False


class ProgressBar(Watcher):
    """Scans read, as a bar on standard error where that is a terminal; a context manager.

    Elsewhere the progress is logged, once a minute.
    """

    def __init__(self, console: Console, *, shown: bool) -> None:
        self._failed = self._read = self._total = 0
        self._begun = self._logged = time.monotonic()
        self._task: TaskID | None = None
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(),
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
        self._total = total
        self._begun = self._logged = time.monotonic()
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._task = self._progress.add_task("reading scans", total=total, note="")

    def advance(self, read: int, failed: int) -> None:
        """Move the bar on."""
        self._read += read
        self._failed += failed
        self._log()
        if self._task is not None:
            note = f"{self._failed} failed" if self._failed else ""
            self._progress.update(self._task, advance=read, note=note)

    def _log(self) -> None:
        now = time.monotonic()
        if self._read < self._total and now - self._logged < LOG_EVERY_S:
            return
        self._logged = now
        rate = self._read / max(now - self._begun, 1e-9)
        log.info(
            "%d of %d scans read, %d failed, %.1f scans/s, %.0f s left",
            self._read,
            self._total,
            self._failed,
            rate,
            (self._total - self._read) / rate if rate else 0,
        )


class _Rate(ProgressColumn):
    """Scans a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.1f}/s" if task.speed else "")
