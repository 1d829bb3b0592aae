"""Several trainings side by side: what the table says of them."""

import pytest

from models.compare import mean_histories, summarize


def card(activation: str, accuracy: float, epochs: int, slope: float = 0.5) -> dict[str, object]:
    history = [
        {
            "epoch": n,
            "loss": 1 / n,
            "watched_loss": accuracy / n,
            "watched_accuracy": accuracy - 0.1 / n,
            "seconds": 2.0,
        }
        for n in range(1, epochs + 1)
    ]
    test = {"accuracy": accuracy, "calibration_error": 0.01}
    return {"activation": activation, "test": test, "slope": slope, "history": history}


CARDS = [card("tanh", 0.90, 2), card("relu", 0.94, 2), card("relu", 0.98, 3), card("sigmoid", 0.8, 1)]


def test_runs_are_summed_up_by_activation_best_first() -> None:
    table = summarize(CARDS)
    assert list(table.index) == ["relu", "tanh", "sigmoid"]
    relu = table.loc["relu"]
    assert relu["seeds"] == 2
    assert relu["accuracy"] == pytest.approx(0.96)
    assert (relu["worst"], relu["best"]) == (0.94, 0.98)
    assert relu["spread"] == pytest.approx(0.04 / 2**0.5)
    assert relu["first_epoch"] == pytest.approx(0.86)
    assert relu["seconds"] == pytest.approx(5.0)
    assert table.loc["tanh", "spread"] == 0.0, "one run has no spread"


def test_the_mean_history_is_that_of_the_runs_that_got_so_far() -> None:
    relu = mean_histories(CARDS)["relu"]
    assert [row["epoch"] for row in relu] == [1, 2, 3]
    assert relu[0]["watched_accuracy"] == pytest.approx(0.86)
    assert relu[2]["watched_accuracy"] == pytest.approx(0.98 - 0.1 / 3)
