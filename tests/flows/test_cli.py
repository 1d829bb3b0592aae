"""`nightsort` as somebody calls it: another process, its exit code, its two outputs."""

from __future__ import annotations

import contextlib
import csv
import inspect
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cyclopts import App

from flows import cli
from flows.options import POSTAL_COUNTRIES
from pipeline.layouts import countries
from tests.flows import fakes
from tests.flows.fakes import draw_scan

NIGHTSORT = [sys.executable, "-m", "flows.cli"]
WITH_FAKES = [sys.executable, "-m", "tests.flows.command"]
Result = subprocess.CompletedProcess[str]


@pytest.fixture
def environment(prefect_harness: str) -> dict[str, str]:
    """Has the command use the session's Prefect server, which saves starting one every time."""
    return {**os.environ, "PREFECT_API_URL": prefect_harness}


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    for number in range(12):
        draw_scan(tmp_path / "in" / f"{number:02}.png", number)
    return tmp_path / "in"


def call(command: list[str], *arguments: object, **environment: str) -> Result:
    return subprocess.run(
        [*command, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, **environment},
    )


def rows(out: Path) -> list[dict[str, str]]:
    with (out / "results.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def assert_one_line(result: Result, code: int, *parts: str) -> None:
    """The error is one line and no traceback."""
    assert result.returncode == code, result.stderr
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("nightsort: error: ")
    for part in parts:
        assert part in line


# What is wrong before anything is read ---------------------------------------------------------------


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"]])
def test_help_answers_at_once(arguments: list[str]) -> None:
    before = os.times()
    result = call(NIGHTSORT, *arguments)
    after = os.times()
    assert result.returncode == 0
    assert "Usage: nightsort" in result.stdout
    # Processor time, which does not depend on what else the machine is doing.
    used = after.children_user + after.children_system - before.children_user - before.children_system
    assert used < 0.5


def commands(app: App, *path: str) -> Iterator[tuple[str, ...]]:
    """The words that call each command of an app."""
    for name in app:
        if not name.startswith("-"):
            if app[name].default_command is not None:
                yield (*path, name)
            yield from commands(app[name], *path, name)


@pytest.mark.parametrize("path", list(commands(cli.app)), ids=" ".join)
def test_help_is_broken_into_lines_by_a_terminal_alone(path: tuple[str, ...]) -> None:
    found: App = cli.app
    for name in path:
        found = found[name]
    lines = inspect.cleandoc(found.default_command.__doc__ or "").splitlines()
    assert lines
    assert max(map(len, lines[1:]), default=0) <= 80


def test_help_names_the_countries_there_are() -> None:
    assert POSTAL_COUNTRIES.split() == list(countries())


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys, flows.cli; print({'prefect', 'cv2', 'pandas', 'numpy', 'tensorflow'} & set(sys.modules))"
    )
    assert call([sys.executable, "-c", code]).stdout == "set()\n"


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        (["--target-error", "2"], ["--target-error"]),
        (["--target-error", "few"], ["--target-error"]),
        (["--workers", "0"], ["--workers"]),
        (["--max-failures", "lots"], ["--max-failures", "10%"]),
        (["--existing", "maybe"], ["--existing"]),
        (["--no-such-option"], ["--no-such-option"]),
        (["--quiet", "--verbose"], ["--quiet"]),
    ],
)
def test_useless_option_is_a_usage_error(
    inbox: Path, tmp_path: Path, options: list[str], parts: list[str]
) -> None:
    assert_one_line(call(NIGHTSORT, "run", inbox, "-o", tmp_path / "out", *options), 2, *parts)
    assert not (tmp_path / "out").exists()


def test_missing_arguments_are_usage_errors(inbox: Path, tmp_path: Path) -> None:
    assert_one_line(call(NIGHTSORT, "run", inbox), 2, "--out")
    assert_one_line(call(NIGHTSORT, "run", "-o", tmp_path / "out"), 2, "INPUT")
    assert_one_line(call(NIGHTSORT, "walk"), 2, "walk")


def test_folders_that_do_not_fit_are_usage_errors(inbox: Path, tmp_path: Path) -> None:
    assert_one_line(call(NIGHTSORT, "run", tmp_path / "no", "-o", tmp_path / "out"), 2, "no such file")
    assert_one_line(call(NIGHTSORT, "run", inbox, "-o", inbox / "out"), 2, "inside the input")
    assert_one_line(call(NIGHTSORT, "run", inbox, "-o", inbox.parent), 2, "inside --out")
    (tmp_path / "file").touch()
    result = call(WITH_FAKES, "run", inbox, "-o", tmp_path / "file" / "out")
    assert_one_line(result, 2, "cannot be written")


