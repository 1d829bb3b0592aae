"""The training loop: epochs over crops, watched, stopped and taken up again without loss."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import keras
import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from models.augment import MILD, SIDE, augment
from models.labelled import Crops, DataError
from models.muon import ConvolutionMuon
from models.page_pictures import vary
from models.recipe import Recipe, differences, option
from models.schedule import mean_momentum, warmed_cosine
from pipeline.document import Image

STATE, BEST, NOTES = "state.weights.h5", "best.weights.h5", "state.json"
SHOW_EVERY = 0.1  # seconds; to ask for the figures of a step waits for it
Row = dict[str, float]


class Watcher(Protocol):
    """Looks on while a network learns."""

    def begin(self, epochs: int, steps: int, rows: list[Row]) -> None:
        """Training starts: epochs in all, steps in each, and the epochs that were done before."""

    def step(self, done: int, loss: float, accuracy: float) -> None:
        """So many steps of this epoch are done, with these means."""

    def epoch(self, row: Row) -> None:
        """An epoch is done: epoch, loss, accuracy, watched_loss, watched_accuracy, seconds."""


@dataclass
class History:
    """What happened, epoch by epoch; `stopped` where somebody asked to end it early, `best` from 1."""

    rows: list[Row] = field(default_factory=list)
    stopped: bool = False
    best: int = 0


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """Shuffled batches of crops, varied where the recipe says so, anew each epoch; one seed, one order."""

    def __init__(self, crops: Crops, recipe: Recipe, epoch: int = 0) -> None:
        super().__init__(workers=1, use_multiprocessing=False, max_queue_size=8)
        self._crops, self._recipe = crops, recipe
        self._begin(epoch)

    def _begin(self, epoch: int) -> None:
        self._epoch = epoch
        self._order = np.random.default_rng([self._recipe.seed, epoch]).permutation(len(self._crops))

    def __len__(self) -> int:
        return max(1, len(self._crops) // self._recipe.batch)

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        rows = self._order[index * self._recipe.batch : (index + 1) * self._recipe.batch]
        x, y = self._crops.x[rows], self._crops.y[rows]
        if self._recipe.augmented:
            rng = np.random.default_rng([self._recipe.seed, self._epoch, index])
            x, y = (augment(x, rng, MILD), y) if x.shape[1] == SIDE else vary(x, y, self._crops.classes, rng)
        return to_input(x), y

    def on_epoch_end(self) -> None:
        self._begin(self._epoch + 1)


def to_input(crops: Image) -> NDArray[np.float32]:
    """(N, 28, 28) uint8 to (N, 28, 28, 1) float32 in 0..1, as the networks take it; or layers as they are."""
    deep = crops if crops.ndim == 4 else crops[..., None]
    return deep.astype(np.float32) / np.float32(255.0)


def predict(network: keras.Model, crops: Image) -> NDArray[np.float32]:
    """Logits (N, C) float32 of crops (N, 28, 28) or (N, 64, 64, 3) uint8."""
    parts = [to_input(crops[i : i + 512]) for i in range(0, len(crops), 512)]
    # Called as it is: Keras's own `predict` would be compiled, and again for every size of the last part.
    logits = [np.asarray(network(part, training=False), np.float32) for part in parts]
    return np.concatenate(logits)


def fit(
    network: keras.Model,
    crops: Crops,
    watched: Crops,
    recipe: Recipe,
    folder: Path,
    watcher: Watcher,
    *,
    resume: bool = False,
    stop: Callable[[], bool] = lambda: False,
    log: Callable[[Row], None] = lambda row: None,
) -> History:
    """Train `network` on `crops`; its weights afterwards are those of the last epoch.

    Where `stop` turned true they are those of the epoch that did best on `watched`, of those that
    were finished. `watched` is no part of `crops`; without held-back crops, the last epoch is best.
    folder : for the state after each epoch, from which `resume` goes on.
    log : is given every epoch, as the watcher is.

    Raises DataError where there is no state to go on from, or one of another recipe.
    """
    batches = Batches(crops, recipe)
    network.compile(
        optimizer=_optimizer(recipe, len(batches)),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    history = History()
    if resume:
        history = _take_up(network, recipe, folder)
        batches = Batches(crops, recipe, len(history.rows))
    folder.mkdir(parents=True, exist_ok=True)
    keeper = _Keeper(watched, recipe, folder, history, watcher, stop, log)
    watcher.begin(recipe.epochs, len(batches), list(history.rows))
    network.fit(
        batches,
        epochs=recipe.epochs,
        initial_epoch=len(history.rows),
        verbose=0,
        shuffle=False,
        callbacks=[keeper],
    )
    if history.stopped and history.best:
        network.load_weights(folder / BEST)
    return history


def _optimizer(recipe: Recipe, steps: int) -> keras.optimizers.Optimizer:
    rate: Any = recipe.rate
    if recipe.cosine:
        rate = warmed_cosine(recipe.rate, steps * recipe.epochs)
    momentum = mean_momentum(recipe.averaged, steps * recipe.epochs)
    mean = {"use_ema": True, "ema_momentum": momentum} if momentum else {}
    if recipe.optimizer == "muon":
        return ConvolutionMuon(rate, weight_decay=recipe.decay, adam_weight_decay=recipe.decay, **mean)
    if recipe.optimizer == "adamw":
        return keras.optimizers.AdamW(rate, weight_decay=recipe.decay, **mean)
    return keras.optimizers.Adam(rate, **mean)


class _Keeper(keras.callbacks.Callback):  # type: ignore[misc]
    """Watches, keeps the state after each epoch and the best weights so far, and stops when asked to."""

    def __init__(
        self,
        watched: Crops,
        recipe: Recipe,
        folder: Path,
        history: History,
        watcher: Watcher,
        stop: Callable[[], bool],
        log: Callable[[Row], None],
    ) -> None:
        super().__init__()
        self._watched, self._recipe, self._folder = watched, recipe, folder
        self._history, self._watcher, self._stop, self._log = history, watcher, stop, log
        self._started = self._shown = time.monotonic()

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._started = time.monotonic()

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        now = time.monotonic()
        if logs and now - self._shown > SHOW_EVERY:
            self._shown = now
            self._watcher.step(batch + 1, float(logs["loss"]), float(logs["accuracy"]))
        if self._stop():
            self.model.stop_training = self._history.stopped = True

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        if self._history.stopped or logs is None:
            return  # cut short; what counts is the last whole epoch
        row = {"epoch": epoch + 1, "loss": round(logs["loss"], 5), "accuracy": round(logs["accuracy"], 5)}
        with _averaged(self.model):
            row |= measure(predict(self.model, self._watched.x), self._watched.y)
            row["seconds"] = round(time.monotonic() - self._started, 2)
            rows = self._history.rows
            best = max((r["watched_accuracy"] for r in rows), default=-1.0)
            rows.append(row)
            if not self._recipe.held_back or row["watched_accuracy"] >= best:
                self._history.best = epoch + 1
                self.model.save_weights(self._folder / BEST)
        self._keep_state()
        write_history(rows, self._folder.parent / "history.csv")
        self._watcher.epoch(row)
        self._log(row)

    def _keep_state(self) -> None:
        """Weights and optimizer first, then the notes that count them: a kill in between costs an epoch."""
        waiting = self._folder / f"next-{STATE}"
        self.model.save_weights(waiting)
        notes = {
            "recipe": asdict(self._recipe),
            "rows": self._history.rows,
            "best": self._history.best,
            "watched": len(self._watched),
        }
        (self._folder / f"next-{NOTES}").write_text(json.dumps(notes), encoding="utf-8")
        waiting.replace(self._folder / STATE)
        (self._folder / f"next-{NOTES}").replace(self._folder / NOTES)


@contextmanager
def _averaged(network: keras.Model) -> Iterator[None]:
    """The running mean of the weights in place of the weights, where there is one."""
    if not network.optimizer.use_ema:
        yield
        return
    swap = keras.callbacks.SwapEMAWeights()
    swap.set_model(network)
    swap.on_test_begin()
    try:
        yield
    finally:
        swap.on_test_end()


def measure(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> Row:
    """Mean crossentropy and accuracy of logits (N, C) for labels (N,)."""
    shares = log_softmax(logits.astype(np.float64), axis=1)
    loss = -shares[np.arange(len(labels)), labels]
    right = shares.argmax(axis=1) == labels
    return {"watched_loss": round(float(loss.mean()), 5), "watched_accuracy": round(float(right.mean()), 5)}


def _take_up(network: keras.Model, recipe: Recipe, folder: Path) -> History:
    """Load the state in `folder` into a compiled network."""
    try:
        notes = json.loads((folder / NOTES).read_text(encoding="utf-8"))
        changed = differences(notes["recipe"], recipe)
        if changed:
            told = ", ".join(f"{option(name)} {notes['recipe'][name]}" for name in changed)
            raise DataError(f"{folder.parent}: was begun with {told}; give the same, or leave out --resume")
        network.optimizer.build(network.trainable_variables)
        network.load_weights(folder / STATE)
        return History(notes["rows"], best=int(notes["best"]))
    except FileNotFoundError as error:
        raise DataError(f"{folder.parent}: nothing to go on from; leave out --resume") from error
    except (OSError, KeyError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{folder}: the state is damaged ({error}); leave out --resume") from error


def write_history(rows: list[Row], path: Path) -> None:
    """Write history.csv, a line for each epoch, whole or not at all."""
    waiting = path.with_suffix(".part")
    with waiting.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    waiting.replace(path)
