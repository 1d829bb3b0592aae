"""What README.md and docs/ tell people to type: commands with options that exist, code that runs."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from flows.cli import app
from pipeline.document import Reason, Status
from pipeline.results import COLUMNS

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    """Every line of a code block that calls `nightsort`, each once, without its comment."""
    lines = [
        line.removeprefix("$ ").removeprefix(".venv/bin/")
        for page in PAGES
        for _, block in BLOCK.findall(page.read_text("utf-8"))
        for line in block.splitlines()
    ]
    return sorted({line.partition(" #")[0].strip() for line in lines if line.startswith("nightsort ")})


def modules_called() -> list[str]:
    """What `python -m` is told to run of this repository."""
    text = "".join(page.read_text("utf-8") for page in PAGES)
    return sorted({name for name in re.findall(r"python -m ([a-z0-9_.]+)", text) if name != "pytest"})


@pytest.mark.parametrize("line", commands())
def test_commands_have_options_that_exist(line: str) -> None:
    words = shlex.split(line.replace("[", "").replace("...]", ""))[1:]
    app.parse_args(words, print_error=False, exit_on_error=False)


def test_there_are_commands() -> None:
    assert len(commands()) > 30


@pytest.mark.parametrize("name", modules_called())
def test_modules_that_are_called_are_there_and_can_be(name: str) -> None:
    found = find_spec(name)
    assert found is not None
    if found.submodule_search_locations:  # a folder is called by its __main__
        found = find_spec(f"{name}.__main__")
        assert found is not None
    assert '__name__ == "__main__"' in Path(found.origin or "").read_text("utf-8")


def test_the_python_of_the_readme_runs() -> None:
    (code,) = (code for kind, code in BLOCK.findall(PAGES[0].read_text("utf-8")) if kind == "python")
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT)
    assert re.fullmatch(r"[0-9]+ [01]\.[0-9]{2} (True|False)\n", done.stdout)


def test_every_column_status_and_reason_is_explained() -> None:
    pages = "".join((ROOT / name).read_text("utf-8") for name in ("README.md", "docs/results.md"))
    for word in (*COLUMNS, *Status, *Reason):
        assert f"`{word}`" in pages or f"| {word} |" in pages, word


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target
