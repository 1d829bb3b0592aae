"""The training loop: batches, stopping, going on, and the export that reading uses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import learner as learner_module
from models.export import export_crops
from models.labelled import Crops, DataError
from models.learner import has_bfloat16, make_learner
from models.muon import ConvolutionMuon
from models.network import FAST, Network, softmax
from models.networks import build_network, count_multiply_adds
from models.recipe import make_recipe, parse_layers
from models.slopes import slope
from models.training import Batches, Row, fit, measure, predict, to_input
from tests.models.samples import pen_digits

# Keras hands its own variables to NumPy in the old way when it writes weights.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


class Silent:
    def begin(self, epochs: int, steps: int, rows: list[Row]) -> None:
        self.rows = rows

    def step(self, done: int, loss: float, accuracy: float) -> None:
        pass

    def epoch(self, row: Row) -> None:
        self.rows.append(row)


def numbered(count: int) -> Crops:
    x = np.zeros((count, 28, 28), np.uint8)
    x[:, 0, 0] = np.arange(count)
    return Crops(x, np.arange(count))


@given(count=st.integers(1, 60), batch=st.integers(1, 20), seed=st.integers(0, 5))
def test_an_epoch_shows_every_crop_at_most_once_and_the_same_for_a_seed(
    count: int, batch: int, seed: int
) -> None:
    recipe = make_recipe("mlp", batch=batch, seed=seed)
    first, again = (Batches(numbered(count), recipe, epoch=1) for _ in range(2))
    seen = [y for index in range(len(first)) for y in first[index][1].tolist()]
    assert len(seen) == len(set(seen)) >= min(count, batch)
    assert seen == [y for index in range(len(again)) for y in again[index][1].tolist()]


def test_figures_of_two_crops() -> None:
    logits = np.log(np.array([[0.5, 0.5], [0.2, 0.8]], np.float32))
    figures = measure(logits, np.array([0, 1]))
    assert figures["watched_accuracy"] == 1.0
    assert figures["watched_loss"] == pytest.approx(-(np.log(0.5) + np.log(0.8)) / 2, abs=1e-5)


@given(st.floats(-5, 5).filter(lambda x: abs(x) > 1e-3), st.sampled_from(["relu", "tanh", "sigmoid"]))
def test_slope_is_the_derivative(x: float, activation: str) -> None:
    bend = {
        "relu": lambda v: np.maximum(v, 0.0),
        "tanh": np.tanh,
        "sigmoid": lambda v: 1.0 / (1.0 + np.exp(-v)),
    }[activation]
    low, here, high = bend(np.array([x - 1e-5, x, x + 1e-5]))
    assert slope(np.array([here]), activation)[0] == pytest.approx((high - low) / 2e-5, abs=1e-4)


def train(folder: Path, stop_after: int | None = None, resume: bool = False, epochs: int = 4) -> keras.Model:
    keras.utils.set_random_seed(0)
    network = build_network("mlp", classes=10)
    recipe = make_recipe("mlp", epochs=epochs, held_back=50)
    watcher = Silent()
    train.history = fit(  # type: ignore[attr-defined]
        network,
        pen_digits(300),
        pen_digits(50, seed=1),
        recipe,
        folder,
        watcher,
        resume=resume,
        stop=lambda: stop_after is not None and len(watcher.rows) >= stop_after,
    )
    return network


def test_stopped_training_keeps_the_best_and_goes_on_as_if_unbroken(tmp_path: Path) -> None:
    whole = train(tmp_path / "whole" / "state")
    history = train.history  # type: ignore[attr-defined]
    assert [row["epoch"] for row in history.rows] == [1, 2, 3, 4]
    stopped = train(tmp_path / "broken" / "state", stop_after=2)
    assert train.history.stopped  # type: ignore[attr-defined]
    best = max(history.rows[:2], key=lambda row: (row["watched_accuracy"], row["epoch"]))
    kept = measure(predict(stopped, pen_digits(50, seed=1).x), pen_digits(50, seed=1).y)
    assert kept["watched_accuracy"] == best["watched_accuracy"]
    resumed = train(tmp_path / "broken" / "state", resume=True)
    for ours, theirs in zip(resumed.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    told = train.history.rows  # type: ignore[attr-defined]
    assert [row["watched_loss"] for row in told] == pytest.approx(
        [row["watched_loss"] for row in history.rows], abs=1e-4
    )


def test_a_finished_training_can_be_made_longer(tmp_path: Path) -> None:
    train(tmp_path / "state", epochs=1)
    train(tmp_path / "state", epochs=3, resume=True)
    assert len(train.history.rows) == 3  # type: ignore[attr-defined]


def test_nothing_to_go_on_from_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nothing to go on from"):
        train(tmp_path / "state", resume=True)
    train(tmp_path / "state", epochs=1)
    (tmp_path / "state" / "state.json").write_text("{")
    with pytest.raises(DataError, match="damaged"):
        train(tmp_path / "state", resume=True)


def test_sizes_are_within_the_budget() -> None:
    for data in ("strips", "mnist"):
        network = build_network("cnn", convolutions=parse_layers(make_recipe("cnn", data).layers))
        assert network.count_params() <= 350_000
        assert count_multiply_adds(network) <= 16_000_000
    mlp = build_network("mlp", classes=10)
    assert mlp.count_params() == 784 * 128 + 128 + 128 * 10 + 10
    assert count_multiply_adds(mlp) == 784 * 128 + 128 * 10
    for wrong in (("word", "relu"), ("mlp", "cubic")):
        with pytest.raises(ValueError, match="not known"):
            build_network(*wrong)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"layers": "16-32x"}, "--layers '16-32x' is not understood"),
        ({"layers": "16--32"}, "not understood"),
        ({"precision": "half"}, "--precision 'half' is not known; choose float32 or bfloat16"),
        ({"rate": 20.0}, "--learning-rate 20.0"),
    ],
)
def test_recipes_that_no_training_can_follow_are_refused(wrong: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        make_recipe("cnn", **wrong)


def test_the_fused_normalization_learns_what_keras_own_does() -> None:
    keras.utils.set_random_seed(0)
    small = parse_layers("4-8s-8v")
    plain = build_network("cnn", convolutions=small)
    fused = make_learner(plain, "float32")
    plain.layers[-2].rate = fused.layers[-2].rate = 0.0  # no dropout
    x = to_input(pen_digits(64).x)
    for training, tolerance in ((False, 1e-5), (True, 1e-3)):
        np.testing.assert_allclose(
            *(np.asarray(network(x, training=training)) for network in (plain, fused)), atol=tolerance
        )
    # Moving means and variances; the fused kernel divides by one less, as for an estimate.
    for ours, theirs in zip(fused.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-2, atol=1e-5)


def test_a_learner_reads_what_its_network_reads_in_less_precision() -> None:
    network = build_network("cnn", convolutions=parse_layers("4-8s"))
    learner = make_learner(network, "bfloat16")
    x = to_input(pen_digits(16).x)
    exact, rough = (np.asarray(each(x, training=False)) for each in (network, learner))
    assert rough.dtype == np.float32
    assert 0.0 < np.abs(exact - rough).max() < 0.1
    computed = [layer.compute_dtype for layer in learner.layers if layer.weights]
    assert computed == ["bfloat16"] * (len(computed) - 1) + ["float32"]
    assert keras.config.dtype_policy().name == "float32"


@pytest.mark.parametrize(
    ("flags", "found"), [("sse2 avx512f avx512_bf16 amx", True), ("asimd bf16", True), ("avx512f", False)]
)
def test_bfloat16_is_used_where_the_processor_says_that_it_has_it(flags, found, tmp_path, monkeypatch):
    (tmp_path / "cpuinfo").write_text(f"processor : 0\nflags : fpu {flags}\n")
    monkeypatch.setattr(learner_module, "CPUINFO", tmp_path / "cpuinfo")
    assert has_bfloat16() is found
    monkeypatch.setattr(learner_module, "CPUINFO", tmp_path / "nowhere")
    assert not has_bfloat16()


def test_muon_turns_a_kernel_s_gradient_into_an_orthogonal_step() -> None:
    rng = np.random.default_rng(0)
    kernel = keras.Variable(np.zeros((3, 3, 4, 8), np.float32))
    bias = keras.Variable(np.zeros(8, np.float32))
    optimizer = ConvolutionMuon(0.1, weight_decay=None, adam_weight_decay=None)
    gradient = rng.normal(size=kernel.shape).astype(np.float32) * np.array([1, 0.1] * 4, np.float32)
    optimizer.apply([keras.ops.convert_to_tensor(gradient), keras.ops.ones(8)], [kernel, bias])
    step = np.asarray(kernel.value).reshape(36, 8) / (0.1 * 0.2 * 6)  # rate, scale
    strengths = np.linalg.svd(step, compute_uv=False)
    assert 0.6 < strengths.min() <= strengths.max() < 1.3
    np.testing.assert_allclose(np.asarray(bias.value), -0.1, rtol=1e-3)


@pytest.mark.parametrize("name", ["mlp", "cnn"])
def test_the_exports_agree_with_keras(name: str, tmp_path: Path) -> None:
    keras.utils.set_random_seed(1)
    network = build_network(name)
    export_crops(network, tmp_path)
    (tmp_path / "card.json").write_text('{"temperature": 1.0}')
    crops = pen_digits(100).x
    proba = keras.ops.convert_to_numpy(keras.ops.softmax(predict(network, crops)))
    both = Network(tmp_path)
    np.testing.assert_allclose(softmax(both.logits(crops.astype(np.float32) / 255)), proba, atol=1e-3)
    fast = both.predict_proba(crops)[:, : proba.shape[1]]
    assert 1e-6 < np.abs(fast - proba).max() < 0.05  # in 8 bits it is another, and hardly another
    (tmp_path / FAST).unlink()
    exact = Network(tmp_path).predict_proba(crops)[:, : proba.shape[1]]
    np.testing.assert_allclose(exact, proba, atol=1e-3)
    code = (
        "import sys, numpy as np\nfrom pathlib import Path\nfrom models.network import Network\n"
        f"Network(Path({str(tmp_path)!r})).predict_proba(np.zeros((3, 28, 28), np.uint8))\n"
        "print(*sorted({'tensorflow', 'keras'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("", "")
