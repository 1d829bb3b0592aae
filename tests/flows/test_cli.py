"""What `nightsort` says before it reads anything: its help, and what is wrong with how it is called."""

from __future__ import annotations

import inspect
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cyclopts import App

from flows import cli
from flows.options import POSTAL_COUNTRIES
from pipeline.layouts import countries
from tests.flows.calls import NIGHTSORT, WITH_FAKES, Result, call


def assert_one_line(result: Result, code: int, *parts: str) -> None:
    """The error is one line and no traceback."""
    assert result.returncode == code, result.stderr
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("nightsort: error: ")
    for part in parts:
        assert part in line


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


def test_error_is_json_where_a_program_listens(inbox: Path, tmp_path: Path) -> None:
    result = call(NIGHTSORT, "run", inbox, "-o", tmp_path / "out", "--layout", "tax-form", "--log-json")
    assert (result.returncode, result.stdout) == (5, "")
    entry = json.loads(result.stderr)
    assert (entry["level"], entry["exit_code"]) == ("error", 5)
    assert "tax-form" in entry["message"]
    assert entry["time"]


def test_foreign_ledger_is_one_line(inbox: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "ledger.sqlite").write_text("my diary " * 99)
    result = call(WITH_FAKES, "run", inbox, "-o", tmp_path / "out")
    assert_one_line(result, 1, "ledger.sqlite", "damaged")


def test_prefect_that_does_not_answer_is_one_line(inbox: Path, tmp_path: Path) -> None:
    address = "http://127.0.0.1:9/api"
    result = call(WITH_FAKES, "run", inbox, "-o", tmp_path / "out", PREFECT_API_URL=address)
    assert_one_line(result, 1, address, "does not answer")
