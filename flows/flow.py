"""The night as a Prefect flow: one task takes stock, one reads each chunk, one writes the results.

The reading itself happens in processes of our own (`flows.workers`); a task is a thread that waits
for one of them, so Prefect sees every chunk and costs some milliseconds for each.
"""

from __future__ import annotations

import logging
import queue
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from httpx import HTTPError
from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import FlowRunContext
from prefect.exceptions import PrefectException
from prefect.futures import PrefectFuture
from prefect.states import Cancelled, Completed, Failed
from prefect.task_runners import TaskRunner
from prefect.tasks import Task, exponential_backoff

from flows.artifacts import ReadingProgress, publish
from flows.chunk import Job, ScanResult
from flows.dask_reading import DaskPool, RemoteTurn
from flows.errors import InterruptedNightError, PrefectUnavailableError
from flows.handover import handed_over, prepared_night
from flows.interrupt import stop_on_signal
from flows.night import Night
from flows.settings import NightSettings, usable_cores
from flows.tether import end_with_service, say_failure
from flows.workers import HeadStart, Turn

log = logging.getLogger(__name__)

_LOOK_FOR_STOP_S = 0.2


async def _is_io_error(_task: Task[Any, Any], _run: TaskRun, state: State[Any]) -> bool:
    """Only input and output may go better a second time."""
    result = await state.aresult(raise_on_failure=False)
    return isinstance(result, OSError)


_RETRIES: dict[str, Any] = {
    "retries": 2,
    "retry_delay_seconds": exponential_backoff(2),
    "retry_condition_fn": _is_io_error,
}


@task(name="take-inventory", cache_policy=NO_CACHE, **_RETRIES)
def take_inventory(night: Night) -> None:
    """Find the scans, hash them, and leave out those that the ledger has."""
    night.prepare()
    figures = night.figures
    get_run_logger().info("%d scans found, %d read before", figures.found, figures.known)


class Chunk:
    """Scans, and what they are read with.

    Neither a list nor a dataclass: Prefect would look into every scan for results of other tasks.
    """

    def __init__(self, jobs: Sequence[Job], turn: Turn | HeadStart | RemoteTurn) -> None:
        self.jobs = jobs
        self.turn = turn


@task(name="read-chunk", task_run_name="chunk {number}, {first} and on", cache_policy=NO_CACHE)
def read_chunk(number: int, first: str, chunk: Chunk) -> list[ScanResult]:
    """Read some tens of scans in a process of their own, when the chunks before them have theirs."""
    results = chunk.turn.read(chunk.jobs)
    failed = sum(bool(result.failures) for result in results)
    get_run_logger().info("chunk %d from %s: %d scans read, %d failed", number, first, len(results), failed)
    return results


@task(name="write-results", cache_policy=NO_CACHE, **_RETRIES)
def write_results(night: Night, outcome: str) -> None:
    """Write the output folder from the ledger."""
    night.finish(outcome)


@flow(
    name="nightsort", flow_run_name="nightsort to {out}", on_failure=[say_failure], on_crashed=[say_failure]
)
def night_flow(
    inputs: list[str],
    out: str,
    layout: str = "envelope",
    postal: str = "us",
    model: str | None = None,
    target_error: float = 0.01,
    workers: int | None = None,
    recursive: bool = True,
    existing: str = "skip",
    max_failures: str = "10%",
    page_timeout: float = 300.0,
    settle: float = 0.0,
    retry: bool = False,
    formats: str = "",
    debug_images: bool = False,
    on_failure: str | None = None,
    dask: str | None = None,
    copy_to: str | None = None,
) -> State[Any]:
    """Read every scan below the inputs that was not read before, and write the results to `out`."""
    settings = _settings(locals())
    with ExitStack() as stack:
        night, kept = prepared_night()
        if night is None:  # run by a deployment and not by the command line
            end_with_service()
            night = stack.enter_context(Night(settings))
        take_inventory(night)
        night.start_workers()
        with night.reading(), _task_runner(night) as runner:
            outcome = _read_chunks(night, runner, kept=kept)
        write_results(night, outcome)
        if kept:
            publish(night)
        return _final_state(night, outcome)


