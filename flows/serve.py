"""`nightsort serve`: the night by a schedule, as a Prefect deployment that this process carries out.

Every night is a process of its own, started by Prefect's runner. Where no Prefect server is set, one
runs as long as this process does; its records stay in OUT/.prefect, so that a restart finds its
schedule and the nights before.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import signal
from types import FrameType
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flows.console import Loudness, set_up_logging, standard_error
from flows.errors import ExitCode, UsageError
from flows.output import own_output_folder
from flows.prefect_server import prefect_api
from flows.settings import NightSettings
from flows.tether import announce_service

if TYPE_CHECKING:
    from uuid import UUID

    from prefect.client.schemas.objects import FlowRun
    from prefect.deployments.runner import RunnerDeployment

log = logging.getLogger(__name__)

HOME = ".prefect"
_LOOK_EVERY_S = 5.0
_SHOWN_LOGGERS = "flows,pipeline"


def serve_nights(
    settings: NightSettings,
    cron: str,
    timezone: str,
    *,
    quiet: bool = False,
    verbose: bool = False,
    log_json: bool = False,
) -> int:
    """Register the deployment, carry out its nights until a signal ends it, and return the exit code.

    settings : with absolute paths (`NightSettings.absolute`).

    Raises UsageError for a schedule that cannot be understood or a folder that cannot be written,
    PrefectUnavailableError.
    """
    check_timezone(timezone)
    console = standard_error()
    loudness = Loudness.QUIET if quiet else Loudness.VERBOSE if verbose else Loudness.NORMAL
    set_up_logging(loudness, console, as_json=log_json)
    settings.out.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("PREFECT_LOGGING_EXTRA_LOGGERS", _SHOWN_LOGGERS)
    os.environ.setdefault("PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW", "ignore")
    with prefect_api(settings.out, lasting=settings.out / HOME, verbose=verbose) as address:
        deployment = make_deployment(settings, cron, timezone)
        message = (
            f"Nightsort reads into {settings.out} at {cron} ({timezone}); Ctrl-C ends it."
            f" Prefect's page: {address.removesuffix('/api')}"
        )
        announce_service(as_json=log_json)
        asyncio.run(_serve(deployment, settings, "" if quiet else message))
    return int(ExitCode.OK)


def check_timezone(timezone: str) -> None:
    """Raise UsageError for a timezone that is not known."""
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(f"--timezone {timezone!r}: give a name such as Europe/Budapest or UTC") from None


def deployment_name(settings: NightSettings) -> str:
    """What the deployment is called: after the output folder, which tells one inbox from another."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", str(settings.out)).strip("-") or "root"


def make_deployment(settings: NightSettings, cron: str, timezone: str) -> RunnerDeployment:
    """The deployment of a night with these settings. Raises UsageError for a schedule that is none."""
    from prefect.client.schemas.objects import (  # noqa: PLC0415 - Prefect, after its environment is set
        ConcurrencyLimitConfig,
        ConcurrencyLimitStrategy,
    )
    from prefect.deployments.runner import RunnerDeployment  # noqa: PLC0415
    from prefect.schedules import Cron  # noqa: PLC0415
    from prefect.types.entrypoint import EntrypointType  # noqa: PLC0415

    from flows.flow import night_flow  # noqa: PLC0415

    try:
        schedule = Cron(cron, timezone=timezone)
    except ValueError:
        raise UsageError(
            f"--cron {cron!r} is no schedule; give minute hour day month weekday, such as '0 2 * * *'"
        ) from None
    return RunnerDeployment.from_flow(
        night_flow,
        name=deployment_name(settings),
        schedule=schedule,
        parameters=settings.as_json(),
        # A night that is due while one still runs is cancelled: the next one reads what is left.
        concurrency_limit=ConcurrencyLimitConfig(
            limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW
        ),
        entrypoint_type=EntrypointType.MODULE_PATH,
    )


async def _serve(deployment: RunnerDeployment, settings: NightSettings, message: str) -> None:
    from prefect.runner import Runner  # noqa: PLC0415 - Prefect, after its environment is set

    # The schedule stays on when this process ends: what it misses is made up for by one night.
    runner = Runner(name="nightsort", pause_on_shutdown=False)
    identity: UUID = await runner.aadd_deployment(deployment)
    stale = await _unfinished_runs(identity)
    closing = asyncio.create_task(_close_stale_runs(stale, settings))
    if stale and _in_use(settings):
        log.warning("%s is in use: a run goes on from before, or by hand", settings.out)
    else:
        await closing
    if message:
        print(message, flush=True)
    stopping = asyncio.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stopping.set)

    loop = asyncio.get_running_loop()
    service = asyncio.create_task(runner.start(webserver=False))
    await asyncio.sleep(0.1)  # the runner sets a handler that would end this process in the middle
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, stop)
    closing.add_done_callback(lambda task: stopping.set() if _failed(task) else None)
    ended = asyncio.create_task(stopping.wait())
    await asyncio.wait({service, ended}, return_when=asyncio.FIRST_COMPLETED)
    if not closing.cancel():
        closing.result()
    if service.done():
        service.result()  # it ends by itself only by an error
        return
    log.info("stopping; a night that runs writes what it has")
    await runner.astop()
    await service


def _failed(task: asyncio.Task[None]) -> bool:
    return not task.cancelled() and task.exception() is not None


async def _unfinished_runs(deployment: UUID) -> list[FlowRun]:
    """The nights of a service before this one that are on record as going on."""
    from prefect.client.orchestration import get_client  # noqa: PLC0415 - Prefect, after its environment
    from prefect.client.schemas.filters import (  # noqa: PLC0415
        DeploymentFilter,
        DeploymentFilterId,
        FlowRunFilter,
        FlowRunFilterState,
        FlowRunFilterStateType,
    )
    from prefect.client.schemas.objects import StateType  # noqa: PLC0415

    unfinished = [StateType.RUNNING, StateType.PENDING, StateType.CANCELLING]
    async with get_client() as client:
        return await client.read_flow_runs(
            flow_run_filter=FlowRunFilter(
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=unfinished))
            ),
            deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[deployment])),
        )


async def _close_stale_runs(runs: list[FlowRun], settings: NightSettings) -> None:
    """Have runs that were killed with their service count as ended, so that the next night may begin.

    Who holds the output folder may be one of them: a second service for it, say. That one is waited for.
    """
    from prefect.client.orchestration import get_client  # noqa: PLC0415 - Prefect, after its environment
    from prefect.states import Crashed  # noqa: PLC0415

    while runs and _in_use(settings):
        await asyncio.sleep(_LOOK_EVERY_S)
    async with get_client() as client:
        for run in runs:
            now = await client.read_flow_run(run.id)
            if now.state is None or not now.state.is_final():
                log.warning("the night %s did not come to its end", run.name)
                await client.set_flow_run_state(run.id, Crashed(message="its process is gone"))


def _in_use(settings: NightSettings) -> bool:
    try:
        with own_output_folder(settings.out):
            return False
    except UsageError:
        return True
