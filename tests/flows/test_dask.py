"""Nights on a Dask cluster of this machine, with the reader of `fakes`."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from flows import dask_reading
from flows.dask_reading import DaskPool, check_dask, cluster_threads
from flows.errors import ExitCode, UsageError
from flows.night import Night
from flows.settings import NightSettings
from tests.flows import fakes
from tests.flows.fakes import draw_scan
from tests.flows.test_flow import column, spend

pytest.importorskip("prefect_dask")


@pytest.fixture
def settings(tmp_path: Path) -> NightSettings:
    levels = {5: fakes.KILLS, 11: fakes.RAISES, 17: fakes.EMPTY}
    for number in range(24):
        draw_scan(tmp_path / "in" / f"{number:02}.png", number, levels.get(number, fakes.SLOW))
    return NightSettings(
        (tmp_path / "in",), tmp_path / "out", layout="digits", workers=2, max_failures="100%"
    )


class _Executioner(threading.Thread):
    """Kills one of the Dask workers when the first scans were read."""

    def __init__(self, night: Night) -> None:
        super().__init__(daemon=True)
        self.killed: int | None = None
        self._night = night

    def run(self) -> None:
        pool = self._night.pool
        assert isinstance(pool, DaskPool)
        limit = time.monotonic() + 120
        while time.monotonic() < limit:
            if pool.client is not None and self._night.figures.tried:
                self.killed = next(iter(pool.client.run(os.getpid).values()))
                os.kill(self.killed, signal.SIGKILL)
                return
            time.sleep(0.05)


def test_worker_killed_in_the_middle_changes_no_byte(
    settings: NightSettings, prefect_harness: str, tmp_path: Path
) -> None:
    from flows.flow import run_as_flow  # noqa: PLC0415 - Prefect, after its environment is set

    here = replace(settings, out=tmp_path / "here")
    spend(here)
    with Night(replace(settings, dask="local"), open_with=fakes.open_reader) as night:
        executioner = _Executioner(night)
        executioner.start()
        run_as_flow(night)
        executioner.join()
    assert executioner.killed is not None
    assert night.exit_code == ExitCode.SCANS_FAILED
    assert column(settings, "status")["05.png", 1] == "failed"  # it ended a reading process, no Dask worker
    for name in ("results.csv", "results.jsonl"):
        assert (settings.out / name).read_bytes() == (here.out / name).read_bytes()


@pytest.mark.parametrize(
    ("address", "elsewhere"),
    [
        *(
            (address, False)
            for address in ("local", "127.0.0.1:8786", "tcp://localhost:8786", "tls://[::1]:8786")
        ),
        *(
            (address, True)
            for address in ("tcp://10.1.2.3:8786", "scheduler:8786", "tls://[2001:db8::1]:8786")
        ),
    ],
)
def test_only_a_cluster_elsewhere_needs_a_prefect_server(address: str, elsewhere: bool) -> None:
    refused = pytest.raises(UsageError, match="set PREFECT_API_URL") if elsewhere else nullcontext()
    with refused:
        check_dask(address, prefect_api=None)
    assert check_dask(address, prefect_api="http://prefect.example.org/api") is None


def test_no_scheduler_is_a_usage_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_reading, "ANSWER_LIMIT_S", 1)
    with pytest.raises(UsageError, match="no scheduler answers"):
        cluster_threads("tcp://127.0.0.1:9")


def test_missing_library_is_a_usage_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"nightsort\[dask\]"):
        check_dask("local", prefect_api=None)
