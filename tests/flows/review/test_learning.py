"""From a night over the review station to a model that learned: each step by its own command or API."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.station import Person, running
from flows.chunk import read_chunk
from flows.cli import main
from flows.night import Night
from flows.reader import open_reader
from flows.settings import NightSettings
from models.classifier import CARD, SHIPPED, load_model
from models.learn import load_fields
from models.truth import Row
from sample_scans.strips import draw_strip

VALUES = {f"{number}.png": f"{number * 7919 % 100_000:05d}" for number in range(1, 9)}


def read_night(scans: Path, out: Path, model: Path | None = None) -> dict[str, dict[str, str]]:
    """A night without Prefect; its results by scan."""
    settings = NightSettings((scans,), out, layout="digits", target_error=0.0005, model=model)
    with Night(settings) as night:
        night.prepare()
        reader = open_reader("digits", "us", model)
        night.record([each for chunk in night.chunks for each in read_chunk(chunk, reader)])
        night.finish()
    with (out / "results.csv").open(newline="") as file:
        return {row["scan"]: row for row in csv.DictReader(file)}


@pytest.fixture
def rows_learned(monkeypatch: pytest.MonkeyPatch) -> list[Row]:
    """The rows that were learned from; the lesson is over at once, and its model another copy of the old."""
    from flows import learning_run  # noqa: PLC0415 - brings TensorFlow

    rows: list[Row] = []

    def learn(given: Sequence[Row], base: Path, out: Path, *_: object) -> dict[str, object]:
        rows.extend(given)
        shutil.copytree(base, out)
        card = json.loads((base / CARD).read_text()) | {"name": out.name}
        (out / CARD).write_text(json.dumps(card))
        figures = {"fields": 2, "exact": 0.5, "interval": [0.1, 0.9], "coverage": {"0.01": 0.1}}
        figures |= {"accepted": 0, "accepted_wrong": 0, "calibration_error": 0.1, "log_score": -0.5}
        return {"fields": len(given), "before": figures, "after": figures, "kept": True, "doubts": []}

    monkeypatch.setattr(learning_run, "learn", learn)
    return rows


def test_from_a_night_to_a_model_that_learned(tmp_path: Path, rows_learned: list[Row]) -> None:
    rng = np.random.default_rng(3)
    scans, out, model = tmp_path / "in", tmp_path / "out", tmp_path / "site"
    scans.mkdir()
    for name, value in VALUES.items():
        cv2.imwrite(str(scans / name), draw_strip(rng, value).image)
    read_night(scans, out)
    with running(out) as address, Person(address, "Ann") as ann:
        field = ann.next()
        while field:
            field = ann.key(field, VALUES[field["scan"]])["field"]
    assert main(["train", "--from", str(out), "-o", str(model)]) == 0
    keyed = {row.scan.name: row.value for row in rows_learned}
    assert keyed
    assert keyed.items() <= VALUES.items()
    assert len(load_fields(rows_learned, load_model())) == len(keyed)
    later = read_night(scans, tmp_path / "later", model)
    assert {row["model"].partition("@")[0] for row in later.values()} == {"site"}
    assert main(["evaluate", "--data", str(out), "--model", str(SHIPPED), str(model)]) == 0
