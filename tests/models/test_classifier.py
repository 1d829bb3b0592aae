"""Loading a model: the shipped one reads, a broken one says what is wrong."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from models.classifier import CARD, FAST, NETWORK, PARAMETERS, SHIPPED, ModelError, load_model, softmax


@pytest.fixture(scope="module")
def model():
    return load_model()


def test_probabilities_are_probabilities(model):
    crops = np.random.default_rng(0).integers(0, 256, (70, 28, 28), dtype=np.uint8)
    proba = model.predict_proba(crops)
    assert (proba.shape, proba.dtype) == ((70, 11), np.float32)
    assert proba.sum(axis=1) == pytest.approx(np.ones(70), abs=1e-5)


def test_a_crop_is_read_the_same_whatever_comes_with_it(model):
    """Results must not depend on how scans fall into chunks, to the last bit."""
    crops = np.random.default_rng(1).integers(0, 256, (150, 28, 28), dtype=np.uint8)
    whole = model.predict_proba(crops)
    for start, stop in ((0, 1), (3, 80), (149, 150)):
        assert np.array_equal(model.predict_proba(crops[start:stop]), whole[start:stop])
    assert np.array_equal(model.predict_proba(crops[::-1].copy())[::-1], whole)


def test_no_crops_give_no_probabilities(model):
    assert model.predict_proba(np.zeros((0, 28, 28), np.uint8)).shape == (0, 11)


def test_crops_of_another_shape_are_refused(model):
    with pytest.raises(ValueError, match="28"):
        model.predict_proba(np.zeros((1, 20, 20), np.uint8))


def test_the_shipped_model_promises_a_threshold_for_one_percent(model):
    assert 0.5 < model.parameters.lines.threshold(0.01) < 1.0


def copy_of_shipped(tmp_path):
    return shutil.copytree(SHIPPED, tmp_path / "copy")


def test_a_missing_model_is_named(tmp_path):
    with pytest.raises(ModelError, match="nowhere"):
        load_model(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("name", "content"), [(FAST, b"no network"), (PARAMETERS, b"{}"), (CARD, b"not json"), (CARD, b"{}")]
)
def test_a_damaged_model_is_an_error_in_one_line(tmp_path, name, content):
    folder = copy_of_shipped(tmp_path)
    (folder / name).write_bytes(content)
    with pytest.raises(ModelError) as error:
        load_model(folder)
    assert "\n" not in str(error.value)


def test_a_damaged_network_in_floats_is_an_error_where_it_is_looked_into(tmp_path):
    folder = copy_of_shipped(tmp_path)
    (folder / NETWORK).write_bytes(b"no network")
    with pytest.raises(ModelError, match=f"{NETWORK} is no network"):
        load_model(folder).logits(np.zeros((1, 28, 28), np.float32))


def test_the_hash_follows_the_files(tmp_path, model):
    folder = copy_of_shipped(tmp_path)
    assert load_model(folder).sha256 == model.sha256
    card = json.loads((folder / CARD).read_text())
    (folder / CARD).write_text(json.dumps(card | {"temperature": 2.0}))
    assert load_model(folder).sha256 != model.sha256


def test_reading_says_nothing_on_stderr_and_imports_no_tensorflow():
    code = "import sys, models; models.load_model(); assert not {'tensorflow', 'keras'} & set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_softmax_of_equal_logits():
    assert softmax(np.zeros((2, 4), np.float32)).tolist() == [[0.25] * 4] * 2
