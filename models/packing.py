"""Keras models as small files, since every clone of the repository carries them."""

from __future__ import annotations

import zipfile
from pathlib import Path

import keras
import numpy as np


def save_packed(network: keras.Model, path: Path) -> None:
    """Write a Keras model, its archive packed; small where the weights are `rounded`. Raises OSError."""
    network.save(path)
    waiting = path.with_suffix(".part")
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(waiting, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            packed = zipfile.ZipInfo(entry.filename, date_time=entry.date_time)
            packed.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(packed, source.read(entry), compresslevel=9)
    waiting.replace(path)


def rounded(network: keras.Model) -> list[np.ndarray]:
    """The weights of a network, float32, each as near as 16 bits allow: packed they take half the room."""
    return [weights.astype(np.float16).astype(np.float32) for weights in network.get_weights()]
