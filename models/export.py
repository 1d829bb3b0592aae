"""Export a trained network for reading: the logits as a LiteRT model, float32."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import keras
import tensorflow as tf

from models.quiet import native_chatter_dropped


def export(network: keras.Model, path: Path) -> None:
    """Write `network` ((N, 28, 28, 1) float32 -> logits) as a LiteRT file.

    Float weights: the logits agree with Keras to 1e-4, and batch normalization is folded in.
    """
    with contextlib.redirect_stdout(io.StringIO()), native_chatter_dropped():  # the converter is talkative
        content = tf.lite.TFLiteConverter.from_keras_model(network).convert()
    path.write_bytes(content)