def _settings(parameters: Mapping[str, Any]) -> NightSettings:
    """The settings of a night from the flow's parameters, which are named as they are."""
    given = {name: value for name, value in parameters.items() if value is not None}
    return NightSettings.from_json({"workers": usable_cores()} | given)


def run_as_flow(night: Night, *, kept: bool = True) -> None:
    """Run a night, prepared or not, as a Prefect flow; `night.document` tells that it came to its end.

    kept : Prefect's records are, so that figures are put there for those who look.

    Raises whatever ended it early; PrefectUnavailableError where that was Prefect.
    """
    try:
        with handed_over(night, kept=kept):
            state = night_flow(**night.settings.as_json(), return_state=True)
        if night.document is None:
            state.result(raise_on_failure=True)
    except (HTTPError, PrefectException) as error:
        cause = f"{type(error).__name__}: {error}"
        if night.document is None:
            raise PrefectUnavailableError(
                f"Prefect failed ({cause}); what was read is kept, run the same command again"
            ) from error
        log.warning("all is read and written, but Prefect's record of it is incomplete (%s)", cause)


@contextmanager
def _task_runner(night: Night) -> Iterator[TaskRunner[Any]]:
    """What runs the tasks that read: threads of this process, or a Dask cluster."""
    if isinstance(night.pool, DaskPool) and night.chunks:
        with night.pool.task_runner() as runner:
            yield runner
        return
    context = FlowRunContext.get()
    assert context is not None  # called by the flow and by nobody else
    try:
        yield context.task_runner
    finally:
        night.pool.stop()  # all was read, or what still waits to be read must not hold up the flow's end


def _read_chunks(night: Night, runner: TaskRunner[Any], *, kept: bool) -> str:
    """Read all chunks, writing each to the ledger as it comes; returns the outcome."""
    waiting = list(enumerate(night.chunks, 1))[::-1]
    running: set[PrefectFuture[list[ScanResult]]] = set()
    ready: queue.SimpleQueue[PrefectFuture[list[ScanResult]]] = queue.SimpleQueue()
    outcome = "finished"
    progress = ReadingProgress(night.figures.planned if kept else 0)
    with stop_on_signal() as stop:
        while waiting or running:
            while waiting and len(running) < night.at_once:
                number, jobs = waiting.pop()
                chunk = Chunk(jobs, night.turn(number))
                parameters = {"number": number, "first": jobs[0].scan.name, "chunk": chunk}
                future = runner.submit(read_chunk, parameters)
                running.add(future)
                future.add_done_callback(ready.put)
            if done := _next(ready):
                running.discard(done)
                night.record(done.result())
                progress.update(night.figures.tried)
            if stop.is_set():
                outcome = "interrupted"
            elif (waiting or running) and night.ceiling_reached():
                outcome = "failure-ceiling"
            if outcome != "finished":
                _abandon(night, running)
                break
    # What was running may have come to its end, and then nothing is left to stop.
    return "finished" if night.figures.tried == night.figures.planned else outcome


def _next(
    ready: queue.SimpleQueue[PrefectFuture[list[ScanResult]]],
) -> PrefectFuture[list[ScanResult]] | None:
    try:
        return ready.get(timeout=_LOOK_FOR_STOP_S)
    except queue.Empty:
        return None


def _abandon(night: Night, running: set[PrefectFuture[list[ScanResult]]]) -> None:
    """Stop reading; keep what was read to its end meanwhile."""
    night.pool.stop()
    for future in running:
        try:
            night.record(future.result())
        except InterruptedNightError:
            continue  # its scans are read by the next run


def _final_state(night: Night, outcome: str) -> State[Any]:
    figures = night.figures
    message = f"{figures.tried} of {figures.planned} scans read, {figures.failed} failed"
    if outcome == "interrupted":
        return Cancelled(message=f"interrupted: {message}")
    if outcome == "failure-ceiling":
        return Failed(message=f"stopped, too many scans fail: {message}")
    return Completed(message=message)
