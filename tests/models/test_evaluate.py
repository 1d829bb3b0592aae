"""`nightsort evaluate`: the command on small data, its JSON, its plots and its errors."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from flows.cli import main
from models.classifier import SHIPPED
from tests.models.samples import pen_digits


def test_evaluate_one_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    crops = pen_digits(200)
    np.savez(tmp_path / "d.npz", x=crops.x, y=crops.y)
    figures, plots = tmp_path / "deep" / "f.json", tmp_path / "plots"
    code = main(["evaluate", "--data", f"{tmp_path}/d.npz", "--json", str(figures), "-o", str(plots)])
    assert code == 0
    document = json.loads(figures.read_text())
    assert document["accuracy"] > 0.9
    assert document["interval"][0] < document["accuracy"] < document["interval"][1]
    assert document["size"] == np.sum(document["confusion"]) == 200
    assert len(document["per_class"]) == 10
    names = {"reliability.png", "error-reject.png", "confusion.png", "mistakes.png"}
    assert {path.name for path in plots.iterdir()} == names
    printed = capsys.readouterr()
    assert f"{document['accuracy']:.2%}" in printed.out
    assert printed.err == ""


def test_evaluate_models_side_by_side(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    crops = pen_digits(50)
    np.savez(tmp_path / "d.npz", x=crops.x, y=np.where(np.arange(50) < 5, 10, crops.y))
    arguments = ["evaluate", "--data", f"{tmp_path}/d.npz", "--json", f"{tmp_path}/f.json"]
    assert main([*arguments, "--model", str(SHIPPED), str(SHIPPED)]) == 0
    document = json.loads((tmp_path / "f.json").read_text())
    assert [each["name"] for each in document["models"]] == ["digits", "digits"]
    assert document["scraps"] == 5
    assert "digits-2" in capsys.readouterr().out


def test_evaluate_on_scans_with_their_truth(tmp_path: Path) -> None:
    truth = Path(__file__).parents[2] / "sample_scans" / "truth.csv"
    lines = [line for line in truth.read_text().splitlines() if line.startswith(("scan,", "strips/"))]
    assert len(lines) > 5
    (tmp_path / "strips").symlink_to(truth.parent / "strips")
    (tmp_path / "truth.csv").write_text("\n".join(lines))
    assert main(["evaluate", "--data", f"{tmp_path}/truth.csv", "--json", f"{tmp_path}/f.json"]) == 0
    assert json.loads((tmp_path / "f.json").read_text())["accuracy"] > 0.8


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--data", "nowhere"], 2, "nowhere"),
        (["--data", "README.md", "--model", "nowhere"], 6, "nowhere"),
        (["--model", "nowhere"], 2, "--data"),
    ],
)
def test_evaluate_tells_what_is_wrong_in_one_line(
    arguments: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", *arguments]) == code
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("nightsort: error: ")
    assert said in line
