"""Look inside a network at work: what every layer makes of one crop.

LiteRT is told to keep all that lies between input and output; so this shows the very network that
reads, batch normalization folded into the convolutions, and needs no TensorFlow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.network import Network

SHAPING = {"SHAPE", "STRIDED_SLICE", "PACK", "RESHAPE", "DEQUANTIZE", "QUANTIZE"}
BENDING = {"TANH": "tanh", "LOGISTIC": "sigmoid", "RELU": "relu"}


@dataclass(frozen=True, eq=False)
class Layer:
    """What one layer makes of a crop.

    kind : `convolution` or `dense`. bend : tanh or sigmoid where that follows the sums, else relu.
    values : (height, width, maps) float32 of a convolution, (units,) of a dense layer.
    """

    kind: str
    bend: str
    values: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Anatomy:
    """All layers of a network at one crop.

    layers : those before the scores, in order.
    scores : (C,) float32, the logits.
    weights : (C, F) float32 of the last layer, bias (C,): scores = weights @ its input + bias.
    """

    layers: tuple[Layer, ...]
    scores: NDArray[np.float32]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]

    def shares(self, one: int, other: int) -> NDArray[np.float64]:
        """How much every value that enters the last layer adds to `one`'s lead in score over `other`'s.

        Of the shape of the last layer's values; together with the difference of the biases the
        shares are the lead, as in any logistic regression.
        """
        values = self.layers[-1].values if self.layers else None
        if values is None or values.size != self.weights.shape[1]:
            raise ValueError("the last layer does not look at the layer before it")
        step = self.weights[one].astype(np.float64) - self.weights[other]
        shares: NDArray[np.float64] = step.reshape(values.shape) * values
        return shares


def dissect(network: Network, pixels: NDArray[np.float32]) -> Anatomy:
    """Every layer of `network` at `pixels` (28, 28) float32 in 0..1.

    Raises ValueError where the network does not end in a dense layer.
    """
    interpreter = _open(network)
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], pixels[None, :, :, None])
    interpreter.invoke()
    layers: list[Layer] = []
    # LiteRT has no public list of operations; tests tell where a version changes this one.
    operations = [op for op in interpreter._get_ops_details() if op["op_name"] not in SHAPING]
    for operation in operations:
        name, values = operation["op_name"], interpreter.get_tensor(operation["outputs"][0])[0]
        if name in BENDING and layers:
            layers[-1] = Layer(layers[-1].kind, BENDING[name], values)
        else:
            layers.append(Layer("dense" if values.ndim == 1 else "convolution", "relu", values))
    if not operations or operations[-1]["op_name"] != "FULLY_CONNECTED":
        raise ValueError("the network does not end in a dense layer")
    weights, bias = (interpreter.get_tensor(index) for index in operations[-1]["inputs"][1:3])
    return Anatomy(tuple(layers[:-1]), layers[-1].values, weights, bias)


def _open(network: Network) -> Any:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType  # noqa: PLC0415

    interpreter = Interpreter(
        model_content=network.content,
        num_threads=1,
        experimental_preserve_all_tensors=True,
        # A delegate would swallow the layers between input and output.
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], [1, 28, 28, 1])
    interpreter.allocate_tensors()
    return interpreter