def test_unknown_layout_and_missing_model_have_codes_of_their_own(inbox: Path, tmp_path: Path) -> None:
    result = call(NIGHTSORT, "run", inbox, "-o", tmp_path / "out", "--layout", "tax-form")
    assert_one_line(result, 5, "tax-form", "envelope")
    result = call(NIGHTSORT, "run", inbox, "-o", tmp_path / "out", "--postal", "atlantis")
    assert_one_line(result, 5, "atlantis")
    result = call(NIGHTSORT, "run", inbox, "-o", tmp_path / "out", "--model", tmp_path / "none")
    assert_one_line(result, 6, str(tmp_path / "none"))
    assert not (tmp_path / "out").exists()


def test_traceback_is_shown_when_asked_for(inbox: Path, tmp_path: Path) -> None:
    arguments = ["run", inbox, "-o", tmp_path / "out", "--layout", "tax-form", "--verbose"]
    assert "Traceback" in call(NIGHTSORT, *arguments).stderr


def test_foreign_ledger_is_one_line(inbox: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "ledger.sqlite").write_text("my diary " * 99)
    result = call(WITH_FAKES, "run", inbox, "-o", tmp_path / "out")
    assert_one_line(result, 1, "ledger.sqlite", "damaged")


def test_prefect_that_does_not_answer_is_one_line(inbox: Path, tmp_path: Path) -> None:
    address = "http://127.0.0.1:9/api"
    result = call(WITH_FAKES, "run", inbox, "-o", tmp_path / "out", PREFECT_API_URL=address)
    assert_one_line(result, 1, address, "does not answer")


# Whole runs ------------------------------------------------------------------------------------------


