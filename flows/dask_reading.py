"""The reading processes of a night on the workers of a Dask cluster: `--dask local` or `--dask ADDRESS`.

A chunk goes to a Dask worker as a Prefect task, and there to reading processes of the worker's own
(`flows.workers`): they load the model once, and a scan that hangs, takes all memory or ends its process
fails alone, as it does on one machine. A worker that dies costs nothing: Dask gives its chunk to
another one, and the night's process alone writes the ledger.
"""

from __future__ import annotations

import importlib.util
import ipaddress
import logging
import multiprocessing
import re
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flows.chunk import Job, ScanResult
from flows.errors import DaskUnavailableError, InterruptedNightError, UsageError
from flows.limits import memory_a_worker
from flows.reader import Identity, OpenReader
from flows.workers import WorkerPool

if TYPE_CHECKING:
    from distributed import Client
    from prefect_dask.task_runners import DaskTaskRunner

log = logging.getLogger(__name__)

LOCAL = "local"
ANSWER_LIMIT_S = 30.0
_ANY_PORT = "127.0.0.1:0"
UNUSED_LIMIT_S = 3600.0  # a night that was killed says no farewell to a cluster that lives on


def check_dask(address: str, *, prefect_api: str | None) -> None:
    """Raise UsageError where the cluster cannot be used, as far as that is known before it is asked.

    prefect_api : the address of a Prefect server that is set, None where the night starts its own.
    """
    if importlib.util.find_spec("prefect_dask") is None:
        raise UsageError("--dask needs prefect-dask; install it with pip install 'nightsort[dask]'")
    if prefect_api is None and not _is_here(address):
        raise UsageError(
            f"--dask {address}: its workers cannot reach the Prefect server of this night;"
            " set PREFECT_API_URL to one that they can"
        )


def _is_here(address: str) -> bool:
    host = re.sub(r"^\w+://|:\d+$", "", address).strip("[]")
    try:
        return host in (LOCAL, "localhost") or ipaddress.ip_address(host).is_loopback
    except ValueError:  # another machine's name
        return False


def cluster_threads(address: str) -> int:
    """How many chunks the cluster can read at once. Raises UsageError where no scheduler answers."""
    from distributed import Client  # noqa: PLC0415 - an extra, and slow to import

    try:
        with Client(address, timeout=ANSWER_LIMIT_S, set_as_default=False) as client:
            return max(sum(map(int, client.nthreads().values())), 1)
    except (OSError, ValueError, TypeError) as error:
        raise UsageError(
            f"--dask {address}: no scheduler answers ({type(error).__name__});"
            " start one with `dask scheduler`, or give --dask local"
        ) from error


@dataclass(frozen=True)
class Order:
    """What a Dask worker must know to read for a night.

    night : a name that no other night has.
    """

    open_reader: OpenReader
    identity: Identity
    silence_limit_s: float
    verbose: bool
    night: str = field(default_factory=lambda: uuid.uuid4().hex)


