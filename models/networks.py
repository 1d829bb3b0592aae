"""The networks, as Keras models: a 28x28 grey crop in, a score for each class out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from models import recipe
from models.page_network import page_network
from models.recipe import Convolution, parse_layers

CLASSES = 11  # the ten digits, and not-a-digit
NETWORKS = ("mlp", "cnn", "page")
ACTIVATIONS = ("relu", "tanh", "sigmoid")
SMALL = parse_layers(recipe.SMALL)


def build_network(
    name: str,
    activation: str = "relu",
    classes: int = CLASSES,
    convolutions: Sequence[Convolution] = SMALL,
    depth: int = 1,
) -> keras.Model:
    """The network called `name`, with new weights: (N, 28, 28, 1) float32 in 0..1 -> (N, classes) logits.

    `page` takes (N, 64, 64, 3).

    convolutions, depth : of the `cnn`, which takes (N, 28, 28, depth).

    Raises ValueError where the name or the activation is not known.
    """
    if activation not in ACTIVATIONS:
        raise ValueError(f"activation {activation!r} is not known; choose one of {', '.join(ACTIVATIONS)}")
    if name == "mlp":
        return mlp(classes, activation)
    if name == "cnn":
        return cnn(classes, convolutions, activation=activation, depth=depth)
    if name == "page":
        return page_network(classes, activation)
    raise ValueError(f"network {name!r} is not known; choose one of {', '.join(NETWORKS)}")


def mlp(classes: int = CLASSES, activation: str = "relu", hidden: int = 128) -> keras.Model:
    """The classic: 784 pixels, one hidden layer, a score for each class. 0.1 million parameters.

    Softmax is part of the loss and of reading, not of the network: from scores it is exact.
    """
    inputs = keras.Input((28, 28, 1), name="crop")
    x: Any = layers.Flatten(name="pixels")(inputs)
    x = layers.Dense(hidden, name="hidden")(x)
    x = _bend(x, activation)
    return keras.Model(inputs, layers.Dense(classes, name="logits")(x), name="mlp")


def cnn(
    classes: int = CLASSES,
    convolutions: Sequence[Convolution] = SMALL,
    dropout: float = 0.3,
    activation: str = "relu",
    depth: int = 1,
) -> keras.Model:
    """The convolutional network that reads: (N, 28, 28, depth) float32 in 0..1 -> (N, classes) logits.

    Strided convolutions do the pooling, batch normalization (Ioffe and Szegedy, 2015) folds into the
    convolutions on export.
    """
    inputs = keras.Input((28, 28, depth), name="crop")
    x: Any = inputs
    for each in convolutions:
        x = _block(x, each, activation)
    x = layers.Flatten()(x)
    x = layers.Dropout(dropout)(x)
    # Scores in float32, whatever the rest is computed in: their differences decide.
    return keras.Model(inputs, layers.Dense(classes, dtype="float32", name="logits")(x), name="cnn")


def count_multiply_adds(network: keras.Model) -> int:
    """Multiplications with a weight that one crop costs."""
    total = 0
    for layer in network.layers:
        if isinstance(layer, layers.Conv2D):
            total += int(layer.kernel.shape.num_elements()) * layer.output.shape[1] * layer.output.shape[2]
        elif isinstance(layer, layers.Dense):
            total += int(layer.kernel.shape.num_elements())
    return total


def _block(x: Any, how: Convolution, activation: str) -> Any:
    x = layers.Conv2D(
        how.maps,
        3,
        strides=how.stride,
        padding="same" if how.padded else "valid",
        use_bias=False,
        kernel_initializer="he_normal",
    )(x)
    x = layers.BatchNormalization(momentum=0.95)(x)
    return _bend(x, activation)


def _bend(x: Any, activation: str) -> Any:
    return layers.ReLU()(x) if activation == "relu" else layers.Activation(activation)(x)
