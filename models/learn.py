"""Learn from scans of fields with their values; `nightsort train --from` is its command.

No boxes are needed. Each value is aligned to the lattice of its field (the best way that reads it),
which labels the runs; the network is fine-tuned on them beside rendered strips, so that it forgets
nothing, and the reader's weights are fitted again. One field in five is held back: it proves
whether the new model is better, and calibrates it. The old model stays unless the new one is.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from models.classifier import CARD, NETWORK, PARAMETERS, Model
from models.crops import LabelledLattice, label_aligned
from models.export import export
from models.fit_reader import (
    Answers,
    answer,
    confidences,
    find_thresholds,
    fit_calibration,
    fit_weights,
    make_sample,
    read_strips,
)
from models.labelled import Crops, DataError
from models.material import gather_crops
from models.recipe import make_recipe
from models.strings import TARGET, StringJudgement
from models.training import Batches
from models.truth import Row, cut_rows
from pipeline.decode import JUNK, align
from pipeline.lattice import Lattice
from pipeline.parameters import ReaderParameters

log = logging.getLogger(__name__)

HELD_BACK = 0.2
KERAS = "network.keras"
FEWEST_HELD = 20  # fields held back, under which nothing is proved

Watch = Callable[[str, int, int], None]
"""Is told what is being done, and how many of how many steps of it are done."""


def unwatched(what: str, done: int, steps: int) -> None:
    """Look away."""


@dataclass(frozen=True)
class Lesson:
    """How much is learned: rounds of aligning and tuning, passes a round, rendered strips beside, rate."""

    rounds: int = 2
    epochs: int = 5
    strips: int = 3_000
    rate: float = 1e-3
    repeat: int = 2
    seed: int = 1


@dataclass(frozen=True, eq=False)
class Field:
    """A field to learn from: its name (for the split), its lattice, its value."""

    name: str
    lattice: Lattice
    value: str


def load_fields(rows: Sequence[Row], watch: Watch = unwatched) -> list[Field]:
    """Those of the fields that hold any ink. Raises DataError, OSError."""
    fields = []
    for done, (row, lattice) in enumerate(cut_rows(rows), 1):
        if lattice.size:
            fields.append(Field(f"{row.scan.name}:{row.page}:{row.box}", lattice, row.value))
        watch("cutting fields", done, len(rows))
    return fields


def split(fields: Sequence[Field]) -> tuple[list[Field], list[Field]]:
    """Fields to learn from, and fields held back: by their names, so that it is the same every time."""
    held = [int(hashlib.sha256(f.name.encode()).hexdigest()[:8], 16) / 2**32 < HELD_BACK for f in fields]
    return [f for f, h in zip(fields, held, strict=True) if not h], [
        f for f, h in zip(fields, held, strict=True) if h
    ]


def classify(fields: Sequence[Field], model: Model) -> list[NDArray[np.float32]]:
    """The probabilities of every field's runs, from one call."""
    proba = model.predict_proba(np.concatenate([field.lattice.crops for field in fields]))
    return np.split(proba, np.cumsum([len(field.lattice.edges) for field in fields])[:-1])


def aligned_crops(fields: Sequence[Field], model: Model) -> Crops:
    """Crops of every run that the right value labels. A field that no way reads is left out."""
    crops, labels = [], []
    for field, proba in zip(fields, classify(fields, model), strict=True):
        way = align(field.lattice, proba, model.parameters.weights, field.value)
        if not way:
            continue
        label = label_aligned(field.lattice, way, field.value)
        keep = (label >= 0) & (label <= JUNK)
        crops.append(field.lattice.crops[keep])
        labels.append(label[keep].astype(np.int64))
    return Crops(np.concatenate(crops), np.concatenate(labels))


def tune(network: keras.Model, crops: Crops, lesson: Lesson, seed: int, watch: Watch, what: str) -> None:
    """Fine-tune `network` in place, the rate falling along a cosine."""
    batches = Batches(crops, make_recipe("cnn", batch=128, seed=seed))
    schedule = keras.optimizers.schedules.CosineDecay(lesson.rate, len(batches) * lesson.epochs)
    network.compile(
        optimizer=keras.optimizers.AdamW(schedule, weight_decay=0.01),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    told = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: watch(what, epoch + 1, lesson.epochs)
    )
    network.fit(batches, epochs=lesson.epochs, verbose=0, callbacks=[told])


