"""Learning, the network of lines: fine-tuned on lines with their values, beside drawn ones.

A site has a few hundred lines, which many passes learn by heart: passes are few.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras

from models.line_data import Line
from models.line_training import LineBatches, ctc_loss, line_optimizer

BATCH = 32
AVERAGED = 0.995  # momentum of the running mean of the weights


def line_batches(
    own: Sequence[Line], drawn: Sequence[Line], repeat: int, seed: int, *, first_wide: bool = True
) -> LineBatches:
    """Batches to learn from: own lines `repeat` times an epoch, each time varied anew, and drawn ones.

    first_wide : see `LineBatches`; to be trained from.
    """
    return LineBatches([*own] * repeat + [*drawn], BATCH, seed, first_wide=first_wide)


def tune_lines(
    network: keras.Model,
    batches: LineBatches,
    epoch_done: Callable[[int], None] = lambda epoch: None,
    *,
    epochs: int,
    rate: float,
) -> None:
    """Fine-tune `network` in place: the rate falls along a cosine, the running mean of the weights is kept.

    epoch_done : is told how many epochs are done.
    """
    network.compile(optimizer=line_optimizer(rate, len(batches) * epochs, AVERAGED), loss=ctc_loss)
    told = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: epoch_done(epoch + 1))
    network.fit(batches, epochs=epochs, verbose=0, shuffle=False, callbacks=[told])
