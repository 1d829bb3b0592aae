"""Learning, both networks: fine-tuned in several turns, each time without one part of the fields.

What a network says of fields that it learned from proves nothing. So every part is seen by the
networks that learned from all others (cross-fitting), and these views, one of every field, are what
the reader is fitted to and judged by. What is kept are the means of the networks of all turns, which
together have learned from every field.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from models.classifier import CARD, FAST, LINE_NETWORK, NETWORK, PARAMETERS, load_model
from models.export import export_crops
from models.labelled import Crops, join
from models.learn_crops import crop_batches, own_digits, tune_crops
from models.learn_drawn import Drawn, draw_beside
from models.learn_lines import line_batches, tune_lines
from models.learn_reader import Field, View, view
from models.learner import has_bfloat16, make_learner
from models.line_data import Line
from models.line_files import LINE_KERAS, save_line_network
from models.material import WORKERS
from models.mean_network import mean_weights, settle
from pipeline.strings.classify import Seen

KERAS = "network.keras"

Watch = Callable[[str, int, int], None]
"""Is told what is being done, and how many of how many steps of it are done."""
Tune = Callable[[keras.Model, Any, Callable[[int], None]], None]


@dataclass(frozen=True)
class Lesson:
    """How much is learned.

    turns : each leaves out one part of the fields.
    crop_epochs, line_epochs : passes of a turn. crop_repeat, line_repeat : times that own fields are shown
        in a pass; fewer where that would be more than `enough` lines. strips : drawn ones beside, in a
        turn. rate : of learning, at its peak.
    """

    turns: int = 5
    crop_epochs: int = 5
    crop_repeat: int = 2
    line_epochs: int = 3
    line_repeat: int = 4
    enough: int = 2_500
    strips: int = 600
    rate: float = 1e-3
    seed: int = 1

    def times(self, most: int, lines: int) -> int:
        """How often so many lines are shown in a pass, at most `most` times."""
        return max(1, min(most, self.enough // max(lines, 1)))


@dataclass(frozen=True, eq=False)
class Own:
    """The fields to learn from: what is labelled of each, and which turn leaves it out.

    crops : of each field. turn : (N,).
    """

    fields: Sequence[Field]
    crops: Sequence[Crops]
    turn: NDArray[np.intp]

    def without(self, turn: int) -> tuple[list[Crops], list[Line]]:
        """Crops and lines of the fields that this turn learns from; of all fields for turn -1."""
        chosen = np.flatnonzero(self.turn != turn).tolist()
        parts = [part for i in chosen for part in self.fields[i].parts]
        return [self.crops[i] for i in chosen], [Line(lattice.picture, value) for lattice, value in parts]


class Tuned:
    """One of a model's networks, tuned turn by turn from the same start; kept is the mean of what is reached.

    start : its Keras file. tune : is given the network, batches, and whom to tell that an epoch is done.
    save : is given the network and a folder.
    """

    def __init__(self, start: Path, tune: Tune, save: Callable[[keras.Model, Path], object]) -> None:
        self._start, self._tune, self._save = start, tune, save
        self._precision = "bfloat16" if has_bfloat16() else "float32"
        self._reached: list[list[Any]] = []

    def turn(self, batches: Any, folder: Path, seed: int, epoch_done: Callable[[int], None]) -> None:
        """Tune it from the start, and write it into `folder`.

        seed : of what is dropped from layers; the same one on the same machine leaves the same network.
        """
        keras.utils.set_random_seed(seed)
        network = keras.models.load_model(self._start, compile=False)
        learner = make_learner(network, self._precision)
        self._tune(learner, batches, epoch_done)
        network.set_weights(learner.get_weights())
        self._save(network, folder)
        self._reached.append(network.get_weights())

    def keep(self, batches: Any, folder: Path) -> None:
        """Write the mean of all turns into `folder`, its normalizations settled on the batches."""
        network = keras.models.load_model(self._start, compile=False)
        network.set_weights(mean_weights(self._reached))
        settle(network, batches)
        self._save(network, folder)


def cross_fit(own: Own, base: Path, out: Path, lesson: Lesson, watch: Watch) -> View:
    """Fine-tune the networks in `base` into `out`; returns what is seen of fields by those not taught them.

    Raises ModelError, OSError.
    """
    crops = Tuned(base / KERAS, partial(tune_crops, epochs=lesson.crop_epochs, rate=lesson.rate), _save_crops)
    lines = Tuned(
        base / LINE_KERAS, partial(tune_lines, epochs=lesson.line_epochs, rate=lesson.rate), save_line_network
    )
    both = (base / LINE_KERAS).exists()
    drawn = _draw(own, base, lesson, watch)
    seen: list[Sequence[Seen]] = [()] * len(own.fields)
    with tempfile.TemporaryDirectory() as folder:
        aside = Path(folder)
        copy_model(base, aside)
        for turn, beside in enumerate(drawn):
            own_crops, own_lines = own.without(turn)
            told = f"turn {turn + 1} of {lesson.turns}"
            often, seed = lesson.times(lesson.crop_repeat, len(own_lines)), lesson.seed + turn
            batches = crop_batches(own_crops, [beside.crops], often, seed)
            crops.turn(batches, aside, seed, partial(_tell, watch, f"{told}: crops", lesson.crop_epochs))
            if both:
                often = lesson.times(lesson.line_repeat, len(own_lines))
                strips = line_batches(own_lines, beside.lines, often, seed)
                lines.turn(strips, aside, seed, partial(_tell, watch, f"{told}: lines", lesson.line_epochs))
            unseen = np.flatnonzero(own.turn == turn).tolist()
            views = view([own.fields[i] for i in unseen], load_model(aside))
            for i, parts in zip(unseen, views.seen, strict=True):
                seen[i] = parts
    every_crop, every_line = own.without(-1)
    crops.keep(crop_batches(every_crop, [each.crops for each in drawn], 1, lesson.seed), out)
    if both:
        all_drawn = [line for each in drawn for line in each.lines]
        lines.keep(line_batches(every_line, all_drawn, 1, lesson.seed, first_wide=False), out)
    return View(own.fields, seen)


def _draw(own: Own, base: Path, lesson: Lesson, watch: Watch) -> list[Drawn]:
    """For every turn its own strips, some composed of digits that this turn learns from."""
    watch("drawing strips", 0, 1)
    model = load_model(base)
    glyphs = [own_digits(join(*own.without(turn)[0]), model) for turn in range(lesson.turns)]
    drawn = draw_beside(glyphs, lesson.strips, lesson.seed + 4_000_000, WORKERS)
    watch("drawing strips", 1, 1)
    return drawn


def _tell(watch: Watch, what: str, epochs: int, epoch: int) -> None:
    watch(what, epoch, epochs)


def _save_crops(network: keras.Model, folder: Path) -> None:
    network.save(folder / KERAS)
    export_crops(network, folder)


def copy_model(base: Path, out: Path) -> None:
    """Copy what a model is made of; an optional part that `base` lacks is taken away from `out`."""
    optional = (FAST, LINE_NETWORK, LINE_KERAS)
    for name in (NETWORK, PARAMETERS, CARD, KERAS, *optional):
        if name not in optional or (base / name).exists():
            shutil.copyfile(base / name, out / name)
        else:
            (out / name).unlink(missing_ok=True)
