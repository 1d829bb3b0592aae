"""Calibration, thresholds, and their file."""

import json
from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.parameters import CEILING, Calibration, Pair, ReaderParameters, Trust
from pipeline.strings.decode import Candidate, Weights
from pipeline.strings.lattice import DIGIT_FEATURES, JUNK_FEATURES, SHAPE_FEATURES
from pipeline.thresholds import NEVER


def test_confidence_rises_with_the_evidence_and_is_never_certain():
    calibration = Calibration(bias=0.0, path=1.0, margin=0.2, weakest=1.0)
    sure = calibration.confidence([Candidate("12", 0.999999), Candidate("17", 1e-6)], [1.0, 1.0])
    unsure = calibration.confidence([Candidate("12", 0.5), Candidate("17", 0.4)], [0.9, 0.5])
    assert unsure < 0.6 < sure <= CEILING


@pytest.mark.parametrize(
    ("coefficient", "logit"),
    [
        ("bias", 1.0),
        ("path", log(0.6 / 0.4)),
        ("margin", log(0.6 / 0.2)),
        ("weakest", log(0.7)),
        ("length", 2.0),
    ],
)
def test_each_coefficient_weighs_its_own_evidence(coefficient: str, logit: float) -> None:
    alone = Calibration(**{"bias": 0.0, "path": 0.0, coefficient: 1.0})
    found = alone.confidence([Candidate("12", 0.6), Candidate("17", 0.2)], [0.9, 0.7])
    assert log(found / (1.0 - found)) == pytest.approx(logit)


def test_nothing_read_has_no_confidence():
    assert Calibration().confidence([], []) == 0.0
    assert Calibration().confidence([Candidate("", 1.0)], []) == 0.0


def test_the_plain_calibration_is_the_path_probability():
    assert Calibration().confidence([Candidate("5", 0.8)], [0.9]) == pytest.approx(0.8)


def test_thresholds_serve_the_target_or_a_stricter_one():
    parameters = Trust(thresholds=((0.005, 0.98), (0.01, 0.95), (0.05, 0.8)))
    assert parameters.threshold(0.01) == 0.95
    assert parameters.threshold(0.02) == 0.95
    assert parameters.threshold(0.5) == 0.8
    assert parameters.threshold(0.001) == NEVER > 1


@given(st.lists(st.floats(-20, 20), min_size=len(DIGIT_FEATURES), max_size=len(DIGIT_FEATURES)))
def test_what_is_saved_is_loaded(tmp_path_factory, digit):
    path = tmp_path_factory.mktemp("parameters") / "reader.json"
    shape = np.arange(10.0 * len(SHAPE_FEATURES)).reshape(10, -1)
    weights = Weights(0.7, 0.1, np.array(digit), np.arange(len(JUNK_FEATURES), dtype=float), shape)
    lines = Trust(Pair(0.5, 1.5, -4.0), Calibration(1, 2, 3, 4, 5), ((0.01, 0.9),))
    saved = ReaderParameters(weights, lines, Trust(Pair(0.6, 0.6)))
    saved.save(path)
    loaded = ReaderParameters.load(path)
    assert loaded.lines == saved.lines
    assert loaded.boxes == saved.boxes
    assert np.array_equal(loaded.weights.digit, weights.digit)
    assert np.array_equal(loaded.weights.junk, weights.junk)
    assert np.array_equal(loaded.weights.shape, shape)


def test_a_file_of_another_version_says_so(tmp_path):
    path = tmp_path / "reader.json"
    ReaderParameters().save(path)
    document = json.loads(path.read_text())
    del document["digit"]["wide"]
    path.write_text(json.dumps(document))
    with pytest.raises(ValueError, match="version"):
        ReaderParameters.load(path)
