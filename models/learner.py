"""A network as it is trained: the same layers and weights, faster."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
from keras import layers

from models.normalization import FusedBatchNormalization

CPUINFO = Path("/proc/cpuinfo")
POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}


def make_learner(network: keras.Model, precision: str) -> keras.Model:
    """A copy of `network`, its normalizations as one kernel each, computing in `precision` (see `Recipe`).

    The last layer with weights stays in float32: differences of its scores decide.
    """
    last = [layer for layer in network.layers if layer.weights][-1]

    def copy(layer: Any) -> Any:
        config = layer.get_config()
        if layer is not last:
            config["dtype"] = POLICIES[precision]
        kind = FusedBatchNormalization if type(layer) is layers.BatchNormalization else type(layer)
        return kind.from_config(config)

    learner = keras.models.clone_model(network, clone_function=copy)
    learner.set_weights(network.get_weights())
    return learner


def has_bfloat16() -> bool:
    """Whether the processor multiplies in bfloat16 itself; one that has to pretend is slower with it."""
    try:
        flags = CPUINFO.read_text("ascii", errors="replace").split()
    except OSError:  # not Linux: nothing says so
        return False
    return "avx512_bf16" in flags or "bf16" in flags  # x86; ARM
