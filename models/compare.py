"""The same training several times, over activations and seeds: one table and one plot."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

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
    groups = [[card for card in cards if card["activation"] == a] for a in activations]
    lines = [_line(job.out, group) for group in groups]
    order = sorted(lines, key=lambda line: -line.accuracy)
    _write(order, job.out / "comparison.csv")
    histories = {group[0]["activation"]: _mean_history(group) for group in groups}
    watched = "held back" if job.recipe.held_back else "test"
    plots.plot_curves(histories, job.out / "comparison.png", watched)
    return Comparison(tuple(order), tuple(cards))


def _line(out: Path, cards: Sequence[dict[str, Any]]) -> Line:
    accuracies = [card["test"]["accuracy"] for card in cards]
    last = [card["history"][-1] for card in cards]
    return Line(
        activation=cards[0]["activation"],
        seeds=len(cards),
        accuracy=fmean(accuracies),
        spread=stdev(accuracies) if len(accuracies) > 1 else 0.0,
        worst=min(accuracies),
        best=max(accuracies),
        first_epoch=fmean(card["history"][0]["watched_accuracy"] for card in cards),
        loss=fmean(row["watched_loss"] for row in last),
        calibration_error=fmean(card["test"]["calibration_error"] for card in cards),
        passed=fmean(card["slope"] for card in cards),
        seconds=fmean(sum(row["seconds"] for row in card["history"]) for card in cards),
    )


def _mean_history(cards: Sequence[dict[str, Any]]) -> list[dict[str, float]]:
    """The epochs' figures, each the mean over the runs that got so far."""
    epochs = zip(*(card["history"] for card in cards), strict=False)
    return [{name: fmean(row[name] for row in rows) for name in rows[0]} for rows in epochs]


def _write(lines: Sequence[Line], path: Path) -> None:
    rows = [
        {k: round(v, 5) if isinstance(v, float) and math.isfinite(v) else v for k, v in asdict(line).items()}
        for line in lines
    ]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
