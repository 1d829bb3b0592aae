"""Load a model for reading: the fast export of the network, and the parameters of the reader beside it.

TensorFlow is not imported: the export runs in LiteRT, which loads in a fraction of a second.
"""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.document import Image
from pipeline.parameters import ReaderParameters

SHIPPED = Path(__file__).parent / "weights" / "digits"
NETWORK, PARAMETERS, CARD = "network.tflite", "reader.json", "card.json"
# One size for every call: the arithmetic for a crop then never depends on how many came with it.
BATCH = 64


class ModelError(Exception):
    """A model that is missing or cannot be read; the message says which and what to do."""


class Model:
    """A network and its reader parameters, ready to read.

    Not shared between threads: LiteRT's interpreter holds one set of buffers.
    """

    def __init__(self, directory: Path) -> None:
        self.name = directory.name
        try:
            self._network = (directory / NETWORK).read_bytes()
            self.parameters = ReaderParameters.load(directory / PARAMETERS)
            self._temperature = float(json.loads((directory / CARD).read_text("utf-8"))["temperature"])
        except OSError as error:
            raise ModelError(
                f"{directory}: no model there ({error.strerror}: {Path(error.filename or '').name}); "
                f"give the folder that holds {NETWORK}, {PARAMETERS} and {CARD}"
            ) from error
        except (ValueError, KeyError) as error:
            raise ModelError(f"{directory}: the model cannot be read ({error}); train it again") from error
        self.sha256 = self._digest(directory)
        self._check()

    @staticmethod
    def _digest(directory: Path) -> str:
        digest = hashlib.sha256()
        for name in (NETWORK, PARAMETERS, CARD):
            digest.update((directory / name).read_bytes())
        return digest.hexdigest()[:16]

    def _check(self) -> None:
        try:
            proba = self.predict_proba(np.zeros((1, 28, 28), np.uint8))
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"{self.name}: {NETWORK} is no network for 28x28 crops ({error})") from error
        if proba.shape != (1, 11):
            raise ModelError(
                f"{self.name}: {NETWORK} tells {proba.shape[1]} classes apart, eleven are needed"
            )

    @cached_property
    def _interpreter(self) -> Any:
        from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415 - not needed to look at a model

        interpreter = Interpreter(model_content=self._network, num_threads=1)
        place = interpreter.get_input_details()[0]["index"]
        interpreter.resize_tensor_input(place, [BATCH, 28, 28, 1])
        interpreter.allocate_tensors()
        return interpreter

    def predict_proba(self, crops: Image) -> NDArray[np.float32]:
        """Probabilities (N, 11) float32 of the digits 0..9 and of not-a-digit.

        crops : (N, 28, 28) uint8, ink bright on black, as `pipeline.normalize` makes them.
        """
        if crops.ndim != 3 or crops.shape[1:] != (28, 28):
            raise ValueError(f"crops must be (N, 28, 28), not {crops.shape}")
        interpreter = self._interpreter
        source = interpreter.get_input_details()[0]["index"]
        target = interpreter.get_output_details()[0]["index"]
        logits = []
        block = np.zeros((BATCH, 28, 28, 1), np.float32)
        for start in range(0, len(crops), BATCH):
            part = crops[start : start + BATCH]
            block[: len(part), :, :, 0] = part
            block[: len(part)] *= np.float32(1.0 / 255.0)
            block[len(part) :] = 0.0
            interpreter.set_tensor(source, block)
            interpreter.invoke()
            logits.append(interpreter.get_tensor(target)[: len(part)])
        if not logits:
            return np.zeros((0, 11), np.float32)
        return softmax(np.concatenate(logits).astype(np.float32, copy=False) / np.float32(self._temperature))


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities along the last axis, (N, C) float32."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    probabilities: NDArray[np.float32] = shifted / shifted.sum(axis=-1, keepdims=True)
    return probabilities


def load_model(directory: Path | None = None) -> Model:
    """The model in `directory`, or the shipped one. Raises ModelError."""
    return Model(SHIPPED if directory is None else Path(directory))
