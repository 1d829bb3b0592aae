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


def test_keep_leaves_the_chosen_fields_with_their_names(folder, capsys):
    main(["layout", "new", "blank.png", "-o", "form.toml"])
    made = tomllib.loads((folder / "form.toml").read_text(encoding="utf-8"))
    table = next(n for n, each in enumerate(made["field"], 1) if each["kind"] == "cells")
    capsys.readouterr()
    assert main(["layout", "keep", "form.toml", f"{table}=mail", "2=office", "1"]) == 0
    kept = tomllib.loads((folder / "form.toml").read_text(encoding="utf-8"))
    assert [each["name"] for each in kept["field"]] == ["field01", "office", "mail"]
    assert [each["at"] for each in kept["field"]] == [made["field"][n - 1]["at"] for n in (1, 2, table)]
    assert kept["register"] == made["register"]
    assert "office, mail_row1_column1" in capsys.readouterr().out


def test_keep_names_the_cells_of_a_column(folder):
    (folder / "form.toml").write_text(
        '[register]\nreference = "blank.png"\n[[field]]\nname = "a"\nkind = "cells"\n'
        'at = [120, 470, 180, 120]\nrows = ["row1", "row2"]\n',
        encoding="utf-8",
    )
    assert main(["layout", "keep", "form.toml", "1=sent,lost"]) == 0
    (field,) = tomllib.loads((folder / "form.toml").read_text(encoding="utf-8"))["field"]
    assert field["rows"] == ["sent", "lost"]
    assert "name" not in field


@pytest.mark.parametrize(
    ("fields", "code", "told"),
    [([], 2, "no field"), (["total"], 2, "total"), (["77"], 5, "field 77"), (["1=a,b"], 5, "2 names"),
     (["1=a b"], 5, "no name"), (["1=a", "2=a"], 5, "twice")],
)  # fmt: skip
def test_keep_with_mistakes_leaves_the_file_alone(folder, capsys, fields, code, told):
    main(["layout", "new", "blank.png", "-o", "form.toml"])
    before = (folder / "form.toml").read_text(encoding="utf-8")
    capsys.readouterr()
    assert main(["layout", "keep", "form.toml", *fields]) == code
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
    assert (folder / "form.toml").read_text(encoding="utf-8") == before
    assert sorted(each.name for each in folder.glob("*.toml")) == ["form.toml"]


def test_a_leaning_scan_gets_a_level_reference(folder, capsys):
    assert main(["layout", "new", "scan.png", "-o", "form.toml"]) == 0
    assert "leans by 2.0 degrees" in capsys.readouterr().out
    table = tomllib.loads((folder / "form.toml").read_text(encoding="utf-8"))
    assert table["register"]["reference"] == "form.level.png"
    assert main(["layout", "check", "form.toml", "blank.png"]) == 0
    assert capsys.readouterr().out.startswith("registered\n")


def test_a_layout_in_another_folder_has_the_form_beside_it(folder, capsys):
    (folder / "layouts").mkdir()
    assert main(["layout", "new", "blank.png", "-o", "layouts/form.toml"]) == 0
    assert "level.png" in capsys.readouterr().out
    (folder / "blank.png").unlink()
    (folder / "layouts").rename("moved")
    assert main(["layout", "check", "moved/form.toml", "scan.png"]) == 0
    assert capsys.readouterr().out.startswith("registered\n")


def test_new_does_not_overwrite(folder, capsys):
    (folder / "form.toml").write_text("mine", encoding="utf-8")
    assert main(["layout", "new", "blank.png", "-o", "form.toml"]) == 2
    assert (folder / "form.toml").read_text(encoding="utf-8") == "mine"


def test_schema_is_json(capsys):
    assert main(["layout", "schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "FormModel"


def test_a_layout_that_holds_the_forms_lines_needs_no_picture_beside_it(folder, capsys):
    arguments = ["--no-keep-reference", "--picture", "shown.png"]
    assert main(["layout", "new", "blank.png", "-o", "form.toml", *arguments]) == 0
    assert sorted(path.name for path in folder.glob("*.png")) == ["blank.png", "scan.png", "shown.png"]
    register = tomllib.loads((folder / "form.toml").read_text(encoding="utf-8"))["register"]
    assert set(register) == {"rules"}
    (folder / "blank.png").unlink()
    capsys.readouterr()
    assert main(["layout", "check", "form.toml", "scan.png"]) == 0
    assert capsys.readouterr().out.startswith("registered\n")
