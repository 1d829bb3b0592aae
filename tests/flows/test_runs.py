"""`nightsort run` from its first scan to its last: what it prints, what it writes, what it does not need."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.flows.calls import WITH_FAKES, call, rows


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


def test_progress_is_json_where_a_program_listens(
    inbox: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    result = call(WITH_FAKES, "run", inbox, "-o", tmp_path / "out", "--log-json", **environment)
    assert result.returncode == 0
    entries = [json.loads(line) for line in result.stderr.splitlines()]
    assert all(entry["time"] and entry["level"] == "info" for entry in entries)
    assert any(entry["message"].startswith("12 of 12 scans read, 0 failed") for entry in entries)


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
