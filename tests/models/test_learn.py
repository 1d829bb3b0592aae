"""Learning from fields with their values, on a handful of drawn strips."""

import csv
import json
from dataclasses import replace

import cv2
import numpy as np
import pytest

from models.classifier import CARD, NETWORK, PARAMETERS, SHIPPED, load_model
from models.labelled import DataError
from models.learn import KERAS, Lesson, aligned_crops, learn, load_fields, split
from models.truth import cut_rows, read_truth
from pipeline.decode import JUNK
from sample_scans.strips import draw_strip

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
VALUES = [f"{k * 7919 % 100000:05d}" for k in range(1, 25)]


@pytest.fixture(scope="module")
def truth(tmp_path_factory):
    """A truth.csv with its scans in a folder below it."""
    folder = tmp_path_factory.mktemp("fields")
    (folder / "scans").mkdir()
    rng = np.random.default_rng(5)
    with (folder / "truth.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["scan", "field", "value"])
        for k, value in enumerate(VALUES):
            cv2.imwrite(str(folder / "scans" / f"{k}.png"), draw_strip(rng, value).image)
            rows.writerow([f"{k}.png", "digits", value])
    return folder / "truth.csv"


def test_scans_are_found_by_name_below_the_truth(truth):
    rows = read_truth(truth)
    assert [row.value for row in rows] == VALUES
    assert all(row.scan.parent.name == "scans" for row in rows)


def test_a_scan_that_is_nowhere_is_named(tmp_path):
    (tmp_path / "truth.csv").write_text("scan,value\nlost.png,12\n")
    with pytest.raises(DataError, match=r"lost\.png"):
        read_truth(tmp_path / "truth.csv")


def test_the_split_is_by_name_and_takes_about_a_fifth(truth):
    fields = load_fields(truth)
    learned, held = split(fields)
    assert len(learned) + len(held) == len(fields)
    assert 1 <= len(held) < len(learned)
    again, _ = split(fields[::-1])
    assert {field.name for field in again} == {field.name for field in learned}


def test_alignment_labels_digits_and_scraps(truth):
    crops = aligned_crops(load_fields(truth), load_model())
    assert crops.x.shape == (len(crops.y), 28, 28)
    found = {int(label) for label in np.unique(crops.y)}
    assert JUNK in found
    assert found - {JUNK} <= {int(digit) for value in VALUES for digit in value}


def test_learning_keeps_the_better_model_and_says_what_it_did(truth, tmp_path):
    out = tmp_path / "learned"
    told = learn(truth, SHIPPED, out, Lesson(rounds=1, epochs=1, strips=4))
    assert told["fields"] == len(load_fields(truth))
    assert 0 <= told["exact_before"] <= 1
    assert told["kept"] == (told["exact_after"] > told["exact_before"])
    assert json.loads((out / CARD).read_text())["learned"] == told
    for name in (NETWORK, PARAMETERS, KERAS):
        same = (out / name).read_bytes() == (SHIPPED / name).read_bytes()
        assert same == (not told["kept"])
    assert load_model(out).predict_proba(np.zeros((1, 28, 28), np.uint8)).shape == (1, 11)


def test_a_page_that_a_scan_has_not_is_named(truth):
    row = read_truth(truth)[0]
    with pytest.raises(DataError, match="no page 2"):
        list(cut_rows([replace(row, page=2)]))