def test_empty_folder_is_said_and_gives_an_empty_table(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    result = call(WITH_FAKES, "run", tmp_path / "in", "-o", tmp_path / "out")
    assert result.returncode == 0
    assert result.stdout.startswith(f"No scans found in {tmp_path / 'in'}")
    assert rows(tmp_path / "out") == []
    assert (tmp_path / "out/results.csv").read_text().startswith("scan,page,field,value,")


def test_dry_run_tells_what_and_why_and_writes_nothing(inbox: Path, tmp_path: Path) -> None:
    (inbox / "notes.csv").touch()
    arguments = ["run", inbox, "-o", tmp_path / "out", "--dry-run"]
    counts = call(WITH_FAKES, *arguments)
    assert counts.returncode == 0
    assert counts.stdout == "action\treason\tfiles\nread\tnew\t12\nleave\tnot a scan by its name\t1\n"
    assert counts.stderr == "12 scans would be read, 1 files left\n"
    listing = call(WITH_FAKES, *arguments, "--verbose").stdout.splitlines()
    assert listing[0] == "action\treason\tscan"
    assert listing[1:13] == [f"read\tnew\t{number:02}.png" for number in range(12)]
    assert listing[13:] == ["leave\tnot a scan by its name\tnotes.csv"]
    assert not (tmp_path / "out").exists()


def test_run_tells_what_it_read_and_the_next_that_nothing_is_new(
    inbox: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    (inbox / "broken.png").write_bytes(b"")
    arguments = ["run", inbox, "-o", tmp_path / "out", "--workers", 2]
    first = call(WITH_FAKES, *arguments, **environment)
    assert first.returncode == 3
    assert first.stderr == ""
    assert f"results: {tmp_path / 'out' / 'results.csv'}" in first.stdout
    assert f"report:  {tmp_path / 'out' / 'report.html'}" in first.stdout
    before = (tmp_path / "out/results.csv").read_bytes()
    environment.pop("PREFECT_API_URL")
    second = call(WITH_FAKES, *arguments)
    assert second.returncode == 0
    assert second.stderr == ""
    assert second.stdout.startswith("Nothing new: 13 scans were read before (1 of them failed")
    assert len(second.stdout.splitlines()) == 1
    assert (tmp_path / "out/results.csv").read_bytes() == before
    third = call(WITH_FAKES, *arguments, "--dry-run")
    # The broken one fails for good: it is not read again.
    assert (third.stdout, third.returncode) == ("action\treason\tfiles\nleave\tread before\t13\n", 0)


def without_network(command: list[str]) -> list[str]:
    """The command with nothing but a loopback device, where this user may do that."""
    cut_off = ["unshare", "--map-root-user", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    try:
        possible = subprocess.run([*cut_off, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        possible = False
    return [*cut_off, *command] if possible else command


def test_run_needs_no_home_and_no_network(inbox: Path, tmp_path: Path) -> None:
    hidden = {"HOME": "/proc/no-home", "XDG_CACHE_HOME": "/proc/no-cache", "PREFECT_PROFILE": "mine"}
    proxy = {"http_proxy": "http://127.0.0.1:9", "all_proxy": "http://127.0.0.1:9"}
    command = without_network(WITH_FAKES)
    result = call(command, "run", inbox, "-o", tmp_path / "out", "--quiet", **hidden, **proxy)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert len(rows(tmp_path / "out")) == 12


# Runs that end early ---------------------------------------------------------------------------------


@contextlib.contextmanager
def started(*arguments: object, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A run in the background, which does not outlive the test."""
    with subprocess.Popen(
        [*WITH_FAKES, "run", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for_chunk(out: Path, process: subprocess.Popen[str]) -> int:
    """Wait until a run has put down results; returns of how many scans."""
    limit = time.monotonic() + 120
    while time.monotonic() < limit:
        assert process.poll() is None, f"the run ended with {process.returncode}: {process.communicate()}"
        with contextlib.suppress(sqlite3.Error), contextlib.closing(_open(out)) as db:
            if count := db.execute("SELECT count(*) FROM outcomes").fetchone()[0]:
                return int(count)
        time.sleep(0.05)
    raise AssertionError("the run reads nothing")


def _open(out: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{out / 'ledger.sqlite'}?mode=ro", uri=True)


def children(process: int) -> list[int]:
    """All processes below one, of Linux."""
    found = []
    for child in Path(f"/proc/{process}/task/{process}/children").read_text().split():
        found += [int(child), *children(int(child))]
    return found


def alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


@pytest.fixture
def slow_inbox(tmp_path: Path) -> Path:
    for number in range(24):
        draw_scan(tmp_path / "in" / f"{number:02}.png", number, fakes.SLOW)
    return tmp_path / "in"


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks at Linux's list of processes")
def test_killed_run_leaves_nothing_behind_and_the_next_one_ends_as_if_unbroken(
    slow_inbox: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    broken, whole, scratch = tmp_path / "broken", tmp_path / "whole", tmp_path / "scratch"
    scratch.mkdir()
    with started(slow_inbox, "-o", broken, "--workers", 2, TMPDIR=str(scratch)) as process:
        count = wait_for_chunk(broken, process)
        family = children(process.pid)
        homes = list(scratch.glob("nightsort-prefect-*"))
        assert len(homes) == 1
        process.send_signal(signal.SIGKILL)
        process.wait()
    limit = time.monotonic() + 10
    while any(map(alive, family)) and time.monotonic() < limit:
        time.sleep(0.05)
    assert not any(map(alive, family))
    assert not homes[0].exists()
    assert 0 < count < 24
    assert not (broken / "results.csv").exists()
    again = call(WITH_FAKES, "run", slow_inbox, "-o", broken, "--workers", 1, **environment)
    assert again.returncode == 0
    assert "read before" in again.stdout
    assert call(WITH_FAKES, "run", slow_inbox, "-o", whole, "--workers", 2, **environment).returncode == 0
    for name in ("results.csv", "results.jsonl"):
        assert (broken / name).read_bytes() == (whole / name).read_bytes()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_run_writes_what_it_has(
    slow_inbox: Path, tmp_path: Path, environment: dict[str, str], number: signal.Signals
) -> None:
    out = tmp_path / "out"
    with started(slow_inbox, "-o", out, "--workers", 2, **environment) as process:
        count = wait_for_chunk(out, process)
        begin = time.monotonic()
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=60)
        seconds = time.monotonic() - begin
    assert process.returncode == 130
    assert stderr == ""
    assert "run again to read them" in stdout
    assert count <= len(rows(out)) < 24
    assert seconds < 45  # Prefect holds the exit up for a minute where it has something left to send


def test_run_interrupted_before_it_reads_says_so(
    slow_inbox: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    with started(slow_inbox, "-o", tmp_path / "out", **environment) as process:
        while not (tmp_path / "out" / ".nightsort.lock").exists():
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in stderr
