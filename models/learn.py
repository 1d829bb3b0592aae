"""Learn from scans of fields with their values; `nightsort train --from` is its command.

No boxes are needed. Each value is aligned to the lattice of its field (the best way that reads it),
which labels the runs; the network of crops is fine-tuned on them, that of lines on the lines as
they are, both beside drawn strips, so that they forget nothing, some of them composed of the
site's own digits in other orders, and the reader is fitted again.
One field in five is held back: it proves whether the new model is better, and calibrates it. The
old model stays unless the new one is; where it is, the network of lines then learns once more from
the same start, from the fields held back as well.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from models.cards import amend_card
from models.classifier import CARD, FAST, LINE_NETWORK, NETWORK, PARAMETERS, Model, load_model
from models.crops import label_aligned
from models.export import export_crops
from models.labelled import Crops, Cutter, DataError
from models.learn_lines import tune_lines
from models.learn_reader import Field, measure, refit, see_parts
from models.line_data import Line, gather_lines
from models.line_files import LINE_KERAS, save_line_network
from models.material import Glyphs, gather_crops
from models.page_classifier import load_page_model
from models.recipe import make_recipe
from models.training import Batches
from models.truth import Row, cut_rows
from pipeline.plan import needs_look
from pipeline.strings.decode import JUNK, align

log = logging.getLogger(__name__)

HELD_BACK = 0.2
KERAS = "network.keras"
WORKERS = 2  # processes that draw
FEWEST_HELD = 20  # fields held back, under which nothing is proved

Watch = Callable[[str, int, int], None]
"""Is told what is being done, and how many of how many steps of it are done."""


def unwatched(what: str, done: int, steps: int) -> None:
    """Look away."""


@dataclass(frozen=True)
class Lesson:
    """How much is learned.

    rounds : of aligning the values and tuning the network of crops. epochs : passes a round.
    repeat : times that own crops are shown a pass. line_epochs, line_repeat : the same for lines, in
        each of line_runs runs.
    strips : drawn ones beside, for all of these runs together. rate : of learning, at its peak.
    """

    rounds: int = 2
    epochs: int = 3
    repeat: int = 2
    line_runs: int = 3
    line_epochs: int = 3
    line_repeat: int = 4
    strips: int = 3_000
    rate: float = 1e-3
    seed: int = 1


def load_fields(rows: Sequence[Row], model: Model, watch: Watch = unwatched) -> list[Field]:
    """Those of the fields that hold any ink, found as reading with `model` finds them.

    Raises DataError, ModelError, OSError.
    """
    fields = []
    looks = load_page_model() if any(row.layout and needs_look(row.layout) for row in rows) else None
    for done, (row, cut) in enumerate(cut_rows(rows, Cutter(model, model.parameters), looks), 1):
        if any(lattice.size for lattice in cut.lattices):
            fields.append(Field(f"{row.scan.name}:{row.page}:{row.box}", cut, row.value))
        watch("cutting fields", done, len(rows))
    return fields


def split(fields: Sequence[Field]) -> tuple[list[Field], list[Field]]:
    """Fields to learn from, and fields held back: by their names, so that it is the same every time."""
    held = [int(hashlib.sha256(f.name.encode()).hexdigest()[:8], 16) / 2**32 < HELD_BACK for f in fields]
    return [f for f, h in zip(fields, held, strict=True) if not h], [
        f for f, h in zip(fields, held, strict=True) if h
    ]


def aligned_crops(fields: Sequence[Field], model: Model) -> Crops:
    """Crops of every run that the right value labels. A line or box that no way reads is left out."""
    crops, labels = [], []
    for seen, value in zip(*see_parts(fields, model), strict=True):
        way = align(seen.lattice, seen.proba, model.parameters.weights, value)
        if not way:
            continue
        label = label_aligned(seen.lattice, way, value)
        keep = (label >= 0) & (label <= JUNK)
        crops.append(seen.lattice.crops[keep])
        labels.append(label[keep].astype(np.int64))
    return Crops(np.concatenate(crops), np.concatenate(labels))


def own_digits(crops: Crops, model: Model) -> Glyphs | None:
    """The digits among aligned crops, to compose strips of; None where some digit does not occur.

    Only those that the network takes for what their value says: the others may be cut wrongly.
    """
    sure = (crops.y < JUNK) & (model.predict_proba(crops.x).argmax(axis=1) == crops.y)
    digits = Glyphs(crops.x[sure], crops.y[sure])
    return digits if len(np.unique(digits.labels)) == JUNK else None


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


def learn(
    rows: Sequence[Row], base: Path, out: Path, lesson: Lesson, watch: Watch = unwatched, command: str = ""
) -> dict[str, Any]:
    """Fine-tune the model in `base` on fields with their values into `out`; returns before and after.

    Where the new model is not better on the fields held back, `out` gets the old one.
    command : that makes the model again, for its card.
    Raises DataError where the fields are too few, or a scan cannot be read; ModelError, OSError.
    """
    started = time.monotonic()
    old = load_model(base)
    fields = load_fields(rows, old, watch)
    learned, held = split(fields)
    if len(held) < FEWEST_HELD:
        raise DataError(
            f"{len(fields)} fields with writing, of which {len(held)} are held back, are too few to prove "
            f"that a new model is better; bring some {5 * FEWEST_HELD} or more"
        )
    before = measure(held, old)
    out.mkdir(parents=True, exist_ok=True)
    _copy_model(base, out)
    _tune_crops(learned, base, out, lesson, watch)
    if (base / LINE_KERAS).exists():
        _tune_lines(learned, base, out, lesson, watch, "lines")
    watch("reader", 0, 1)
    refit(out, old.parameters, learned, held, lesson.seed)
    watch("reader", 1, 1)
    after = measure(held, load_model(out))
    kept = after.exact > before.exact
    if not kept:
        _copy_model(base, out)
    elif (base / LINE_KERAS).exists():
        _tune_lines(fields, base, out, lesson, watch, "lines, of all fields")
    told: dict[str, Any] = {
        "command": command,
        "from_model": old.sha256,
        "fields": len(fields),
        "held_back": len(held),
        "before": before.to_dict(),
        "after": after.to_dict(),
        "kept": kept,
        "lesson": asdict(lesson),
        "seconds": round(time.monotonic() - started),
    }
    amend_card(out, name=out.name, learned=told)
    return told


def _tune_crops(learned: Sequence[Field], base: Path, out: Path, lesson: Lesson, watch: Watch) -> None:
    """Fine-tune the network that reads crops, the values aligned anew in every round."""
    network = keras.models.load_model(base / KERAS, compile=False)
    watch("drawing strips", 0, 1)
    before = load_model(base)
    own = aligned_crops(learned, before)
    glyphs = own_digits(own, before)
    drawn = Crops(*gather_crops(lesson.seed + 4_000_000, lesson.strips, glyphs, WORKERS))
    watch("drawing strips", 1, 1)
    for turn in range(lesson.rounds):
        if turn:
            own = aligned_crops(learned, load_model(out))
        parts = [own] * lesson.repeat + [drawn]
        both = Crops(np.concatenate([p.x for p in parts]), np.concatenate([p.y for p in parts]))
        tune(network, both, lesson, lesson.seed + turn, watch, f"crops, round {turn + 1}")
        export_crops(network, out)
    bare = keras.models.load_model(base / KERAS, compile=False)
    bare.set_weights(network.get_weights())
    bare.save(out / KERAS)  # without the optimizer, which is twice the network's size


def _tune_lines(
    learned: Sequence[Field], base: Path, out: Path, lesson: Lesson, watch: Watch, what: str
) -> None:
    """Fine-tune the network that reads whole lines."""
    network = keras.models.load_model(base / LINE_KERAS, compile=False)
    own = [Line(lattice.picture, value) for field in learned for lattice, value in field.parts]
    # The network of crops in `out` has learned these fields already, and so cuts them better.
    tuned = load_model(out)
    glyphs = own_digits(aligned_crops(learned, tuned), tuned)
    drawn = gather_lines(lesson.seed + 5_000_000, lesson.strips, glyphs, WORKERS)
    epochs = lesson.line_runs * lesson.line_epochs
    tune_lines(
        network,
        own,
        drawn,
        lesson.line_runs,
        lesson.line_epochs,
        lesson.line_repeat,
        lesson.rate,
        lesson.seed,
        lambda epoch: watch(what, epoch, epochs),
    )
    save_line_network(network, out)


def _copy_model(base: Path, out: Path) -> None:
    optional = (FAST, LINE_NETWORK, LINE_KERAS)
    for name in (NETWORK, PARAMETERS, CARD, KERAS, *optional):
        if name not in optional or (base / name).exists():
            shutil.copyfile(base / name, out / name)
        else:
            (out / name).unlink(missing_ok=True)
