"""One reading process: it loads the layout and the model once, and reads the chunks that it is sent."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, cast

from flows.chunk import Job, ScanResult, read_chunk
from flows.errors import NightError, WorkerStartError
from flows.limits import limit_memory
from flows.processes import reading_context
from flows.reader import Identity, OpenReader
from flows.tether import end_with_parent
from pipeline.document import Reason

START_LIMIT_S = 120.0


@dataclass(frozen=True)
class Life:
    """What every reading process is given."""

    open_reader: OpenReader
    memory_limit: int | None
    verbose: bool


class WorkerDiedError(Exception):
    """A reading process ended, or was ended for its silence, before its answer came.

    index : of the scan in the chunk that it had opened last; None where it had opened none.
    """

    def __init__(self, cause: str, index: int | None, *, too_slow: bool = False) -> None:
        super().__init__(cause)
        self.index = index
        self._too_slow = too_slow

    @property
    def reason(self) -> Reason:
        """Why the scan that did it has failed."""
        return Reason.TOO_SLOW if self._too_slow else Reason.INTERNAL_ERROR

    @property
    def advice(self) -> str:
        """The same for a person, with what to do."""
        if self._too_slow:
            return f"reading it was given up ({self}); try `nightsort retry` with a longer --page-timeout"
        return f"reading it ended its process ({self}); please report this scan"


class Worker:
    """The parent's side of one process, which starts with it."""

    def __init__(self, life: Life) -> None:
        context = reading_context()
        self._connection, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(theirs, life), name="nightsort-reader", daemon=True
        )
        self._process.start()
        theirs.close()
        self._ready = False
        self._refusal: NightError | None = None

    def end(self) -> None:
        """End the process at once, whatever it is at."""
        self._process.kill()
        self._process.join()

    def read(self, jobs: Sequence[Job], identity: Identity, silence_limit_s: float) -> list[ScanResult]:
        """Read a chunk: one result for each scan, in their order; waits first until the process is ready.

        identity : what its reader must be. silence_limit_s : how long it may be at one scan.
        Raises WorkerDiedError, WorkerStartError.
        """
        self._wait_until_ready(identity)
        index: int | None = None
        try:
            self._connection.send(list(jobs))
            while self._connection.poll(silence_limit_s):
                kind, content = self._connection.recv()
                if kind == "results":
                    return cast(list[ScanResult], content)
                index = content
        except (EOFError, OSError) as error:
            self._process.join(5)
            raise WorkerDiedError(_cause(self._process.exitcode), index) from error
        raise WorkerDiedError(f"no sign of life for {silence_limit_s:g} s", index, too_slow=True)

    def _wait_until_ready(self, identity: Identity) -> None:
        if self._refusal is not None:
            raise self._refusal
        if self._ready:
            return
        try:
            self._learn_whether_ready(identity)
        except NightError as error:
            self._refusal = error
            raise
        self._ready = True

    def _learn_whether_ready(self, identity: Identity) -> None:
        try:
            if not self._connection.poll(START_LIMIT_S):
                raise WorkerStartError(f"a reading process was not ready after {START_LIMIT_S:.0f} s")
            kind, content = self._connection.recv()
        except (EOFError, OSError) as error:
            self._process.join(5)
            raise WorkerStartError(
                f"a reading process ended at its start ({_cause(self._process.exitcode)});"
                " try fewer --workers, or --verbose to see why"
            ) from error
        if kind == "error":
            raise content
        if content != identity:
            raise WorkerStartError("the layout or the model changed during the night; run it again")


def _cause(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        return f"signal {signal.Signals(-exit_code).name}"
    return f"exit code {exit_code}"


def _serve(connection: Connection[Any, Any], life: Life) -> None:
    """The life of a reading process."""
    # Whether the night stops is the parent's decision; a terminal or systemd signals all of us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    end_with_parent()
    if not life.verbose:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    import cv2  # noqa: PLC0415

    import flows.warm  # noqa: F401, PLC0415 - sets the environment for what it brings; done where it was forked

    cv2.setNumThreads(1)
    try:
        reader = life.open_reader()
        limit_memory(life.memory_limit)  # loading a model may reserve more than it ever uses
    except NightError as error:
        connection.send(("error", error))
        return
    except Exception as error:
        connection.send(("error", WorkerStartError(f"a reading process cannot start: {error!r}")))
        raise
    connection.send(("ready", reader.identity))
    while True:
        try:
            jobs = connection.recv()
        except EOFError:
            return
        results = read_chunk(jobs, reader, on_scan=lambda index: connection.send(("scan", index)))
        connection.send(("results", results))
