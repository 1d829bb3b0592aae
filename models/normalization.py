"""Batch normalization that trains fast on a CPU."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from keras import layers


class FusedBatchNormalization(layers.BatchNormalization):  # type: ignore[misc]
    """Batch normalization (Ioffe and Szegedy, 2015) of (N, H, W, C), by one kernel while it trains.

    Keras composes it of a dozen operations, each of which goes through all maps, and in float32 also
    where the rest is computed in bfloat16; on a CPU that takes longer than the convolutions. The
    weights are those of the layer it takes the place of, so a network trained with the one is saved
    with the other.
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Normalized `inputs`, by their own mean and variance where `training`."""
        if not training or not self.trainable:
            return super().call(inputs, training=training, mask=mask)
        outputs, mean, variance, *_ = tf.compat.v1.nn.fused_batch_norm(
            inputs,
            tf.convert_to_tensor(self.gamma),
            tf.convert_to_tensor(self.beta),
            epsilon=self.epsilon,
            is_training=True,
        )
        for moving, new in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + new * (1.0 - self.momentum))
        return outputs
