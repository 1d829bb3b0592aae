"""Judge networks on labelled crops, side by side: figures, a JSON file, plots."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from models.labelled import Crops, DataError
from models.measures import Judgement, judge
from models.network import Network


@dataclass(frozen=True, eq=False)
class Evaluated:
    """A network's judgement, and how fast it was: crops a second on one core, loading left out."""

    name: str
    directory: Path
    judgement: Judgement
    crops_per_second: float


def evaluate(networks: Sequence[Network], crops: Crops) -> list[Evaluated]:
    """Judge every network on the same crops. Raises DataError where none of them is a digit."""
    found = []
    for network in networks:
        started = time.perf_counter()
        proba = network.predict_proba(crops.x)
        seconds = max(time.perf_counter() - started, 1e-9)
        try:
            judgement = judge(proba, crops.y)
        except ValueError as error:
            raise DataError(f"{error}; accuracy is over the ten digits") from error
        found.append(Evaluated(network.name, network.directory, judgement, len(crops) / seconds))
    return found


def to_document(evaluated: Sequence[Evaluated], data: str) -> dict[str, Any]:
    """Ready for JSON: the figures of the first network at the top level, those of all under `models`."""
    models = [
        {"name": each.name, "model": str(each.directory), "crops_per_second": round(each.crops_per_second)}
        | each.judgement.to_dict()
        for each in evaluated
    ]
    return {"data": data, "judged": "digits", **models[0], "models": models}


def write_json(document: Mapping[str, Any], path: Path) -> None:
    """Write `to_document`'s figures, one of them a line. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def draw(evaluated: Sequence[Evaluated], crops: Crops, folder: Path) -> None:
    """Draw reliability.png, error-reject.png, and confusion.png and mistakes.png of every network.

    The names of the latter begin with the network's where there are several. Raises OSError, and
    ImportError where matplotlib is missing.
    """
    from models import plots  # noqa: PLC0415 - matplotlib is slow to import

    folder.mkdir(parents=True, exist_ok=True)
    named = dict(zip(distinct_names(evaluated), evaluated, strict=True))
    judgements = {name: each.judgement for name, each in named.items()}
    plots.plot_reliability(judgements, folder / "reliability.png")
    plots.plot_error_reject(judgements, folder / "error-reject.png")
    digits = crops.x[crops.y < 10]
    for name, each in named.items():
        prefix = f"{name}-" if len(named) > 1 else ""
        plots.plot_confusion(each.judgement.confusion, folder / f"{prefix}confusion.png")
        plots.plot_mistakes(digits, each.judgement, folder / f"{prefix}mistakes.png")


class Named(Protocol):
    """Whatever has a name."""

    @property
    def name(self) -> str:
        """The name."""


def distinct_names(evaluated: Sequence[Named]) -> list[str]:
    """The models' names, numbered where two are called the same."""
    names = [each.name for each in evaluated]
    return [n if names.count(n) == 1 else f"{n}-{names[: i + 1].count(n)}" for i, n in enumerate(names)]
