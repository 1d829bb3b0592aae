"""Would an int8 export of the crop network hold? Accuracy, confidence and speed beside the float one's.

`python -m benchmarks.int8_export [--crops N]`; returns 1 where int8 loses more than LOSS of the crops.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
import time

import keras
import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from models.classifier import SHIPPED
from models.network import BATCH, NETWORK, softmax
from pipeline.document import Image
from pipeline.strings.normalize import normalize
from sample_scans.strips import draw_digit

LOSS = 0.0005  # of the accuracy
REPRESENTATIVE = 500  # crops that the ranges of the integers are taken from; none of them is judged


def draw_crops(count: int, seed: int) -> tuple[Image, NDArray[np.intp]]:
    """Drawn digits as the network takes them, (N, 28, 28) uint8, and which they are."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 10, count)
    crops = []
    for label in labels:
        ink = draw_digit(rng, int(label))
        rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
        crops.append(normalize(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]))
    return np.stack(crops), labels.astype(np.intp)


def export_int8(network: keras.Model, crops: Image) -> bytes:
    """The network with integer weights and activations, floats outside; ranges as these crops have them."""
    converter = tf.lite.TFLiteConverter.from_keras_model(network)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: (
        [crop[None, :, :, None].astype(np.float32) / 255] for crop in crops
    )
    with contextlib.redirect_stdout(io.StringIO()):
        return bytes(converter.convert())


def run(content: bytes, crops: Image) -> tuple[NDArray[np.float32], float]:
    """Logits, and processor seconds for all crops; one thread, as reading runs it."""
    interpreter = Interpreter(model_content=content, num_threads=1)
    source = interpreter.get_input_details()[0]["index"]
    interpreter.resize_tensor_input(source, [BATCH, 28, 28, 1])
    interpreter.allocate_tensors()
    target = interpreter.get_output_details()[0]["index"]
    found = []
    begin = time.process_time()
    for start in range(0, len(crops) // BATCH * BATCH, BATCH):
        interpreter.set_tensor(source, crops[start : start + BATCH, :, :, None].astype(np.float32) / 255)
        interpreter.invoke()
        found.append(interpreter.get_tensor(target))
    return np.concatenate(found), time.process_time() - begin


def main() -> int:
    """Compare the two exports of the shipped network."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.int8_export", description=__doc__)
    parser.add_argument("--crops", type=int, default=6400, help="drawn digits that are judged")
    count = parser.parse_args().crops // BATCH * BATCH
    network = keras.models.load_model(SHIPPED / NETWORK.replace(".tflite", ".keras"), compile=False)
    small = export_int8(network, draw_crops(REPRESENTATIVE, 1)[0])
    crops, labels = draw_crops(count, 2)
    exact = {}
    for name, content in (("float32", (SHIPPED / NETWORK).read_bytes()), ("int8", small)):
        logits, _ = run(content, crops)
        seconds = min(run(content, crops)[1] for _ in range(3))
        proba = softmax(logits)
        right = proba.argmax(axis=1) == labels
        loss = -np.log(np.maximum(proba[np.arange(count), labels], 1e-12)).mean()
        exact[name] = float(right.mean())
        print(
            f"{name}: {len(content) / 1000:.0f} kB, {count / seconds:.0f} crops a processor second,"
            f" {100 * exact[name]:.2f} % right, log loss {loss:.4f}"
        )
    return int(exact["int8"] < exact["float32"] - LOSS)


if __name__ == "__main__":
    sys.exit(main())
