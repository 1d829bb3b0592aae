"""A machine in trouble: no memory, no time, no room on the disk, a ledger that somebody else holds."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from flows import ledger_file
from flows.errors import ExitCode, LedgerError
from flows.night import Night
from flows.settings import NightSettings
from tests.flows import fakes
from tests.flows.calls import WITH_FAKES, call
from tests.flows.fakes import draw_scan
from tests.flows.test_flow import column, rows, spend


@pytest.fixture
def settings(tmp_path: Path) -> NightSettings:
    return NightSettings((tmp_path / "in",), tmp_path / "out", workers=1, max_failures="100%")


@pytest.mark.usefixtures("prefect_harness")
class TestTrouble:
    def test_scans_that_take_all_memory_all_time_or_their_process_fail_alone(
        self, settings: NightSettings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("flows.night.memory_a_worker", lambda workers: 2 << 30)
        for number, level in enumerate([fakes.GOOD, fakes.HOGS, fakes.HANGS, fakes.KILLS, fakes.GOOD]):
            draw_scan(settings.inputs[0] / f"{number}.png", number, level)
        night = spend(replace(settings, page_timeout=3))
        assert night.exit_code == ExitCode.SCANS_FAILED
        status, reason = column(settings, "status"), column(settings, "reason")
        assert (status["0.png", 1], status["4.png", 1]) != ("failed", "failed")
        assert reason["1.png", 1] == "too-large"
        assert reason["2.png", 1] == "too-slow"
        assert reason["3.png", 1] == "internal-error"
        notes = settings.out / "quarantine"
        assert "fewer --workers" in (notes / "1.png.reason.txt").read_text(encoding="utf-8")
        assert "longer --page-timeout" in (notes / "2.png.reason.txt").read_text(encoding="utf-8")
        assert "SIGKILL" in (notes / "3.png.reason.txt").read_text(encoding="utf-8")

    def test_retry_reads_what_failed_and_nothing_else(self, settings: NightSettings) -> None:
        inbox = settings.inputs[0]
        good, bad, gone = (inbox / f"{name}.png" for name in ("good", "bad", "gone"))
        draw_scan(good, 1)
        draw_scan(bad, 2, fakes.RAISES)
        draw_scan(gone, 3, fakes.RAISES)
        spend(settings)
        draw_scan(bad, 2)
        gone.unlink()
        draw_scan(inbox / "new.png", 4)
        again = spend(replace(settings, retry=True))
        assert (again.figures.found, again.figures.tried, again.exit_code) == (1, 1, ExitCode.OK)
        assert [(row["scan"], row["status"] == "failed") for row in rows(settings)] == [
            ("bad.png", False),
            ("gone.png", True),
            ("good.png", False),
        ]
        assert (settings.out / "quarantine" / "gone.png").exists()


def test_retry_by_command_goes_by_the_settings_of_then(settings: NightSettings, prefect_harness: str) -> None:
    draw_scan(settings.inputs[0] / "a.png", 1)
    (settings.inputs[0] / "b.png").write_bytes(b"")
    arguments = (settings.inputs[0], "-o", settings.out, "--layout", "digits", "--max-failures", "50%")
    assert call(WITH_FAKES, "run", *arguments, PREFECT_API_URL=prefect_harness).returncode == 3
    draw_scan(settings.inputs[0] / "b.png", 2)
    again = call(WITH_FAKES, "retry", settings.out, PREFECT_API_URL=prefect_harness)
    assert (again.returncode, again.stderr) == (0, "")
    assert "failed" not in column(settings, "status").values()
    nothing = call(WITH_FAKES, "retry", settings.out)
    assert (nothing.returncode, nothing.stdout) == (
        0,
        f"Nothing to retry: no scan of {settings.out} failed.\n",
    )


def test_retry_of_a_folder_without_results_is_a_usage_error(tmp_path: Path) -> None:
    result = call(WITH_FAKES, "retry", tmp_path)
    assert result.returncode == 2
    assert "holds no ledger.sqlite" in result.stderr


def test_ledger_that_somebody_holds_is_one_line(
    settings: NightSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.inputs[0].mkdir()
    monkeypatch.setattr(ledger_file, "LOCKED_LIMIT_S", 0.1)
    with Night(settings, open_with=fakes.open_reader):
        pass
    with closing(sqlite3.connect(settings.out / "ledger.sqlite", isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerError, match=r"locked\); end the other program that uses it and run again"):
            Night(settings, open_with=fakes.open_reader).__enter__()


# A small disk, where this user may mount one ----------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> list[str]:
    """A command that runs others with a disk of 1 MB at `tmp_path/out`, kept full but for some kB."""
    (tmp_path / "out").mkdir()
    script = (
        f'mount -t tmpfs -o size=1m none "{tmp_path}/out" && '
        f'head -c 900000 /dev/zero > "{tmp_path}/out/.ballast"; "$@"; echo "rc $?"; '
        f'rm "{tmp_path}/out/.ballast"; "$@"; echo "rc $?"; wc -l < "{tmp_path}/out/results.csv"'
    )
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh"]
    try:
        probe = subprocess.run([*command, "true"], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("no unshare")
    if "rc 0" not in probe.stdout:
        pytest.skip("this user may mount nothing")
    return command


def test_full_disk_is_one_line_and_the_next_run_completes(
    settings: NightSettings, small_disk: list[str], prefect_harness: str
) -> None:
    for number in range(40):
        draw_scan(settings.inputs[0] / f"{number:02}.png", number)
    run = [*WITH_FAKES, "run", str(settings.inputs[0]), "-o", str(settings.out), "--quiet"]
    done = subprocess.run(
        [*small_disk, *run],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "PREFECT_API_URL": prefect_harness},
    )
    assert done.stdout.split() == ["rc", "1", "rc", "0", "41"]
    (line,) = done.stderr.splitlines()
    assert line.startswith("nightsort: error: ")
    assert "full" in line or "No space left" in line or "disk I/O" in line
