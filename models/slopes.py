"""How much of the error gets back through the activations: why one learns faster than another."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from models.training import to_input
from pipeline.document import Image

PROBES = 500  # crops whose hidden values are looked at


def measure_slope(network: keras.Model, activation: str, crops: Image) -> float:
    """Mean slope of the activation over all hidden units and `crops` (N, 28, 28) uint8."""
    bends = [each for each in network.layers if isinstance(each, keras.layers.ReLU | keras.layers.Activation)]
    inside = keras.Model(network.input, [layer.output for layer in bends])
    values = inside.predict_on_batch(to_input(crops[:PROBES]))
    slopes = [slope(np.asarray(v, np.float64), activation) for v in _as_list(values)]
    return float(np.mean([each.mean() for each in slopes]))


def slope(values: NDArray[np.float64], activation: str) -> NDArray[np.float64]:
    """Derivative of an activation where its value is `values`."""
    if activation == "relu":
        return (values > 0).astype(np.float64)
    return 1.0 - values**2 if activation == "tanh" else values * (1.0 - values)


def _as_list(values: Any) -> list[Any]:
    return values if isinstance(values, list) else [values]
