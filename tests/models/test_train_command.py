"""`nightsort train`: what it prints, writes, refuses, and how it stops."""

from __future__ import annotations

import csv
import json
import os
import shlex
import signal
import threading
import time
from pathlib import Path

import keras
import numpy as np
import pytest

from flows.cli import app, main
from flows.train_command import train
from models import produce
from models.labelled import DataSet
from models.network import Network
from models.recipe import FOR_DATA, RECIPES, command, make_recipe
from tests.models.samples import pen_digits

# Keras hands its own variables to NumPy in the old way when it writes weights.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
WRITTEN = {
    "card.json",
    "confusion.png",
    "curves.png",
    "history.csv",
    "mistakes.png",
    "network-int8.tflite",
    "network.keras",
    "network.tflite",
    "reliability.png",
    "resume",
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> str:
    crops = pen_digits(600)
    path = tmp_path_factory.mktemp("data") / "pen.npz"
    np.savez(path, x=crops.x, y=crops.y)
    return str(path)


def test_train_shows_the_flow_the_epochs_and_the_outcome(
    data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "mlp"
    arguments = ["train", "--network", "mlp", "--data", data, "--epochs", "3", "--held-back", "80"]
    assert main([*arguments, "--tensorboard", "-o", str(out)]) == 0
    assert {path.name for path in out.iterdir()} == WRITTEN | {"events"}
    assert next((out / "events").iterdir()).stat().st_size > 200
    printed = capsys.readouterr()
    assert printed.err == ""
    stages = [line.split()[0] for line in printed.out.splitlines() if "->" in line]
    assert stages == ["load", "scale", "flatten", "split", "train", "predict"]
    assert "(28, 28, 1) -> (784,)" in printed.out
    assert "400 to learn from, 80 held back, 120 to test" in printed.out
    assert [f"epoch {n}/3: loss" in printed.out for n in (1, 2, 3)] == [True] * 3
    card = json.loads((out / "card.json").read_text())
    assert f"{card['test']['accuracy']:.2%}" in printed.out
    assert card["test"]["accuracy"] > 0.5
    assert 0.0 < card["export_difference"] < 0.03
    assert "not standardised" in card["inputs"]
    assert card["temperature"] == Network(out).temperature != 1.0
    with (out / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert float(rows[-1]["watched_loss"]) < float(rows[0]["watched_loss"])
    assert main(["evaluate", "--data", data, "--model", str(out)]) == 0


def test_the_commands_of_cards_can_be_given() -> None:
    for name, data in [*((name, "strips") for name in RECIPES), *FOR_DATA]:
        recipe = make_recipe(name, data, seed=7, epochs=2)
        text = command(recipe, data)
        words = shlex.split(text)
        assert words[0] == "nightsort"
        _, bound, _ = app.parse_args(words[1:], exit_on_error=False, print_error=False)
        assert bound.arguments["network"] == name
        assert bound.arguments["options"].seed == (7,)
        options = bound.arguments["options"]
        assert options.strips == (RECIPES[name].strips if data == "strips" else None)
        assert (options.layers, options.precision) == (
            recipe.layers if name == "cnn" else None,
            recipe.precision,
        )


def test_what_is_trained_in_bfloat16_is_kept_in_float32(data: str, tmp_path: Path) -> None:
    arguments = ["train", "--network", "cnn", "--data", data, "--epochs", "1", "--batch", "64"]
    arguments += ["--layers", "4-8s-8v", "--precision", "bfloat16", "--held-back", "80", "-o", str(tmp_path)]
    assert main(arguments) == 0
    card = json.loads((tmp_path / "card.json").read_text())
    assert (card["recipe"]["layers"], card["recipe"]["precision"]) == ("4-8s-8v", "bfloat16")
    assert 0.0 < card["export_difference"] < 0.03
    kept = keras.models.load_model(tmp_path / "network.keras")  # Keras's own layers alone
    assert {layer.compute_dtype for layer in kept.layers} == {"float32"}
    assert keras.config.dtype_policy().name == "float32"


def test_the_cards_of_shipped_models_name_commands_that_exist() -> None:
    for name in ("digits", "mnist", "page"):
        path = Path(produce.__file__).parent / "weights" / name / "card.json"
        words = shlex.split(json.loads(path.read_text())["command"])
        command, given, _ = app.parse_args(words[1:], exit_on_error=False, print_error=False)
        assert (words[0], command) == ("nightsort", train)
        assert given.arguments["network"] == words[words.index("--network") + 1]


def test_interrupted_training_keeps_the_best_and_resumes(
    data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "mlp"

    def interrupt() -> None:
        while not (out / "resume" / "state.json").exists():
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    arguments = ["train", "--network", "mlp", "--data", data, "--epochs", "400", "-o", str(out)]
    assert main(arguments) == 130
    card = json.loads((out / "card.json").read_text())
    done = len(card["history"])
    assert card["stopped_early"]
    assert 1 <= card["epoch_kept"] <= done < 400
    assert "stopped; kept is epoch" in capsys.readouterr().out
    arguments[arguments.index("400")] = str(done + 2)
    assert main([*arguments, "--resume"]) == 0
    card = json.loads((out / "card.json").read_text())
    assert [row["epoch"] for row in card["history"]] == list(range(1, done + 3))
    assert not card["stopped_early"]


def test_activations_side_by_side(data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["train", "--network", "mlp", "--data", data, "--epochs", "1", "-o", str(tmp_path)]
    assert main([*arguments, "--activation", "relu", "sigmoid", "--seed", "1", "1"]) == 0
    with (tmp_path / "comparison.csv").open() as file:
        lines = {row["activation"]: row for row in csv.DictReader(file)}
    assert set(lines) == {"relu", "sigmoid"}
    assert float(lines["sigmoid"]["passed"]) <= 0.25 < float(lines["relu"]["passed"])
    assert (tmp_path / "comparison.png").stat().st_size > 5_000
    assert {p.name for p in tmp_path.iterdir() if p.is_dir()} == {"relu-1", "sigmoid-1"}
    assert "after 1 epoch" in capsys.readouterr().out


def test_strips_are_gathered_and_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = DataSet("mnist", pen_digits(200), pen_digits(40, seed=1))
    monkeypatch.setattr(produce, "load_dataset", lambda *_: few)
    monkeypatch.setattr(produce, "HELD_STRIPS", 10)
    arguments = ["train", "--network", "cnn", "--strips", "20", "--held-back", "50", "--epochs", "1"]
    assert main([*arguments, "-o", str(tmp_path)]) == 0
    card = json.loads((tmp_path / "card.json").read_text())
    assert card["classes"][-1] == "not-a-digit"
    assert card["data"]["train"] > 2 * 150
    assert card["held_back_strips"]["scraps"] > 0
    assert "--data strips" in card["command"]
    assert Network(tmp_path).logits(np.zeros((1, 28, 28), np.float32)).shape == (1, 11)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--network", "mlp", "--data", "nowhere"], 2, "nowhere"),
        (["--network", "mlp", "--data", "DATA", "--epochs", "0"], 2, "--epochs"),
        (["--network", "mlp", "--data", "DATA", "--learning-rate", "0"], 2, "--learning-rate"),
        (["--network", "mlp", "--data", "DATA", "--held-back", "480"], 2, "--held-back"),
        (["--network", "mlp", "--data", "DATA", "--resume"], 2, "--resume"),
        (["--network", "mlp", "--mnist", "nowhere.npz"], 2, "nowhere.npz"),
        (["--network", "vgg"], 2, "vgg"),
        (["--network", "mlp", "--activation", "cubic"], 2, "cubic"),
        (["--data", "mnist"], 2, "--network"),
    ],
)
def test_train_tells_what_is_wrong_in_one_line(
    arguments: list[str],
    code: int,
    said: str,
    data: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = [data if each == "DATA" else each for each in arguments]
    assert main(["train", *given, "-o", str(tmp_path / "out")]) == code
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("nightsort: error: ")
    assert said in line
