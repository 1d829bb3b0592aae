"""Train the network that reads whole lines: batches of like widths, the loss, what is watched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from models.line_augment import augment_line
from models.line_data import Line
from models.line_network import FRAME, STEP, round_up, stack
from models.muon import ConvolutionMuon
from models.schedule import mean_momentum, warmed_cosine
from pipeline.strings.ctc import BLANK
from pipeline.strings.picture import MAX_WIDTH

LONGEST = 24  # digits of a line


class LineBatches(keras.utils.PyDataset):  # type: ignore[misc]
    """Batches of lines of like widths, varied anew each epoch; one seed, one order.

    A batch is pixels (N, 32, W, 1) float32 and a target (N, 1 + 24) int32: frames, then digits, -1 after.
    """

    def __init__(
        self,
        lines: Sequence[Line],
        batch: int,
        seed: int,
        *,
        augmented: bool = True,
        first_wide: bool = True,
    ) -> None:
        super().__init__(workers=1, use_multiprocessing=False, max_queue_size=8)
        # Keras takes the shape that the first two batches share for that of all: they share no width.
        self._first_room = MAX_WIDTH + STEP if first_wide else 0
        self._lines = [line for line in lines if len(line.value) <= LONGEST]
        self._batch, self._seed, self._augmented = batch, seed, augmented
        self._begin(0)

    def _begin(self, epoch: int) -> None:
        self._epoch = epoch
        rng = np.random.default_rng([self._seed, epoch])
        widths = np.array([line.picture.shape[1] for line in self._lines])
        # Sorted by roughly their width, so that little of a batch is padding, then shuffled.
        order = np.argsort(widths * rng.uniform(0.85, 1.15, len(widths)), kind="stable")
        parts = [order[i : i + self._batch] for i in range(0, len(order), self._batch)]
        self._parts = [parts[i] for i in rng.permutation(len(parts))]

    def __len__(self) -> int:
        return len(self._parts)

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        rng = np.random.default_rng([self._seed, self._epoch, index])
        lines = [self._lines[i] for i in self._parts[index]]
        if self._augmented:
            lines = [Line(augment_line(line.picture, rng, MAX_WIDTH), line.value) for line in lines]
        return to_pixels(lines, 0 if index else self._first_room), to_target(lines)

    def on_epoch_end(self) -> None:
        self._begin(self._epoch + 1)


def to_pixels(lines: Sequence[Line], room: int = 0) -> NDArray[np.float32]:
    """Lines as the network takes them: (N, 32, W, 1) float32 in 0..1, W that of the widest, rounded up.

    room : the least W.
    """
    width = max(room, round_up(max(line.picture.shape[1] for line in lines)))
    return stack([line.picture for line in lines], width)[..., None].astype(np.float32) / np.float32(255.0)


def to_target(lines: Sequence[Line]) -> NDArray[np.int32]:
    """(N, 25) int32: the frames of each line, then its digits, -1 behind them."""
    target = np.full((len(lines), 1 + LONGEST), -1, np.int32)
    for i, line in enumerate(lines):
        # Never fewer frames than the value needs: a blank stands between two of the same digit.
        target[i, 0] = max(-(-line.picture.shape[1] // FRAME), 2 * len(line.value) + 1)
        target[i, 1 : 1 + len(line.value)] = [int(c) for c in line.value]
    return target


def line_optimizer(
    rate: float, steps: int, averaged: float, decay: float = 0.01
) -> keras.optimizers.Optimizer:
    """Muon, its rate warmed up over a twentieth of the steps and then brought to zero along a cosine.

    averaged : momentum of the running mean of the weights that is kept.
    """
    return ConvolutionMuon(
        warmed_cosine(rate, steps),
        weight_decay=decay,
        adam_weight_decay=decay,
        clipnorm=5.0,
        use_ema=True,
        ema_momentum=mean_momentum(averaged, steps),
    )


def ctc_loss(target: Any, logits: Any) -> Any:
    """Minus the log-probability of each line's digits, summed over all ways to place them: (N,).

    A line without digits is right where every frame is blank.
    """
    target = tf.cast(target, tf.int32)
    frames = tf.minimum(target[:, 0], tf.shape(logits)[1])
    written = target[:, 1] >= 0
    # TensorFlow's loss takes no empty value: any digit stands in, and its loss is not taken.
    first = tf.where(written, target[:, 1], 0)
    digits = tf.concat([first[:, None], target[:, 2:]], axis=1)
    places = tf.where(digits >= 0)
    labels = tf.SparseTensor(places, tf.gather_nd(digits, places), tf.shape(digits, out_type=tf.int64))
    loss = tf.nn.ctc_loss(labels, logits, None, frames, logits_time_major=False, blank_index=BLANK)
    blank = tf.nn.log_softmax(logits)[:, :, BLANK] * tf.sequence_mask(frames, tf.shape(logits)[1], tf.float32)
    return tf.where(written, loss, -tf.reduce_sum(blank, axis=1))


def greedy(logits: NDArray[np.float32], frames: int) -> str:
    """The best class of every frame, repeats and blanks taken out."""
    best = logits[:frames].argmax(axis=1)
    kept = (best != BLANK) & np.concatenate([[True], best[1:] != best[:-1]])
    return "".join(map(str, best[kept]))


def exact_rate(network: keras.Model, lines: Sequence[Line], batch: int = 64) -> float:
    """Share of `lines` that are read exactly right, greedily."""
    order = sorted(range(len(lines)), key=lambda i: lines[i].picture.shape[1])
    right = 0
    for first in range(0, len(order), batch):
        part = [lines[i] for i in order[first : first + batch]]
        logits = np.asarray(network(to_pixels(part), training=False), np.float32)
        right += sum(
            greedy(scores, -(-line.picture.shape[1] // FRAME)) == line.value
            for scores, line in zip(logits, part, strict=True)
        )
    return right / max(1, len(lines))
