"""The same training several times, over activations and seeds: one table and one plot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from models import plots
from models.labelled import Cutter
from models.produce import Job, Onlooker, produce


@dataclass(frozen=True)
class Line:
    """What one activation comes to.

    accuracy : mean over the seeds, on the test part; spread : standard deviation between seeds, 0 for one.
    worst, best : of the seeds. first_epoch : mean accuracy that is watched after the first epoch.
    passed : mean slope of the activation at the values that the hidden units have: the share of
        the error that each layer hands back to the one before it.
    """

    activation: str
    seeds: int
    accuracy: float
    spread: float
    worst: float
    best: float
    first_epoch: float
    loss: float
    calibration_error: float
    passed: float
    seconds: float


@dataclass(frozen=True)
class Comparison:
    """The lines, best first, and the cards of all runs that were finished."""

    lines: tuple[Line, ...]
    cards: tuple[dict[str, Any], ...]


def compare(
    job: Job,
    activations: Sequence[str],
    seeds: Sequence[int],
    onlooker: Onlooker,
    stop: Callable[[], bool] = lambda: False,
    cutter: Cutter | None = None,
) -> Comparison:
    """Train one network for each activation and seed, each in a folder of its own below `job.out`.

    Writes comparison.csv and comparison.png. Raises what `produce` raises.
    """
    cards = []
    for activation in activations:
        for seed in seeds:
            recipe = replace(job.recipe, activation=activation, seed=seed)
            events = None if job.events is None else job.events / f"{activation}-{seed}"
            one = replace(job, recipe=recipe, out=job.out / f"{activation}-{seed}", events=events)
            cards.append(produce(one, onlooker, stop, cutter))
            if stop():
                raise KeyboardInterrupt
    table = summarize(cards)
    table.round(5).to_csv(job.out / "comparison.csv")
    watched = "held back" if job.recipe.held_back else "test"
    plots.plot_curves(mean_histories(cards), job.out / "comparison.png", watched)
    return Comparison(tuple(Line(*row) for row in table.itertuples()), tuple(cards))


def summarize(cards: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """The runs by activation, best first; columns are the fields of `Line`."""
    runs = pd.DataFrame(
        {
            "activation": card["activation"],
            "accuracy": card["test"]["accuracy"],
            "first_epoch": card["history"][0]["watched_accuracy"],
            "loss": card["history"][-1]["watched_loss"],
            "calibration_error": card["test"]["calibration_error"],
            "passed": card["slope"],
            "seconds": sum(row["seconds"] for row in card["history"]),
        }
        for card in cards
    )
    table = runs.groupby("activation", sort=False).agg(
        seeds=("accuracy", "size"),
        accuracy=("accuracy", "mean"),
        spread=("accuracy", "std"),
        worst=("accuracy", "min"),
        best=("accuracy", "max"),
        first_epoch=("first_epoch", "mean"),
        loss=("loss", "mean"),
        calibration_error=("calibration_error", "mean"),
        passed=("passed", "mean"),
        seconds=("seconds", "mean"),
    )
    return table.fillna({"spread": 0.0}).sort_values("accuracy", ascending=False, kind="stable")


def mean_histories(cards: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, float]]]:
    """Epoch by epoch the figures of each activation, the mean over the runs that got so far."""
    rows = pd.DataFrame({"activation": card["activation"]} | row for card in cards for row in card["history"])
    means = rows.groupby(["activation", "epoch"], sort=False).mean().reset_index("epoch")
    return {
        str(name): [{str(key): float(value) for key, value in row.items()} for row in part.to_dict("records")]
        for name, part in means.groupby(level=0, sort=False)
    }
