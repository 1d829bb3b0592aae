"""Fine-tune the network that reads whole lines on lines with their values, beside drawn ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras

from models.line_data import Line
from models.line_training import LineBatches, ctc_loss, line_optimizer

AVERAGED = 0.995  # momentum of the running mean of the weights


def tune_lines(
    network: keras.Model,
    own: Sequence[Line],
    drawn: Sequence[Line],
    epochs: int,
    repeat: int,
    rate: float,
    seed: int,
    epoch_done: Callable[[int], None] = lambda epoch: None,
) -> None:
    """Fine-tune `network` in place, the rate falling along a cosine; the mean of its weights is kept.

    own : lines of the site, `repeat` times an epoch, each time varied anew. drawn : so that it
        forgets nothing.
    """
    batches = LineBatches([*own] * repeat + [*drawn], 32, seed)
    network.compile(optimizer=line_optimizer(rate, len(batches) * epochs, AVERAGED), loss=ctc_loss)
    told = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: epoch_done(epoch + 1))
    network.fit(batches, epochs=epochs, verbose=0, shuffle=False, callbacks=[told])
