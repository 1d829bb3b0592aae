"""The network that reads whole lines: its loss, its batches, its export."""

import json

import cv2
import keras
import numpy as np
import pytest

from models.classifier import CARD, LINE_NETWORK, NETWORK, PARAMETERS, SHIPPED, ModelError, load_model
from models.digit_pair import DigitPair
from models.export import export
from models.labelled import Crops
from models.line_augment import augment_line
from models.line_data import Line, draw_lines, gather_form_lines, gather_lines
from models.line_files import LINE_KERAS
from models.line_layers import build_line_network
from models.line_network import PAPER, LineNetwork, log_softmax, round_up
from models.line_training import LineBatches, ctc_loss, exact_rate, greedy, to_pixels, to_target
from models.material import draw_strips
from models.mean_network import mean_weights, settle
from models.network import Network
from models.page_classifier import open_network
from models.train_line import LineRecipe, main, read_rows, train_line
from pipeline.strings.ctc import BLANK, score_values

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def picture(width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (32, width)).astype(np.uint8)


@pytest.fixture(scope="module")
def network():
    return build_line_network()


def test_the_loss_is_the_score_of_the_readers_own_arithmetic():
    lines = [Line(picture(40), "12"), Line(picture(30), "7"), Line(picture(36), "")]
    logits = np.random.default_rng(1).normal(0, 2, (3, 32, 11)).astype(np.float32)
    losses = np.asarray(ctc_loss(to_target(lines), logits))
    for loss, scores, line in zip(losses, logits, lines, strict=True):
        frames = log_softmax(scores[: -(-line.picture.shape[1] // 2)])
        assert loss == pytest.approx(-score_values(frames, [line.value])[0], rel=1e-4)


def test_batches_hold_every_line_once_and_are_the_same_again():
    lines = [Line(picture(20 + 7 * k, k), str(k)) for k in range(10)]
    batches = LineBatches(lines, 4, seed=3)
    seen = [int(row[1]) for k in range(len(batches)) for row in batches[k][1]]
    assert sorted(seen) == list(range(10))
    again = LineBatches(lines, 4, seed=3)
    for k in range(len(batches)):
        for one, other in zip(batches[k], again[k], strict=True):
            assert np.array_equal(one, other)
    first = batches[0][0]
    batches.on_epoch_end()
    assert batches[0][0].shape != first.shape or not np.array_equal(batches[0][0], first)


def test_a_varied_line_stays_a_line():
    line = next(draw_lines(draw_strips(5, 20, None))).picture
    rng = np.random.default_rng(2)
    varied = [augment_line(line, rng, 512) for _ in range(20)]
    assert all(v.shape[0] == 32 and v.dtype == np.uint8 and 8 <= v.shape[1] <= 512 for v in varied)
    assert all(v.max() > 60 for v in varied)
    assert len({v.shape[1] for v in varied}) > 3
    assert augment_line(line, rng, 10).shape == (32, 10)


def test_any_number_of_workers_draws_the_same_lines():
    one, two = gather_lines(9, 12, None, 1), gather_lines(9, 12, None, 2)
    assert [line.value for line in one] == [line.value for line in two]
    assert all(np.array_equal(a.picture, b.picture) for a, b in zip(one, two, strict=True))


def test_forms_give_framed_numbers_and_digits_of_combs():
    lines = gather_form_lines(5, 1, None, 1)
    assert len(lines) > 18
    assert 8 < sum(len(line.value) > 1 for line in lines) < len(lines) - 8
    assert all(line.picture.shape[0] == 32 and line.picture.max() > 60 for line in lines)
    frames = load_model(None).lines.predict_frames([line.picture for line in lines])
    read = [greedy(scores, len(scores)) for scores in frames]
    assert np.mean([value == line.value for value, line in zip(read, lines, strict=True)]) > 0.5


def test_greedy_reading_merges_repeats_and_drops_blanks():
    logits = np.full((6, 11), -5.0, np.float32)
    for t, symbol in enumerate([4, 4, BLANK, 4, 2, 9]):
        logits[t, symbol] = 5.0
    assert greedy(logits, 5) == "442"


def test_training_lowers_the_loss(network):
    lines = [line for line in draw_lines(draw_strips(1, 24, None)) if line.value][:16]
    batches = LineBatches(lines, 16, 1, augmented=False)
    network.compile(optimizer="adam", loss=ctc_loss)
    losses = network.fit(batches, epochs=4, verbose=0).history["loss"]
    assert losses[-1] < 0.8 * losses[0]
    assert 0.0 <= exact_rate(network, lines) <= 1.0


@pytest.mark.parametrize(("integer_weights", "far"), [(False, 1e-4), (True, 0.1)])
def test_the_export_agrees_with_keras_whatever_comes_with_a_line(network, tmp_path, integer_weights, far):
    export(network, tmp_path / LINE_NETWORK, integer_weights=integer_weights)
    reader = LineNetwork((tmp_path / LINE_NETWORK).read_bytes())
    pictures = [picture(w, w) for w in (24, 61, 64, 100, 512, 62, 24, 60, 58, 59, 57)]
    frames = reader.predict_frames(pictures)
    for own, alone in zip(pictures, frames, strict=True):
        assert alone.shape == (-(-own.shape[1] // 2), 11)
        assert np.array_equal(reader.predict_frames([own])[0], alone)
    higher, lower = (np.roll(pictures[1], rows, axis=0) for rows in (-2, 2))
    higher[-2:], lower[:2] = 0, 0
    room = round_up(61 + PAPER)
    logits = np.asarray(network(to_pixels([Line(higher, ""), Line(lower, "")], room), training=False))
    mean = np.exp(log_softmax(logits[:, :31])).mean(axis=0)
    np.testing.assert_allclose(np.exp(frames[1]), mean, atol=far)
    assert reader.predict_frames([np.zeros((32, 0), np.uint8)])[0].shape == (0, 11)


@pytest.mark.parametrize("lean", [0, 2])
def test_a_1_at_the_end_is_read_whatever_the_width_of_the_line(lean):
    shipped = LineNetwork((SHIPPED / LINE_NETWORK).read_bytes())
    for width in range(70, 102):
        line = np.zeros((32, width), np.uint8)
        for x in (width - 50, width - 26):
            cv2.ellipse(line, (x, 16), (7, 9), 0, 0, 360, 255, 2, cv2.LINE_AA)
        cv2.line(line, (width - 8, 7), (width - 8 - lean, 25), 255, 2, cv2.LINE_AA)
        smooth = np.asarray(cv2.GaussianBlur(line, (0, 0), 0.6), np.uint8)
        assert greedy(shipped.predict_frames([smooth])[0], width) == "001", width


def test_a_damaged_line_network_is_named(tmp_path):
    for name in (NETWORK, PARAMETERS, CARD):
        (tmp_path / name).write_bytes((SHIPPED / name).read_bytes())
    load_model(tmp_path)
    (tmp_path / LINE_NETWORK).write_bytes(b"no network")
    with pytest.raises(ModelError, match=r"line\.tflite: no network that reads lines"):
        load_model(tmp_path)


@pytest.fixture
def digits(tmp_path, monkeypatch):
    """Digits to compose strips of, for a short training in `tmp_path`, a model of crops."""
    monkeypatch.setattr("models.train_line.held_back", lambda directory: 60)
    for name in (NETWORK, PARAMETERS, CARD):
        (tmp_path / name).write_bytes((SHIPPED / name).read_bytes())
    pixels = np.random.default_rng(0).integers(0, 256, (200, 28, 28)).astype(np.uint8)
    return Crops(pixels, np.arange(200) % 10)


def test_a_short_training_leaves_a_model_and_goes_on_where_it_stopped(digits, tmp_path, capsys):
    recipe = LineRecipe(strips=6, forms=1, epochs=1, batch=4, precision="float32")
    told = train_line(tmp_path, digits, recipe)
    assert told["parameters"] == 910_094
    assert len(told["history"]) == 1
    assert "--strips 6" in told["command"]
    assert json.loads((tmp_path / CARD).read_text())["line"] == told
    assert load_model(tmp_path).predict_frames([picture(64)])[0].shape == (32, 11)
    pair = open_network(tmp_path)
    assert isinstance(pair, DigitPair)
    proba = pair.predict_proba(digits.x[:5])
    assert proba.shape == (5, 11)
    np.testing.assert_allclose(proba.sum(axis=1), 1.0, atol=1e-5)
    np.testing.assert_allclose(proba[:, 10], Network(tmp_path).predict_proba(digits.x[:5])[:, 10], atol=1e-6)
    assert pair.predict_proba(np.zeros((1, 28, 28), np.uint8)).shape == (1, 11)
    capsys.readouterr()
    train_line(tmp_path, digits, recipe)  # all epochs are done: none is run again
    assert capsys.readouterr().out == ""


def test_a_training_begins_with_the_start_and_may_keep_it(digits, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("models.train_line.settle", lambda *_: None)  # four strips do not tell enough
    start = str(SHIPPED / LINE_KERAS)
    recipe = LineRecipe(
        strips=4, forms=0, epochs=1, batch=4, rate=0.1, precision="float32", start=start, share=0.0
    )
    told = train_line(tmp_path, digits, recipe)
    assert told["before"]["parameters"] == told["parameters"]
    assert f"--start {start}" in told["command"]
    # The one batch is judged before the first step: a network that knows nothing would lose far more.
    (row,) = read_rows(tmp_path / "resume-line" / "epochs.jsonl")
    assert row["loss"] < 15
    kept, was = (keras.models.load_model(folder / LINE_KERAS).get_weights() for folder in (tmp_path, SHIPPED))
    for one, other in zip(kept, was, strict=True):
        np.testing.assert_allclose(one, other, atol=0.01 * max(1e-3, float(np.abs(other).max())))
    with pytest.raises(SystemExit):
        main([str(tmp_path), "--share", "0.5"])
    assert "no start to keep a share of" in capsys.readouterr().err


def test_means_of_weights_count_each_network_by_its_share():
    one, other = [np.zeros(2), np.array([4.0])], [np.ones(2), np.array([0.0])]
    assert [each.tolist() for each in mean_weights([one, other])] == [[0.5, 0.5], [2.0]]
    assert [each.tolist() for each in mean_weights([one, other], [0.25, 0.75])] == [[0.75, 0.75], [1.0]]


def test_settling_makes_the_statistics_those_of_the_weights():
    lines = [Line(picture(64, k), "1") for k in range(8)]
    network = build_line_network()
    before = [np.asarray(each) for each in network.trainable_weights]
    batches = LineBatches(lines, 8, 1, first_wide=False)
    settle(network, batches)
    for kept, now in zip(before, network.trainable_weights, strict=True):
        assert np.array_equal(kept, np.asarray(now))
    first = next(each for each in network.layers if isinstance(each, keras.layers.BatchNormalization))
    pixels, _ = batches[0]
    seen = keras.Model(network.input, first.input)(pixels)
    np.testing.assert_allclose(first.moving_mean, np.mean(seen, axis=(0, 1, 2)), atol=1e-4)
    again = build_line_network()
    again.set_weights(network.get_weights())
    settle(again, batches)
    for one, other in zip(network.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
