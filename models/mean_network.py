"""Networks whose weights are means of others: over the steps of a training, or over several trainings.

Networks that were fine-tuned from the same start can be averaged, and their mean reads better than
any of them at the cost of one (Wortsman et al., Model soups, 2022). So does the mean of start and
outcome, where what will be read is not quite what was learned (Wortsman et al., Robust fine-tuning of
zero-shot models, 2022). But it has never seen a batch itself, and what its normalizations expect are
means of what others' saw: their statistics are taken anew (Izmailov et al., 2018).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

MOST = 60  # batches; these are enough


def mean_weights(trained: Sequence[Sequence[Any]], shares: Sequence[float] | None = None) -> list[Any]:
    """The mean of the weights of several networks of the same make, array by array.

    shares : what each network counts for; all alike where not given.
    """
    return [np.average(each, axis=0, weights=shares) for each in zip(*trained, strict=True)]


def settle(network: keras.Model, batches: keras.utils.PyDataset) -> None:
    """Give `network`, in place, the means and variances of its own activations on some of the batches.

    batches : (pixels, labels) each, the pixels (N, height, width, 1) as the network takes them.
    """
    # Without dropout, which adds to the variance in training and is not there in reading.
    still = keras.models.clone_model(network)
    still.set_weights(network.get_weights())
    for layer in still.layers:
        if isinstance(layer, keras.layers.Dropout):
            layer.rate = 0.0
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0
    found, sizes = [], []
    for index in range(min(len(batches), MOST)):
        pixels, _ = batches[index]
        still(pixels, training=True)
        sizes.append(pixels.size)
        found.append([np.asarray(each) for each in _statistics(still)])
    for kept, *seen in zip(_statistics(network), *found, strict=True):
        kept.assign(np.average(seen, axis=0, weights=sizes))


def _statistics(network: keras.Model) -> list[keras.Variable]:
    return [
        each
        for layer in network.layers
        if isinstance(layer, keras.layers.BatchNormalization)
        for each in (layer.moving_mean, layer.moving_variance)
    ]
