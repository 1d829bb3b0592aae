"""The files of the network that reads whole lines: small, since every clone carries them."""

from __future__ import annotations

from pathlib import Path

import keras

from models.export import export
from models.line_layers import build_line_network
from models.line_network import LINE_NETWORK
from models.packing import rounded, save_packed

LINE_KERAS = "line.keras"


def save_line_network(network: keras.Model, folder: Path) -> keras.Model:
    """Write line.keras and line.tflite; returns the network that both hold, without an optimizer.

    Its weights are rounded to 16 bits, so that the Keras model can be packed to half its size, and for
    reading to 8 bits, in which it takes a quarter of the time.
    """
    plain = build_line_network()
    plain.set_weights(rounded(network))
    save_packed(plain, folder / LINE_KERAS)
    export(plain, folder / LINE_NETWORK, integer_weights=True)
    return plain
