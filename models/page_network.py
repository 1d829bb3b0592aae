"""The image classifier, as a Keras model: a small colour picture in, a score for each class out."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from models.thumbnail import SIDE

MAPS = (16, 32, 48, 64, 40)
HIDDEN = 48


def page_network(classes: int, activation: str = "relu", dropout: float = 0.2) -> keras.Model:
    """Convolutions with pooling between them, a dense layer, a score for each class.

    (N, 64, 64, 3) float32 in 0..1, blue, green, red -> (N, classes) logits. 12 million multiply-adds,
    0.1 million parameters.
    """
    inputs = keras.Input((SIDE, SIDE, 3), name="picture")
    x: Any = inputs
    for number, maps in enumerate(MAPS):
        x = layers.Conv2D(maps, 3, padding="same", use_bias=False, kernel_initializer="he_normal")(x)
        x = layers.BatchNormalization(momentum=0.95)(x)
        x = layers.Activation(activation)(x) if activation != "relu" else layers.ReLU()(x)
        if number < len(MAPS) - 1:
            x = layers.MaxPooling2D()(x)
    x = layers.Flatten()(x)
    x = layers.Dropout(dropout)(x)
    x = layers.Dense(HIDDEN, name="hidden")(x)
    x = layers.Activation(activation)(x) if activation != "relu" else layers.ReLU()(x)
    return keras.Model(inputs, layers.Dense(classes, dtype="float32", name="logits")(x), name="page")
