"""MNIST (LeCun, Cortes and Burges, 1998), from a local file or Keras's own download."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.quiet import native_chatter_dropped
from pipeline.document import Image

TRAIN_SIZE, TEST_SIZE = 60_000, 10_000


@dataclass(frozen=True, eq=False)
class Mnist:
    """Images (N, 28, 28) uint8, ink bright on black, and labels (N,) int64."""

    x_train: Image
    y_train: NDArray[np.int64]
    x_test: Image
    y_test: NDArray[np.int64]


def load_mnist(path: Path | None = None) -> Mnist:
    """MNIST from an npz file with x_train, y_train, x_test, y_test; None: from Keras's cache or download.

    Raises OSError where the file cannot be read, ValueError where it is not MNIST.
    """
    if path is None:
        with native_chatter_dropped():
            import keras  # noqa: PLC0415 - heavy, and needed for this alone
        with contextlib.redirect_stdout(sys.stderr):  # it tells of its download
            (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
    else:
        with np.load(path) as archive:
            try:
                x_train, y_train, x_test, y_test = (
                    archive[k] for k in ("x_train", "y_train", "x_test", "y_test")
                )
            except KeyError as error:
                raise ValueError(f"{path} is not MNIST: {error}") from error
    if x_train.shape != (TRAIN_SIZE, 28, 28) or x_test.shape != (TEST_SIZE, 28, 28):
        raise ValueError(f"MNIST has 60,000 + 10,000 images of 28x28, found {x_train.shape} + {x_test.shape}")
    return Mnist(x_train, y_train.astype(np.int64), x_test, y_test.astype(np.int64))