class DaskPool:
    """In the place of `flows.workers.WorkerPool`, with the processes on a Dask cluster.

    address : of the scheduler; `local` for a cluster of our own that lives as long as the reading.
    """

    def __init__(
        self,
        address: str,
        open_reader: OpenReader,
        identity: Identity,
        *,
        silence_limit_s: float,
        verbose: bool = False,
    ) -> None:
        self._address = address
        self._order = Order(open_reader, identity, silence_limit_s, verbose)
        self._workers = 1
        self.client: Client | None = None  # the connection to the cluster, while there is one

    def start(self, count: int) -> None:
        """Note how many workers a local cluster shall have; they start with `task_runner`."""
        self._workers = count

    def queue_up(self) -> RemoteTurn:
        """What a chunk is read with."""
        return RemoteTurn(self._order)

    @contextmanager
    def task_runner(self) -> Iterator[DaskTaskRunner]:
        """Be connected to the cluster. Raises DaskUnavailableError, also for what is done within."""
        from distributed.scheduler import KilledWorker  # noqa: PLC0415
        from distributed.utils import CancelledError  # noqa: PLC0415 - an extra, and slow to import

        try:
            with self._make_runner() as runner:
                self.client = runner.client
                try:
                    yield runner
                finally:
                    self.stop()
                    self.client = None
        except (KilledWorker, CancelledError, OSError, TimeoutError) as error:
            raise DaskUnavailableError(
                f"the Dask cluster ({self._address}) was lost ({type(error).__name__});"
                " what was read is kept, see to the cluster and run the same command again"
            ) from error

    def _make_runner(self) -> DaskTaskRunner:
        from prefect_dask.task_runners import DaskTaskRunner  # noqa: PLC0415 - an extra, and slow to import

        if self._address != LOCAL:
            return DaskTaskRunner(address=self._address)
        return DaskTaskRunner(
            cluster_kwargs={
                "n_workers": self._workers,
                "threads_per_worker": 1,
                "memory_limit": 0,  # the reading processes have limits of their own
                "dashboard_address": _ANY_PORT,
                "worker_dashboard_address": _ANY_PORT,
                "security": True,  # whoever talks to a scheduler may run code: certificates keep others out
            }
        )

    def stop(self) -> None:
        """End the reading processes on all workers, whatever they are at."""
        if self.client is None:
            return
        answers = self.client.run(end_reading, self._order.night, on_error="return")
        for worker, answer in answers.items():
            if answer is not None:
                log.debug("%s goes on reading for a while: %r", worker, answer)


class RemoteTurn:
    """Goes to a Dask worker with a chunk, and reads it there."""

    def __init__(self, order: Order) -> None:
        self._order = order

    def read(self, jobs: Sequence[Job]) -> list[ScanResult]:
        """Read a chunk as `WorkerPool.read` does."""
        return _here.pool(self._order).read(jobs)


# On the Dask worker -------------------------------------------------------------------------------------


class _Pools:
    """The reading processes of a Dask worker, by night."""

    def __init__(self) -> None:
        self._pools: dict[str, WorkerPool] = {}
        self._used: dict[str, float] = {}
        self._ended: set[str] = set()
        self._guard = threading.Lock()

    def pool(self, order: Order) -> WorkerPool:
        """The processes for a night, as many as the worker has threads; those of old nights end."""
        with self._guard:
            if order.night in self._ended:
                raise InterruptedNightError("the night was stopped")
            if order.night not in self._pools:
                self._end_unused(order.silence_limit_s)
                self._pools[order.night] = _start_pool(order)
            self._used[order.night] = time.monotonic()
            return self._pools[order.night]

    def end(self, night: str) -> None:
        """End the processes of a night, for good."""
        with self._guard:
            self._ended.add(night)
            pool = self._pools.pop(night, None)
            self._used.pop(night, None)
        if pool is not None:
            pool.stop()

    def _end_unused(self, silence_limit_s: float) -> None:
        oldest = time.monotonic() - UNUSED_LIMIT_S - silence_limit_s
        for night in [night for night, used in self._used.items() if used < oldest]:
            self._used.pop(night)
            self._pools.pop(night).stop()


_here = _Pools()


def end_reading(night: str) -> None:
    """End a night's reading processes on this worker; for `distributed.Client.run`."""
    _here.end(night)


def _start_pool(order: Order) -> WorkerPool:
    from distributed import get_worker  # noqa: PLC0415 - this module is imported without Dask as well

    threads = get_worker().state.nthreads
    # Dask starts its workers as daemons, which multiprocessing lets have no children, so that none is
    # left behind; ours end with their parent by themselves (`flows.tether`).
    process: Any = multiprocessing.current_process()
    process._config["daemon"] = False
    pool = WorkerPool(
        order.open_reader,
        order.identity,
        silence_limit_s=order.silence_limit_s,
        memory_limit=memory_a_worker(threads),
        verbose=order.verbose,
    )
    pool.start(threads)
    return pool
