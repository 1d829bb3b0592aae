"""Fine-tune the network that reads whole lines on lines with their values, beside drawn ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras

from models.line_data import Line
from models.line_training import LineBatches, ctc_loss


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
    steps = len(batches) * epochs
    warm = max(1, steps // 20)
    schedule = keras.optimizers.schedules.CosineDecay(
        rate / 10, max(1, steps - warm), warmup_target=rate, warmup_steps=warm
    )
    network.compile(
        optimizer=keras.optimizers.AdamW(
            schedule,
            weight_decay=0.01,
            clipnorm=5.0,
            use_ema=True,
            # A mean over more than the last tenth would be of a network that knew less.
            ema_momentum=max(0.0, min(0.995, 1.0 - 10.0 / steps)),
        ),
        loss=ctc_loss,
    )
    told = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: epoch_done(epoch + 1))
    network.fit(batches, epochs=epochs, verbose=0, shuffle=False, callbacks=[told])
