"""Reading processes: each loads the layout and the model once and reads chunks until the night ends.

A chunk belongs to one process at a time, so a process that dies or hangs (a decoder's crash, the
kernel's out-of-memory killer) takes nothing with it but its own chunk, which is then divided until
the scan that does it stands alone.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from typing import cast

from flows.chunk import Job, PageFailure, ScanResult
from flows.errors import InterruptedNightError, NightError
from flows.reader import Identity, OpenReader
from flows.worker import Life, Worker, WorkerDiedError

log = logging.getLogger(__name__)

SILENCE_LIMIT_S = 300.0  # a page takes a fraction of a second; a process silent this long hangs


class Turn:
    """A place in the queue for a reading process, and the process once it has come."""

    def __init__(self, pool: WorkerPool) -> None:
        self._pool = pool
        self.worker: Worker | None = None

    def read(self, jobs: Sequence[Job]) -> list[ScanResult]:
        """Wait for the process and read a chunk with it, as `WorkerPool.read` does."""
        return self._pool.read(jobs, self)


class HeadStart:
    """In the place of a turn: a chunk that is being read already, by a thread of its own."""

    def __init__(self, pool: WorkerPool, jobs: Sequence[Job]) -> None:
        self._results: Future[list[ScanResult]] = Future()
        arguments = pool, pool.queue_up(), jobs
        threading.Thread(target=self._read, args=arguments, name="head-start", daemon=True).start()

    @property
    def done(self) -> bool:
        """Whether `read` has nothing to wait for."""
        return self._results.done()

    def _read(self, pool: WorkerPool, turn: Turn, jobs: Sequence[Job]) -> None:
        try:
            self._results.set_result(pool.read(jobs, turn))
        except Exception as error:  # for whoever asks for the results
            self._results.set_exception(error)

    def read(self, jobs: Sequence[Job]) -> list[ScanResult]:
        """Wait for what `Turn.read` would give for the chunk, which is known from the start."""
        return self._results.result()


class WorkerPool:
    """The reading processes. `start` is quick; `read` may be called from many threads.

    identity : what the reader must be; a process that finds another model than the night began
        with does not read.
    silence_limit_s : a process that opens no further page for this long is ended.
    memory_limit : bytes that each process may use, None for all there are.
    verbose : let the processes write to standard error, where C libraries are talkative.
    """

    def __init__(
        self,
        open_reader: OpenReader,
        identity: Identity,
        *,
        silence_limit_s: float = SILENCE_LIMIT_S,
        memory_limit: int | None = None,
        verbose: bool = False,
    ) -> None:
        self._identity = identity
        self._silence_limit_s = silence_limit_s
        self._life = Life(open_reader, memory_limit, verbose)
        self._changed = threading.Condition()
        self._waiting: deque[Turn] = deque()
        self._idle: deque[Worker] = deque()
        self._all: set[Worker] = set()
        self._stopped = False

    def start(self, count: int) -> None:
        """Start so many processes, without waiting until they are ready."""
        for _ in range(count):
            self._give(self._new())

    def stop(self) -> None:
        """End all processes at once, whatever they are at. `read` then raises InterruptedNightError."""
        with self._changed:
            self._stopped = True
            workers, self._all = self._all, set()
            self._changed.notify_all()
        for worker in workers:
            worker.end()

    def queue_up(self) -> Turn:
        """A place in the queue, with which to read: who asked for one first has the first free process.

        Threads that read in the order in which they happen to run would read in another every night.
        """
        turn = Turn(self)
        with self._changed:
            self._waiting.append(turn)
            self._hand_out()
        return turn

    def read(self, jobs: Sequence[Job], turn: Turn | None = None) -> list[ScanResult]:
        """Read a chunk: one result for each scan, in their order, whatever a scan does to its process.

        turn : taken earlier; by default one is taken now.

        Raises WorkerStartError, or InterruptedNightError after `stop`.
        """
        turn = turn or self.queue_up()
        self._wait_for(turn)
        try:
            return self._read(turn, jobs)
        finally:
            self._give(cast(Worker, turn.worker))

    def _read(self, turn: Turn, jobs: Sequence[Job]) -> list[ScanResult]:
        """Read with the process of this turn, or with the ones that come in its place."""
        worker = cast(Worker, turn.worker)
        try:
            return worker.read(jobs, self._identity, self._silence_limit_s)
        except WorkerDiedError as error:
            worker.end()
            self._stop_if_asked(error)
            turn.worker = self._new(in_place_of=worker)
            if len(jobs) == 1:
                log.warning("%s: %s", jobs[0].scan.name, error)
                failure = PageFailure(1, error.reason, error.advice, lasting=False)
                return [ScanResult(jobs[0].content, failures=[failure])]
            log.info("a chunk of %d scans is divided: %s", len(jobs), error)
            return [result for part in divide(jobs, error.index) for result in self._read(turn, part)]
        except NightError as error:
            self._stop_if_asked(error)  # a process that was ended while it was starting has not failed to
            raise

    def _stop_if_asked(self, cause: Exception | None = None) -> None:
        if self._stopped:
            raise InterruptedNightError("the night was stopped") from cause

    def _wait_for(self, turn: Turn) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or turn.worker is not None)
        self._stop_if_asked()

    def _new(self, in_place_of: Worker | None = None) -> Worker:
        worker = Worker(self._life)
        with self._changed:
            if self._stopped:
                worker.end()
            self._all = self._all - {in_place_of} | {worker}
        return worker

    def _give(self, worker: Worker) -> None:
        """Let the next one in the queue have the process. One that refused to start refuses them, too."""
        with self._changed:
            self._idle.append(worker)
            self._hand_out()

    def _hand_out(self) -> None:
        while self._waiting and self._idle:
            self._waiting.popleft().worker = self._idle.popleft()
        self._changed.notify_all()


def divide(jobs: Sequence[Job], suspect: int | None) -> list[Sequence[Job]]:
    """Smaller parts of a chunk whose process died, the suspect alone where there is one.

    A process that had opened the last scan may as well have died of any crop in the batch.
    """
    if suspect is None or suspect == len(jobs) - 1:
        middle = len(jobs) // 2
        return [jobs[:middle], jobs[middle:]]
    parts = [jobs[:suspect], jobs[suspect : suspect + 1], jobs[suspect + 1 :]]
    return [part for part in parts if part]
