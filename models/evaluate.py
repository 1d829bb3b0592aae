"""Judge networks on labelled crops or pages, side by side: figures, a JSON file, plots."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from models.labelled import CLASSES, Crops, DataError
from models.measures import Judgement, judge
from models.network import ModelError, Network
from models.page_classifier import PageNetwork
from pipeline.document import Image

DIGITS = CLASSES[:10]


@dataclass(frozen=True, eq=False)
class Evaluated:
    """A network's judgement, and how fast it was: crops a second on one core, loading left out.

    classes : the names of the rows and columns of the judgement's confusion.
    """

    name: str
    directory: Path
    judgement: Judgement
    crops_per_second: float
    classes: tuple[str, ...] = DIGITS


def evaluate(networks: Sequence[Network], crops: Crops) -> list[Evaluated]:
    """Judge every network on the same crops. Raises DataError where none of them is a digit."""
    found = []
    for network in networks:
        proba, rate = _timed(network.predict_proba, crops)
        try:
            judgement = judge(proba, crops.y)
        except ValueError as error:
            raise DataError(f"{error}; accuracy is over the ten digits") from error
        found.append(Evaluated(network.name, network.directory, judgement, rate))
    return found


def evaluate_pages(networks: Sequence[PageNetwork], pages: Crops) -> list[Evaluated]:
    """Judge every network of pages on the same pictures, over all classes that it tells apart.

    Each picture is looked at turned by every quarter, as reading does.

    Raises DataError where the pictures have a class that a network does not know, ModelError where
    the networks tell different classes apart.
    """
    classes = networks[0].classes
    if unknown := [name for name in pages.classes if name not in classes]:
        raise DataError(f"{networks[0].directory} knows no class {unknown[0]!r}, but {', '.join(classes)}")
    labels = np.array([classes.index(name) for name in pages.classes])[pages.y]
    found = []
    for network in networks:
        if set(network.classes) != set(classes):
            raise ModelError(
                f"{network.directory}: tells other classes apart than {networks[0].directory}; "
                "judge it by itself"
            )
        proba, rate = _timed(network.predict_turned, pages)
        order = [network.classes.index(name) for name in classes]
        judgement = judge(proba[:, order], labels, len(classes))
        found.append(Evaluated(network.name, network.directory, judgement, rate, classes))
    return found


def _timed(
    predict: Callable[[Image], NDArray[np.float32]], crops: Crops
) -> tuple[NDArray[np.float32], float]:
    """What a network says of crops, and how many a second."""
    started = time.perf_counter()
    proba = predict(crops.x)
    return proba, len(crops) / max(time.perf_counter() - started, 1e-9)


def to_document(evaluated: Sequence[Evaluated], data: str) -> dict[str, Any]:
    """Ready for JSON: the figures of the first network at the top level, those of all under `models`."""
    models = [
        {"name": each.name, "model": str(each.directory), "crops_per_second": round(each.crops_per_second)}
        | each.judgement.to_dict()
        for each in evaluated
    ]
    judged = "digits" if evaluated[0].classes == DIGITS else "pages"
    classes = list(evaluated[0].classes)
    return {"data": data, "judged": judged, "classes": classes, **models[0], "models": models}


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
    judged = crops.x[crops.y < crops.counted]
    for name, each in named.items():
        prefix = f"{name}-" if len(named) > 1 else ""
        plots.plot_confusion(each.judgement.confusion, folder / f"{prefix}confusion.png", each.classes)
        plots.plot_mistakes(judged, each.judgement, folder / f"{prefix}mistakes.png", each.classes)


class Named(Protocol):
    """Whatever has a name."""

    @property
    def name(self) -> str:
        """The name."""


def distinct_names(evaluated: Sequence[Named]) -> list[str]:
    """The models' names, numbered where two are called the same."""
    names = [each.name for each in evaluated]
    return [n if names.count(n) == 1 else f"{n}-{names[: i + 1].count(n)}" for i, n in enumerate(names)]
