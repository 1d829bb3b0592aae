"""Decisions into results.csv and results.jsonl: written whole, a moment after the reviewers pause."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

from flows.errors import LedgerError
from flows.ledger import FILE_NAME, Ledger
from flows.results import write_results

log = logging.getLogger(__name__)

QUIET_S = 2.0  # without a decision, before the files are written
LONGEST_S = 30.0  # that a decision waits while people go on deciding
AGAIN_S = 10.0  # before another try, where the files could not be written


class Publisher:
    """Writes the results in a thread of its own whenever there is something new; a last time at `close`."""

    def __init__(self, out: Path, *, quiet_s: float = QUIET_S, longest_s: float = LONGEST_S) -> None:
        self._out = out
        self._quiet_s, self._longest_s = quiet_s, longest_s
        self._changed = threading.Condition()
        self._first = self._last = 0.0
        self._dirty = self._closing = False
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
            self._changed.notify()

    def close(self) -> None:
        """Write what is not written yet, and end."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def _work(self) -> None:
        while self._wait():
            try:
                with Ledger(self._out / FILE_NAME) as ledger:
                    write_results(ledger, self._out)
                self.trouble = ""
            except (OSError, LedgerError) as error:
                self.trouble = f"results.csv could not be written ({error}); the decisions are in the ledger"
                log.error("%s", self.trouble)  # noqa: TRY400 - one line, as all errors
                if not self._closing:
                    time.sleep(AGAIN_S)
                    self.mark()

    def _wait(self) -> bool:
        """Until it is time to write; False where there is nothing left and the end has come."""
        with self._changed:
            while True:
                if self._closing or (self._dirty and self._due() <= 0):
                    write, self._dirty = self._dirty, False
                    return write
                self._changed.wait(self._due() if self._dirty else None)

    def _due(self) -> float:
        """Seconds until what is new has waited long enough."""
        return min(self._last + self._quiet_s, self._first + self._longest_s) - time.monotonic()
