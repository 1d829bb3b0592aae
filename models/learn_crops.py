"""Learning, the network of crops: fine-tuned on the crops of fields whose values are known.

No boxes are needed: each value is aligned to the lattice of its field, which labels the runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras
import numpy as np

from models.crops import label_aligned
from models.labelled import Crops, join
from models.learn_reader import View
from models.material import Glyphs
from models.recipe import make_recipe
from models.training import Batches
from pipeline.parameters import ReaderParameters
from pipeline.strings.classify import Classifier, Seen
from pipeline.strings.decode import JUNK, align, score_runs

BATCH = 128
NONE = Crops(np.zeros((0, 28, 28), np.uint8), np.zeros(0, np.int64))


def aligned_crops(view: View, parameters: ReaderParameters) -> list[Crops]:
    """For every field the crops of the runs that its value labels: the best way that reads it.

    There are none of a line or box that no way reads.
    """
    found = []
    for field, seen in zip(view.fields, view.seen, strict=True):
        values = [value for _, value in field.parts]
        parts = [_align(part, parameters, value) for part, value in zip(seen, values, strict=True)]
        found.append(join(NONE, *parts))
    return found


def _align(seen: Seen, parameters: ReaderParameters, value: str) -> Crops:
    way = align(score_runs(seen.lattice, seen.proba, parameters.weights), value)
    if not way:
        return NONE
    labels = label_aligned(seen.lattice, way, value)
    keep = (labels >= 0) & (labels <= JUNK)
    return Crops(seen.lattice.crops[keep], labels[keep].astype(np.int64))


def own_digits(crops: Crops, classifier: Classifier) -> Glyphs | None:
    """The digits among aligned crops, to compose strips of; None where some digit does not occur.

    Only those that the network takes for what their value says: the others may be cut wrongly.
    """
    sure = (crops.y < JUNK) & (classifier.predict_proba(crops.x).argmax(axis=1) == crops.y)
    digits = Glyphs(crops.x[sure], crops.y[sure])
    return digits if len(np.unique(digits.labels)) == JUNK else None


def crop_batches(own: Sequence[Crops], drawn: Sequence[Crops], repeat: int, seed: int) -> Batches:
    """Batches to learn from: own crops `repeat` times an epoch, each time varied anew, and drawn ones."""
    return Batches(join(*[*own] * repeat, *drawn), make_recipe("cnn", batch=BATCH, seed=seed))


def tune_crops(
    network: keras.Model,
    batches: Batches,
    epoch_done: Callable[[int], None] = lambda epoch: None,
    *,
    epochs: int,
    rate: float,
) -> None:
    """Fine-tune `network` in place, the rate falling along a cosine.

    epoch_done : is told how many epochs are done.
    """
    schedule = keras.optimizers.schedules.CosineDecay(rate, len(batches) * epochs)
    network.compile(
        optimizer=keras.optimizers.AdamW(schedule, weight_decay=0.01),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    told = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: epoch_done(epoch + 1))
    network.fit(batches, epochs=epochs, verbose=0, shuffle=False, callbacks=[told])
