"""Digits with boxes: each crop is the ink of its own box, and what is wrong is told in one line."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from flows.cli import main
from models.boxed import cut_boxes, read_boxes
from models.data import load_crops
from models.labelled import DataError
from pipeline.document import Box


def two_bars_and_a_ring() -> np.ndarray:
    """A line (60, 160) uint8: a bar at 20, a ring around 70, whose right end a bar at 100 nearly meets."""
    line = np.full((60, 160), 235, np.uint8)
    line[10:50, 20:25] = 30
    cv2.circle(line, (70, 30), 18, 30, 4)
    line[10:50, 92:97] = 30
    return line


def test_a_box_holds_its_own_ink_and_not_its_neighbours() -> None:
    bar, ring = cut_boxes(two_bars_and_a_ring(), [Box(15, 5, 15, 50), Box(48, 8, 46, 44)])
    rows, columns = np.nonzero(bar > 100)
    assert np.ptp(rows) >= 17
    assert np.ptp(columns) <= 4
    ys, xs = np.nonzero(ring > 100)
    assert abs(np.ptp(ys) - np.ptp(xs)) <= 1  # round: two pixels of the bar lie in its box
    assert ring[11:17, 11:17].max() < 60
    assert {bar.shape, ring.shape} == {(28, 28)}


def write(folder: Path, document: object, name: str = "a.png") -> Path:
    (folder / "scans").mkdir()
    cv2.imwrite(str(folder / "scans" / name), two_bars_and_a_ring())
    (folder / "boxes.json").write_text(json.dumps(document))
    return folder / "boxes.json"


def test_a_file_of_boxes_is_data_to_judge_by(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ring = {"digit": "0", "x": 48, "y": 8, "width": 46, "height": 44}
    path = write(tmp_path, {"a.png": [ring, {**ring, "digit": "1", "x": 15, "width": 15}]})
    crops = load_crops(str(path))
    assert crops.y.tolist() == [0, 1]
    assert main(["evaluate", "--data", str(path), "--json", str(tmp_path / "told.json")]) == 0
    assert json.loads((tmp_path / "told.json").read_text())["accuracy"] == 1.0
    assert "of 2" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ([], "holds no digit|are needed"),
        ({}, "holds no digit"),
        ({"b.png": []}, "b.png: 0 scans of that name"),
        ({"a.png": [{"digit": "1", "x": 1}]}, "each with digit, x, y, width and height"),
        ({"a.png": [{"digit": "x", "x": 1, "y": 1, "width": 9, "height": 9}]}, "are needed"),
        ({"a.png": [{"digit": "1", "x": 900, "y": 1, "width": 9, "height": 9}]}, "lies outside its scan"),
    ],
)
def test_what_is_no_file_of_boxes_is_told(tmp_path: Path, document: object, told: str) -> None:
    with pytest.raises(DataError, match=told):
        read_boxes(write(tmp_path, document))
