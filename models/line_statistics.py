"""Settle what a trained network's normalizations expect, once its weights are what they will be.

While a network learns, its batch normalizations follow the last few batches, by weights that move on.
The running mean of the weights, or the mean of several runs, has never seen a batch itself: its
statistics are taken anew (Izmailov et al., 2018).
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np

from models.line_data import Line
from models.line_layers import build_line_network
from models.line_training import LineBatches

BATCHES = 60  # that are enough


def settle(network: keras.Model, lines: Sequence[Line], batch: int, seed: int) -> None:
    """Give `network`, in place, the means and variances of its own activations on some of `lines`, varied."""
    # Without dropout, which adds to the variance in training and is not there in reading.
    still = build_line_network(dropout=0.0)
    still.set_weights(network.get_weights())
    for layer in _normalizations(still):
        layer.momentum = 0.0
    batches = LineBatches(lines, batch, seed, first_wide=False)
    found, sizes = [], []
    for index in range(min(len(batches), BATCHES)):
        pixels, _ = batches[index]
        still(pixels, training=True)
        sizes.append(pixels.shape[0] * pixels.shape[2])
        found.append([np.asarray(each) for each in _statistics(still)])
    for kept, *seen in zip(_statistics(network), *found, strict=True):
        kept.assign(np.average(seen, axis=0, weights=sizes))


def _normalizations(network: keras.Model) -> list[keras.layers.BatchNormalization]:
    return [each for each in network.layers if isinstance(each, keras.layers.BatchNormalization)]


def _statistics(network: keras.Model) -> list[keras.Variable]:
    return [each for layer in _normalizations(network) for each in (layer.moving_mean, layer.moving_variance)]
