"""The network that reads a whole line of writing, without cutting it: what stands in every frame.

Convolutions down to one row, then a score for each digit, or for none (the blank), in every frame
of two pixels; trained by connectionist temporal classification (Graves et al., 2006). It has no
recurrence: what it knows of a digit's neighbourhood is a digit or two to either side, so that it
does not learn the numbers of its training by heart.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from models.line_network import FRAME
from pipeline.strings.ctc import CLASSES
from pipeline.strings.picture import HEIGHT

STRIDE = 4  # pixels of the picture for each column of the last map


def build_line_network(dropout: float = 0.2) -> keras.Model:
    """A new network: (N, 32, W, 1) float32 in 0..1, W a multiple of 4 -> (N, W / 2, 11) logits.

    196 million multiply-adds for a line of 160 pixels, 0.91 million parameters.
    """
    inputs = keras.Input((HEIGHT, None, 1), name="line")
    x: Any = _block(inputs, 24)
    x = _block(x, 48, (2, 2))
    x = _block(x, 48)
    x = _block(x, 80, (2, 2))
    x = _residual(_residual(x))
    x = _block(x, 128, (2, 1))
    x = _residual(x)
    x = layers.Dropout(dropout)(x)
    x = _block(x, 192, kernel=(HEIGHT // 8, 1), padding="valid")
    x = _block(x, 192, kernel=(1, 3))
    x = layers.Dropout(dropout)(x)
    # Two frames from each column: two narrow ones in a row need a blank between them.
    x = layers.Conv2D(CLASSES * STRIDE // FRAME, (1, 3), padding="same", dtype="float32")(x)
    logits = layers.Reshape((-1, CLASSES), name="logits")(x)
    return keras.Model(inputs, logits, name="line")


def _block(
    x: Any,
    filters: int,
    strides: tuple[int, int] = (1, 1),
    kernel: tuple[int, int] = (3, 3),
    padding: str = "same",
) -> Any:
    x = layers.Conv2D(
        filters, kernel, strides=strides, padding=padding, use_bias=False, kernel_initializer="he_normal"
    )(x)
    return layers.ReLU()(layers.BatchNormalization(momentum=0.95)(x))


def _residual(x: Any) -> Any:
    """Two blocks whose outcome is added to what they saw (He et al., 2016)."""
    return layers.Add()([x, _block(_block(x, x.shape[-1]), x.shape[-1])])
