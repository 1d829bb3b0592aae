"""How a training goes about its steps: the rate of learning, and the mean of the weights that is kept."""

from __future__ import annotations

import keras


def warmed_cosine(rate: float, steps: int) -> keras.optimizers.schedules.LearningRateSchedule:
    """A rate that rises to `rate` over a twentieth of the steps, then falls to zero along a cosine.

    (Loshchilov and Hutter, 2017.)
    """
    warm = max(1, steps // 20)
    return keras.optimizers.schedules.CosineDecay(
        rate / 10, max(1, steps - warm), warmup_target=rate, warmup_steps=warm
    )


def mean_momentum(averaged: float, steps: int) -> float:
    """The momentum of the running mean of the weights, where `averaged` is asked for.

    A mean over more than the last tenth of a short training would be of a network that knew less.
    """
    return max(0.0, min(averaged, 1.0 - 10.0 / steps))
