"""Would an int8 export of the crop network hold? Accuracy, confidence and speed beside the float one's.

Two are tried: weights as integers, the ranges of the activations taken from every crop as it is read (so
networks of crops are exported); and both as integers, ranges taken from crops beforehand.

`python -m benchmarks.int8_export [--crops N] [--model FOLDER] [-o OUT]`; returns 1 where either loses more
than LOSS of the crops. With OUT a copy of the model with each is left there, to be judged by
`nightsort evaluate --model`.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import shutil
import sys
import tempfile
import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from models.classifier import SHIPPED
from models.export import export
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
    """The network in integers, floats outside; the activations' ranges as these crops have them."""
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
    parser.add_argument("--model", type=Path, default=SHIPPED, help="folder of the model")
    parser.add_argument("-o", "--out", type=Path, help="folder for the models with other exports")
    options = parser.parse_args()
    count, model = options.crops // BATCH * BATCH, options.model
    network = keras.models.load_model(model / NETWORK.replace(".tflite", ".keras"), compile=False)
    contents = {"int8": export_int8(network, draw_crops(REPRESENTATIVE, 1)[0])}
    with tempfile.TemporaryDirectory() as folder:
        for name, integer_weights in (("float32", False), ("int8-weights", True)):
            export(network, Path(folder) / name, integer_weights=integer_weights)
            contents[name] = (Path(folder) / name).read_bytes()
    crops, labels = draw_crops(count, 2)
    exact = {}
    for name, content in contents.items():
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
        if options.out is not None:
            shutil.copytree(model, options.out / name, dirs_exist_ok=True)
            (options.out / name / NETWORK).write_bytes(content)
    return int(min(exact.values()) < exact["float32"] - LOSS)


if __name__ == "__main__":
    sys.exit(main())