def judge(fields: Sequence[Field], model: Model) -> Answers:
    """Read the fields and compare with their values."""
    lattices = [LabelledLattice(f.lattice, np.zeros(len(f.lattice.edges), np.int8), f.value) for f in fields]
    return answer(lattices, classify(fields, model), model.parameters.weights)


def refit(folder: Path, learned: Sequence[Field], held: Sequence[Field], lesson: Lesson) -> None:
    """Fit the reader's weights on learned fields and rendered strips, calibrate on the held-back fields."""
    model = Model(folder)
    drawn, drawn_proba = read_strips(model, len(learned), lesson.seed + 3_000_000, None)
    samples = [make_sample(e.lattice, p, e.value) for e, p in zip(drawn, drawn_proba, strict=True) if e.value]
    samples += [
        make_sample(f.lattice, p, f.value) for f, p in zip(learned, classify(learned, model), strict=True)
    ]
    weights, _ = fit_weights(samples, iterations=40)
    ReaderParameters(weights).save(folder / PARAMETERS)
    answers = judge(held, Model(folder))
    calibration = fit_calibration(answers)
    thresholds = find_thresholds(confidences(calibration, answers), answers.right)
    ReaderParameters(weights, calibration, thresholds).save(folder / PARAMETERS)


def measure(fields: Sequence[Field], model: Model) -> StringJudgement:
    """How well the model reads the fields."""
    answers = judge(fields, model)
    unread = np.zeros(len(fields) - len(answers.right))
    return StringJudgement(
        np.concatenate([confidences(model.parameters.calibration, answers), unread]),
        np.concatenate([answers.right, unread > 0]),
        model.parameters.threshold(TARGET),
    )


def learn(
    rows: Sequence[Row], base: Path, out: Path, lesson: Lesson, watch: Watch = unwatched, command: str = ""
) -> dict[str, Any]:
    """Fine-tune the model in `base` on fields with their values into `out`; returns before and after.

    Where the new model is not better on the fields held back, `out` gets the old one.
    command : that makes the model again, for its card.
    Raises DataError where the fields are too few, or a scan cannot be read; ModelError, OSError.
    """
    started = time.monotonic()
    fields = load_fields(rows, watch)
    learned, held = split(fields)
    if len(held) < FEWEST_HELD:
        raise DataError(
            f"{len(fields)} fields with writing, of which {len(held)} are held back, are too few to prove "
            f"that a new model is better; bring some {5 * FEWEST_HELD} or more"
        )
    before = measure(held, Model(base))
    out.mkdir(parents=True, exist_ok=True)
    _copy_model(base, out)
    network = keras.models.load_model(out / KERAS, compile=False)
    watch("drawing strips", 0, 1)
    rendered = Crops(*gather_crops(lesson.seed + 4_000_000, lesson.strips, None, 2))
    watch("drawing strips", 1, 1)
    for turn in range(lesson.rounds):
        own = aligned_crops(learned, Model(out))
        parts = [own] * lesson.repeat + [rendered]
        both = Crops(np.concatenate([p.x for p in parts]), np.concatenate([p.y for p in parts]))
        tune(network, both, lesson, lesson.seed + turn, watch, f"round {turn + 1}: network")
        export(network, out / NETWORK)
        watch(f"round {turn + 1}: reader", 0, 1)
        refit(out, learned, held, lesson)
        watch(f"round {turn + 1}: reader", 1, 1)
    bare = keras.models.load_model(base / KERAS, compile=False)
    bare.set_weights(network.get_weights())
    bare.save(out / KERAS)  # without the optimizer, which is twice its size
    after = measure(held, Model(out))
    told: dict[str, Any] = {
        "command": command,
        "from_model": Model(base).sha256,
        "fields": len(fields),
        "held_back": len(held),
        "before": before.to_dict(),
        "after": after.to_dict(),
        "kept": after.exact > before.exact,
        "lesson": asdict(lesson),
        "seconds": round(time.monotonic() - started),
    }
    if not told["kept"]:
        _copy_model(base, out)
    card = json.loads((out / CARD).read_text("utf-8")) | {"name": out.name, "learned": told}
    (out / CARD).write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    return told


def _copy_model(base: Path, out: Path) -> None:
    for name in (NETWORK, PARAMETERS, CARD, KERAS):
        shutil.copyfile(base / name, out / name)
