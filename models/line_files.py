"""The files of the network that reads whole lines: small, since every clone carries them."""

from __future__ import annotations

import zipfile
from pathlib import Path

import keras
import numpy as np

from models.export import export
from models.line_layers import build_line_network
from models.line_network import LINE_NETWORK

LINE_KERAS = "line.keras"


def save_line_network(network: keras.Model, folder: Path) -> keras.Model:
    """Write line.keras and line.tflite; returns the network that both hold, without an optimizer.

    Its weights are rounded to 16 bits, so that the Keras model can be packed to half its size; both
    files hold the rounded ones.
    """
    plain = build_line_network()
    plain.set_weights([weights.astype(np.float16).astype(np.float32) for weights in network.get_weights()])
    plain.save(folder / LINE_KERAS)
    _compress(folder / LINE_KERAS)
    export(plain, folder / LINE_NETWORK)
    return plain


def _compress(path: Path) -> None:
    """Pack a Keras model, which is a zip archive that Keras leaves uncompressed."""
    waiting = path.with_suffix(".part")
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(waiting, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            packed = zipfile.ZipInfo(entry.filename, date_time=entry.date_time)
            packed.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(packed, source.read(entry), compresslevel=9)
    waiting.replace(path)
