"""Decisions into results.csv and results.jsonl: written whole, a moment after the reviewers pause."""

from __future__ import annotations

import logging
import multiprocessing
import threading
import time
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from flows.errors import NightError
from flows.ledger import FILE_NAME, Ledger
from flows.results import Tally, tally_of
from flows.review.refresh import refresh
from flows.tether import end_with_parent

log = logging.getLogger(__name__)

QUIET_S = 2.0  # without a decision, before the files are written
LONGEST_S = 30.0  # that a decision waits while people go on deciding
AGAIN_S = 10.0  # before another try, where the files could not be written


class Publisher:
    """Writes the results whenever there is something new; a last time, with the report, at `close`.

    The report follows at `close` alone: its pictures take seconds.

    apart : in a process of its own, so that many fields do not hold up the reviewers.
    trouble : one line where the files could not be written, '' otherwise.
    """

    def __init__(self, out: Path, *, apart: bool = False) -> None:
        self._out = out
        self._apart = apart
        self._executor = self._open_executor()
        self._changed = threading.Condition()
        self._first = self._last = 0.0
        self._dirty = self._closing = self._stale = False
        self._tally: Future[Tally] | None = None
        self.trouble = ""
        self._thread = threading.Thread(target=self._work, name="publisher", daemon=True)
        self._thread.start()

    def mark(self) -> None:
        """There is something new to be written."""
        with self._changed:
            self._last = time.monotonic()
            if not self._dirty:
                self._first = self._last
            self._dirty = True
            self._tally = None
            self._changed.notify()

    def tally(self) -> Future[Tally]:
        """The results in figures, as of now; counted anew only after something changed."""
        with self._changed:
            if self._tally is None:
                self._tally = self._executor.submit(_count, self._out)
            return self._tally

    def close(self) -> None:
        """Write what is not written yet, and end."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()
        self._executor.shutdown()

    def _open_executor(self) -> Executor:
        if self._apart:
            context = multiprocessing.get_context("spawn")
            return ProcessPoolExecutor(1, mp_context=context, initializer=end_with_parent)
        return ThreadPoolExecutor(1, thread_name_prefix="results")

    def _work(self) -> None:
        while self._wait():
            try:
                self._executor.submit(refresh, self._out, report=self._closing).result()
                self.trouble = ""
            except (OSError, NightError, BrokenProcessPool) as error:
                self.trouble = f"results.csv could not be written ({error}); the decisions are in the ledger"
                log.error("%s", self.trouble)  # noqa: TRY400 - one line, as all errors
                if isinstance(error, BrokenProcessPool):
                    self._executor = self._open_executor()
                if not self._closing:
                    time.sleep(AGAIN_S)
                    self.mark()

    def _wait(self) -> bool:
        """Until it is time to write; False where there is nothing left and the end has come."""
        with self._changed:
            while True:
                if self._closing or (self._dirty and self._due() <= 0):
                    write = self._dirty or (self._closing and self._stale)
                    self._stale, self._dirty = not self._closing, False
                    return write
                self._changed.wait(self._due() if self._dirty else None)

    def _due(self) -> float:
        """Seconds until what is new has waited long enough."""
        return min(self._last + QUIET_S, self._first + LONGEST_S) - time.monotonic()


def _count(out: Path) -> Tally:
    with Ledger(out / FILE_NAME) as ledger:
        return tally_of(ledger)
