"""Make a model: gather the data, train, calibrate, judge, export, and write its card."""

from __future__ import annotations

import math
import os
import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import keras
import numpy as np

from models import plots
from models.calibrate import fit_temperature
from models.cards import write_card
from models.data import load_dataset, split
from models.dataflow import Parts, Stage, predict_stage, trace_flow
from models.drawn_forms import gather_digits
from models.export import export, export_crops
from models.labelled import Crops, Cutter, DataError, DataSet, hold_back, join
from models.learner import make_learner
from models.material import Glyphs, gather_crops
from models.measures import Judgement, judge
from models.network import NETWORK, softmax
from models.networks import build_network, count_multiply_adds
from models.packing import rounded, save_packed
from models.page_classifier import open_network
from models.page_pictures import PAGES, draw_pages
from models.recipe import Recipe, command, parse_layers
from models.slopes import measure_slope
from models.training import History, Row, Watcher, fit, predict

STRIPS = "strips"  # the data: MNIST and the crops of rendered strips
HELD_STRIPS = 1_000
STRIPS_A_FORM = 15  # strips that are drawn for every form
MNIST_SHARE = 2  # times that MNIST is shown for every time a strip's crop is
RESUME = "resume"
INPUTS = {
    "digits": "28x28 grey, ink bright on black, MNIST's normalization; scaled to 0..1, not standardised",
    "page": "64x64 blue, green, red, the page shrunk, black around it; scaled to 0..1, not standardised",
}
COMPARED = 512  # crops on which the export is held against Keras


class Onlooker(Watcher, Protocol):
    """Sees the flow of the data before training and the answer to the same crop after it."""

    def flow(self, stages: list[Stage]) -> None:
        """The stages from the data to the first answer."""

    def answer(self, stage: Stage) -> None:
        """The answer of the trained network."""


@dataclass(frozen=True)
class Job:
    """What to make: the recipe, the data (see `models.data`; or `strips`, `pages`), the model's folder."""

    recipe: Recipe
    data: str
    out: Path
    mnist: Path | None = None
    resume: bool = False
    events: Path | None = None


def gather(job: Job, cutter: Cutter | None = None) -> Parts:
    """The crops to learn from, to hold back and to test with. Raises DataError."""
    recipe = job.recipe
    data = _load(job, cutter)
    if recipe.held_back >= len(data.train):
        raise DataError(
            f"{job.data}: {len(data.train)} crops, of which {recipe.held_back} would be held back; "
            "give a smaller --held-back"
        )
    kept, held = hold_back(data.train, recipe.held_back) if recipe.held_back else (data.train, None)
    nothing = data.train[:0]
    if job.data != STRIPS:
        return Parts(data.name, kept, held or nothing, data.test)
    if held is None:
        raise DataError("strips: some digits must be held back for the strips to judge by; give --held-back")
    cores = os.cpu_count() or 1
    drawn, forms = _draw(recipe.seed, recipe.strips, kept, cores)
    extra, _ = _draw(recipe.seed + 1_000_000, HELD_STRIPS, held, cores)
    return Parts(
        f"mnist {MNIST_SHARE} times, {recipe.strips} strips and the combs of {forms} forms",
        join(*[kept] * MNIST_SHARE, drawn),
        held,
        data.test,
        extra,
    )


