"""`nightsort serve`: its deployment, and one night of it that is ended in the middle."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks.kills import scans_read
from flows.errors import UsageError
from flows.output import own_output_folder
from flows.serve import check_timezone, deployment_name, make_deployment
from flows.settings import NightSettings
from tests.flows import fakes
from tests.flows.fakes import draw_scan


@pytest.fixture
def settings(tmp_path: Path) -> NightSettings:
    for number in range(24):
        draw_scan(tmp_path / "in" / f"{number:02}.png", number, fakes.WAITS if number == 23 else fakes.GOOD)
    return NightSettings((tmp_path / "in",), tmp_path / "out", workers=1)


@pytest.mark.parametrize("timezone", ["Mars/Olympus", "", "../etc/passwd", "a\0"])
def test_unknown_timezone_is_a_usage_error(timezone: str) -> None:
    with pytest.raises(UsageError, match="Europe/Budapest"):
        check_timezone(timezone)


def test_deployments_of_two_folders_have_two_names() -> None:
    names = {deployment_name(NightSettings((Path("in"),), Path(out))) for out in ("/a/out", "/b/out", "/")}
    assert names == {"a-out", "b-out", "root"}


@pytest.mark.usefixtures("prefect_harness")
class TestDeployment:
    def test_schedule_keeps_its_timezone_and_nights_never_overlap(self, settings: NightSettings) -> None:
        deployment = make_deployment(settings, "0 2 * * *", "Europe/Budapest")
        (schedule,) = deployment.schedules or []
        assert (schedule.schedule.cron, schedule.schedule.timezone) == ("0 2 * * *", "Europe/Budapest")
        assert deployment.concurrency_limit == 1
        assert deployment.concurrency_options.collision_strategy == "CANCEL_NEW"
        assert deployment.entrypoint == "flows.flow.night_flow"
        assert NightSettings.from_json(deployment.parameters) == settings

    @pytest.mark.parametrize("cron", ["every night", "0 25 * * *", "", "* * *"])
    def test_schedule_that_is_none_is_a_usage_error(self, settings: NightSettings, cron: str) -> None:
        with pytest.raises(UsageError, match="--cron"):
            make_deployment(settings, cron, "UTC")


@contextlib.contextmanager
def serving(settings: NightSettings, address: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.flows.command", "serve", str(settings.inputs[0])]
    command += ["-o", str(settings.out), "--cron", "0 2 * * *", "--workers", "1", "--settle", "0"]
    environment = os.environ | {"PREFECT_API_URL": address, "PREFECT_RUNNER_POLL_FREQUENCY": "1"}
    environment["FAKES_GATE"] = str(gate(settings))
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def gate(settings: NightSettings) -> Path:
    """What the last scan waits for, so that a night is in the middle for as long as it shall."""
    return settings.out.with_name("gate")


def wait_for(condition: Callable[[], bool], what: str) -> None:
    limit = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < limit, what
        time.sleep(0.1)


def states(name: str) -> list[str]:
    """The states of all nights of a deployment."""
    from prefect.client.orchestration import get_client  # noqa: PLC0415 - after its environment is set
    from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterName  # noqa: PLC0415

    async def ask() -> list[str]:
        only = DeploymentFilter(name=DeploymentFilterName(any_=[name]))
        async with get_client() as client:
            runs = await client.read_flow_runs(deployment_filter=only)
        return [run.state.type.value for run in runs if run.state]

    return [state for state in asyncio.run(ask()) if state != "SCHEDULED"]


def have_night(settings: NightSettings) -> None:
    """Have the service begin a night, whatever the hour."""
    from prefect.deployments import run_deployment  # noqa: PLC0415 - after its environment is set

    run_deployment(f"nightsort/{deployment_name(settings)}", timeout=0)


def wait_for_service(service: subprocess.Popen[str]) -> None:
    assert service.stdout is not None
    assert "0 2 * * *" in service.stdout.readline()


def begin_night(settings: NightSettings) -> None:
    """Start a night and wait until it has read something."""
    before = scans_read(settings.out)
    have_night(settings)
    wait_for(lambda: scans_read(settings.out) > before, "the night reads nothing")


def in_use(out: Path) -> bool:
    try:
        with own_output_folder(out):
            return False
    except UsageError:
        return True


def test_night_ended_in_the_middle_writes_what_it_has_and_the_next_goes_on(
    settings: NightSettings, prefect_harness: str
) -> None:
    name = deployment_name(settings)
    with serving(settings, prefect_harness) as service:
        wait_for_service(service)
        begin_night(settings)
        service.send_signal(signal.SIGTERM)
        _, errors = service.communicate(timeout=60)
    assert (service.returncode, errors) == (0, "")
    with (settings.out / "results.csv").open(encoding="utf-8", newline="") as file:
        assert 0 < len(list(csv.DictReader(file))) < 24
    assert states(name) == ["CANCELLED"]

    with serving(settings, prefect_harness) as service:
        wait_for_service(service)
        begin_night(settings)
        service.kill()
        service.wait()
        # Nobody is left to tell when the night ends, so it ends with its service.
        wait_for(lambda: not in_use(settings.out), "the night goes on without its service")
    assert scans_read(settings.out) < 24
    assert sorted(states(name)) == ["CANCELLED", "RUNNING"]

    gate(settings).touch()
    inbox = settings.inputs[0]
    assert isinstance(inbox, Path)
    with serving(settings, prefect_harness) as service:
        wait_for_service(service)
        aside = inbox.rename(inbox.with_name("aside"))
        have_night(settings)
        assert service.stderr is not None
        assert "did not come to its end" in service.stderr.readline()  # the night that was killed
        complaint = service.stderr.readline()
        assert re.fullmatch(rf"nightsort: error: the night .* failed: {inbox}: no such file .*\n", complaint)
        aside.rename(inbox)
        begin_night(settings)  # would be cancelled while the killed one counts as running
        wait_for(lambda: "COMPLETED" in states(name), "the third night does not end")
        assert sorted(states(name)) == ["CANCELLED", "COMPLETED", "CRASHED", "FAILED"]
        service.send_signal(signal.SIGINT)
        assert service.wait(60) == 0
    assert scans_read(settings.out) == 24
