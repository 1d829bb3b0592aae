"""Export a trained network for reading: the logits as LiteRT models."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import keras
import tensorflow as tf

from models.network import FAST, NETWORK
from models.quiet import native_chatter_dropped


def export_crops(network: keras.Model, folder: Path) -> None:
    """Write both exports of a network of crops: in floats, to be looked into, and in 8 bits, to read with."""
    export(network, folder / NETWORK)
    export(network, folder / FAST, integer_weights=True)


def export(network: keras.Model, path: Path, *, integer_weights: bool = False) -> None:
    """Write `network` ((N, 28, 28, 1) float32 -> logits) as a LiteRT file.

    integer_weights : the weights of each filter in 8 bits, the activations rounded to 8 bits picture by
        picture as they come (Jacob et al., 2018): a third of the time. What that costs is for whoever
        exports to measure. Otherwise the logits agree with Keras to 1e-4.
    """
    converter = tf.lite.TFLiteConverter.from_keras_model(network)
    if integer_weights:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    with contextlib.redirect_stdout(io.StringIO()), native_chatter_dropped():  # the converter is talkative
        content = converter.convert()
    path.write_bytes(content)