def _draw(seed: int, strips: int, digits: Crops, cores: int) -> tuple[Crops, int]:
    """What reading makes of so many drawn strips and of the combs of drawn forms, and how many these are."""
    glyphs, forms = Glyphs(digits.x, digits.y), -(-strips // STRIPS_A_FORM)
    of_strips = Crops(*gather_crops(seed, strips, glyphs, cores))
    return join(of_strips, Crops(*gather_digits(seed, forms, glyphs, cores))), forms


def _load(job: Job, cutter: Cutter | None) -> DataSet:
    recipe = job.recipe
    if recipe.network == "page" and job.data == PAGES:
        drawn = draw_pages(recipe.seed, recipe.pages, os.cpu_count() or 1)
        return split(f"{recipe.pages} pages drawn", drawn, recipe.seed)
    source = "mnist" if job.data == STRIPS else job.data
    return load_dataset(source, job.mnist, recipe.seed, cutter, recipe.network == "page")


def produce(
    job: Job, onlooker: Onlooker, stop: Callable[[], bool] = lambda: False, cutter: Cutter | None = None
) -> dict[str, Any]:
    """Make the model and return its card; where `stop` turned true, of the best epoch so far.

    The folder then holds network.keras, its exports, card.json, history.csv, curves.png, confusion.png,
    reliability.png and mistakes.png. Raises DataError, OSError, and KeyboardInterrupt where it was
    stopped before one epoch was done.
    """
    started = time.monotonic()
    recipe = job.recipe
    job.out.mkdir(parents=True, exist_ok=True)
    parts = gather(job, cutter)
    keras.utils.set_random_seed(recipe.seed)
    kept = build_network(recipe.network, recipe.activation, parts.train.present, parse_layers(recipe.layers))
    network = make_learner(kept, recipe.precision)
    onlooker.flow(trace_flow(parts, recipe, network))
    log: Callable[[Row], None] = lambda row: None  # noqa: E731 - nothing to log to
    if job.events is not None:
        from models.events import write_events  # noqa: PLC0415 - TensorFlow's own summaries

        log = write_events(job.events)
    watched = _watched(parts)
    folder = job.out / RESUME
    history = fit(
        network, parts.train, watched, recipe, folder, onlooker, resume=job.resume, stop=stop, log=log
    )
    if not history.rows:
        raise KeyboardInterrupt
    card = _finish(job, parts, network, kept, history)
    onlooker.answer(predict_stage(network, parts.test, "after training"))
    card["seconds"] = math.ceil(time.monotonic() - started)
    write_card(job.out, card)
    return card


def _watched(parts: Parts) -> Crops:
    """What is looked at after each epoch: all that is held back, or the test part where nothing is."""
    held = [part for part in (parts.held, parts.extra) if part is not None and len(part)]
    return join(*held) if held else parts.test


def _finish(
    job: Job, parts: Parts, learner: keras.Model, network: keras.Model, history: History
) -> dict[str, Any]:
    """Calibrate, judge and export what was learned; everything but the card is written.

    network : of Keras's own layers, which is kept, its weights rounded, without the optimizer's state,
        which would be three quarters of the file.
    """
    out, recipe = job.out, job.recipe
    temperature = 1.0
    if len(parts.held):
        watched = _watched(parts)
        temperature = fit_temperature(predict(learner, watched.x), watched.y)
    network.set_weights(rounded(learner))
    save_packed(network, out / "network.keras")
    if recipe.network == "page":
        export(network, out / NETWORK)
    else:
        export_crops(network, out)
    test = parts.test
    judgement = judge(_probabilities(network, test, temperature), test.y, test.counted)
    name = recipe.network
    plots.plot_curves({name: history.rows}, out / "curves.png", "held back" if len(parts.held) else "test")
    names = test.classes[: test.counted]
    plots.plot_confusion(judgement.confusion, out / "confusion.png", names)
    plots.plot_reliability({name: judgement}, out / "reliability.png")
    plots.plot_mistakes(test.x[test.y < test.counted], judgement, out / "mistakes.png", names)
    card = _card(job, parts, network, history) | {
        "temperature": round(temperature, 4),
        "calibrated_on": f"{len(_watched(parts))} held-back crops" if len(parts.held) else "nothing",
        "test": _test_figures(parts, judgement),
        "slope": round(measure_slope(network, recipe.activation, parts.test.x), 4),
    }
    if parts.extra is not None:
        card["held_back_strips"] = _scrap_figures(network, parts.extra, temperature)
    write_card(out, card)
    card["export_difference"] = _export_difference(network, out, parts.test, temperature)
    return card


def _probabilities(network: keras.Model, crops: Crops, temperature: float) -> np.ndarray[Any, Any]:
    """Probabilities (N, C) float32 of all classes, also of one that the network does not know."""
    proba = softmax(predict(network, crops.x) / np.float32(temperature))
    return np.pad(proba, ((0, 0), (0, len(crops.classes) - proba.shape[1])))


def _export_difference(network: keras.Model, out: Path, test: Crops, temperature: float) -> float:
    """Greatest difference between the probabilities of the export and of Keras."""
    some = test[:COMPARED]
    difference = open_network(out).predict_proba(some.x) - _probabilities(network, some, temperature)
    return float(f"{np.abs(difference).max():.1e}")


def _test_figures(parts: Parts, judgement: Judgement) -> dict[str, Any]:
    return {
        "data": parts.name if parts.extra is None else "mnist",
        "accuracy": round(judgement.accuracy, 5),
        "interval": [round(share, 5) for share in judgement.interval],
        "size": judgement.size,
        "wrong": int((judgement.read != judgement.true).sum()),
        "calibration_error": round(judgement.calibration_error, 5),
        "loss": round(judgement.loss, 5),
    }


def _scrap_figures(network: keras.Model, crops: Crops, temperature: float) -> dict[str, Any]:
    judgement = judge(_probabilities(network, crops, temperature), crops.y)
    return {
        "digits": judgement.size,
        "digit_accuracy": round(judgement.accuracy, 5),
        "scraps": judgement.scraps,
        "scraps_called_digits_at_1pct_lost": round(judgement.scraps_called_digits or 0.0, 5),
    }


def _card(job: Job, parts: Parts, network: keras.Model, history: History) -> dict[str, Any]:
    return {
        "name": job.out.name,
        "network": job.recipe.network,
        "activation": job.recipe.activation,
        "parameters": int(network.count_params()),
        "multiply_adds": count_multiply_adds(network),
        "inputs": INPUTS["page" if job.recipe.network == "page" else "digits"],
        "classes": list(parts.train.classes[: network.output.shape[1]]),
        "data": {
            "source": parts.name,
            "train": len(parts.train),
            "held_back": len(parts.held),
            "held_back_strip_crops": 0 if parts.extra is None else len(parts.extra),
            "test": len(parts.test),
        },
        "recipe": asdict(job.recipe),
        "command": command(job.recipe, job.data),
        "stopped_early": history.stopped,
        "epoch_kept": history.best if history.stopped else len(history.rows),
        "history": history.rows,
        "versions": {
            name: version(name) for name in ("tensorflow", "keras", "numpy", "opencv-python-headless")
        }
        | {"python": platform.python_version()},
    }
