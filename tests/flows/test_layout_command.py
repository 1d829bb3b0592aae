"""`nightsort layout`: files and pictures written, errors in one line with their exit code."""

import json
import subprocess
import sys
import tomllib

import cv2
import pytest

from flows.cli import main
from tests.pipeline.forms import pages


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cv2.imwrite("blank.png", pages.blank())
    cv2.imwrite("scan.png", pages.seen(pages.blank(), pages.laid(2.0), (850, 1100)))
    return tmp_path


def test_new_and_check_from_the_shell(folder):
    def nightsort(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "flows.cli", "layout", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)

    made = nightsort("new", "blank.png", "-o", "form.toml")
    assert (made.returncode, made.stderr) == (0, "")
    table = tomllib.loads((folder / "form.toml").read_text(encoding="utf-8"))
    assert table["register"]["reference"] == "blank.png"
    assert f"({len(table['field'])} fields)" in made.stdout
    assert cv2.imread(str(folder / "form.png")).shape == (1100, 850, 3)
    checked = nightsort("check", "form.toml", "scan.png")
    assert checked.returncode == 0
    assert checked.stdout.startswith("registered\n")
    assert cv2.imread(str(folder / "form.check.png")) is not None


def test_check_says_when_a_page_would_not_be_read(folder, capsys):
    main(["layout", "new", "blank.png", "-o", "form.toml"])
    cv2.imwrite("bare.png", pages.blank(250))
    assert main(["layout", "check", "form.toml", "bare.png", "-o", "bare.check.png"]) == 0
    assert "not registered" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["new", "gone.png", "-o", "a.toml"], 2, "gone.png"),
        (["new", "blank.png", "-o", "a.txt"], 2, ".toml"),
        (["new", "blank.png", "-o", "a.toml", "--page", "3"], 2, "no page 3"),
        (["check", "gone.toml", "scan.png"], 5, "gone.toml"),
        (["check", "bad.toml", "scan.png"], 5, "field[1] (a)"),
    ],
)
def test_mistakes_are_one_line(folder, capsys, arguments, code, told):
    (folder / "bad.toml").write_text(
        'page = [9, 9]\n[[field]]\nname = "a"\nkind = "comb"\n', encoding="utf-8"
    )
    assert main(["layout", *arguments]) == code
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1


def test_new_does_not_overwrite(folder, capsys):
    (folder / "form.toml").write_text("mine", encoding="utf-8")
    assert main(["layout", "new", "blank.png", "-o", "form.toml"]) == 2
    assert (folder / "form.toml").read_text(encoding="utf-8") == "mine"


def test_schema_is_json(capsys):
    assert main(["layout", "schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "FormModel"
