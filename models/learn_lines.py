"""Fine-tune the network that reads whole lines on lines with their values, beside drawn ones.

A site has a few hundred lines, which many passes learn by heart: passes are few, and made several
times from the same start, each in another order and beside other drawn lines. The mean of the
weights that they reach reads better than any of them, and costs no more to read with (Wortsman et
al., 2022).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras
import numpy as np

from models.line_data import Line
from models.line_statistics import settle
from models.line_training import LineBatches, ctc_loss, line_optimizer

BATCH = 32
AVERAGED = 0.995  # momentum of the running mean of the weights


def tune_lines(
    network: keras.Model,
    own: Sequence[Line],
    drawn: Sequence[Line],
    runs: int,
    epochs: int,
    repeat: int,
    rate: float,
    seed: int,
    epoch_done: Callable[[int], None] = lambda epoch: None,
) -> None:
    """Fine-tune `network` in place: the mean of `runs` runs of `epochs` passes each.

    In each the rate falls along a cosine, and the running mean of the weights is kept.
    own : lines of the site, `repeat` times an epoch, each time varied anew. drawn : so that it
        forgets nothing; every run has its own part of them.
    epoch_done : is told how many epochs of all runs are done.
    """
    start, reached = network.get_weights(), []
    for run in range(runs):
        network.set_weights(start)
        batches = LineBatches([*own] * repeat + [*drawn[run::runs]], BATCH, seed + run)
        network.compile(optimizer=line_optimizer(rate, len(batches) * epochs, AVERAGED), loss=ctc_loss)
        told = keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs, run=run: epoch_done(run * epochs + epoch + 1)
        )
        network.fit(batches, epochs=epochs, verbose=0, shuffle=False, callbacks=[told])
        reached.append(network.get_weights())
    network.set_weights([np.mean(each, axis=0) for each in zip(*reached, strict=True)])
    settle(network, [*own, *drawn], BATCH, seed)
