"""The fast export of a network, run by LiteRT: crops in, logits and probabilities out. No TensorFlow."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from models.quiet import native_chatter_dropped
from pipeline.document import Image

Float = TypeVar("Float", np.float32, np.float64)

NETWORK, CARD = "network.tflite", "card.json"
FAST = "network-int8.tflite"  # the same network in 8 bits
CLASSES = 11
# One size for every call: the arithmetic for a crop then never depends on how many came with it. Larger ones
# are no faster a crop, and more of them stays empty.
BATCH = 8
PART = 1024


class ModelError(Exception):
    """A model that is missing or cannot be read; the message says which and what to do."""


class Network:
    """A trained network as `nightsort train` leaves it: a folder with its export and its card.

    Not shared between threads: LiteRT's interpreter holds one set of buffers.

    What is read with is the export in 8 bits where there is one; `logits` are those of the one in floats.
    shape : of one crop as the network takes it. batch : crops in a call. takes : the same for people.
    """

    shape: tuple[int, int, int] = (28, 28, 1)
    batch = BATCH
    takes = "28x28 crops"

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.name = directory.name or str(directory)
        try:
            self.content = (directory / NETWORK).read_bytes()
            self._reads = FAST if (directory / FAST).exists() else NETWORK
            self._reading = self.content if self._reads == NETWORK else (directory / FAST).read_bytes()
            self.card: dict[str, Any] = json.loads((directory / CARD).read_text("utf-8"))
            self.temperature = float(self.card["temperature"])
        except OSError as error:
            raise ModelError(
                f"{directory}: no model there ({error.strerror}: {Path(error.filename or '').name}); "
                f"give the folder that holds {NETWORK} and {CARD}"
            ) from error
        except (ValueError, KeyError, TypeError) as error:
            raise ModelError(f"{directory}: the model cannot be read ({error}); train it again") from error
        self._check_classes(self._run(self._reader, np.zeros((1, *self.shape), np.float32)).shape[-1])

    def _check_classes(self, count: int) -> None:
        if count not in {CLASSES, CLASSES - 1}:
            raise ModelError(
                f"{self.directory}: {self._reads} tells {count} classes apart; the ten digits, and "
                "not-a-digit as an eleventh, are needed"
            )

    @cached_property
    def _exact(self) -> Any:
        return self._reader if self._reads == NETWORK else self._open(NETWORK, self.content)

    @cached_property
    def _reader(self) -> Any:
        return self._open(self._reads, self._reading)

    def _open(self, name: str, content: bytes) -> Any:
        from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415 - not needed to look at a card

        try:
            interpreter = Interpreter(model_content=content, num_threads=1)
            place = interpreter.get_input_details()[0]["index"]
            interpreter.resize_tensor_input(place, [self.batch, *self.shape])
            with native_chatter_dropped():  # LiteRT's note on its delegate
                interpreter.allocate_tensors()
            interpreter.set_tensor(place, np.zeros((self.batch, *self.shape), np.float32))
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"{self.directory}: {name} is no network for {self.takes} ({error})") from error
        return interpreter

    def logits(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scores (N, C) float32 for `pixels` (N, 28, 28) float32 in 0..1; C is 10 or 11.

        Of pages they are (N, 64, 64, 3).
        """
        return self._run(self._exact, pixels)

    def _run(self, interpreter: Any, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        source = interpreter.get_input_details()[0]["index"]
        target = interpreter.get_output_details()[0]["index"]
        found = [np.zeros((0, int(interpreter.get_output_details()[0]["shape"][-1])), np.float32)]
        block = np.zeros((self.batch, *self.shape), np.float32)
        for start in range(0, len(pixels), self.batch):
            part = pixels[start : start + self.batch]
            block[: len(part)] = part.reshape(len(part), *self.shape)
            block[len(part) :] = 0.0
            interpreter.set_tensor(source, block)
            interpreter.invoke()
            found.append(interpreter.get_tensor(target)[: len(part)])
        return np.concatenate(found)

    def predict_proba(self, crops: Image) -> NDArray[np.float32]:
        """Probabilities (N, 11) float32 of the digits 0..9 and of not-a-digit.

        A network of the ten digits alone never finds anything not to be one.
        crops : (N, 28, 28) uint8, ink bright on black, as `pipeline.strings.normalize` makes them.
        """
        if crops.ndim != 3 or crops.shape[1:] != (28, 28):
            raise ValueError(f"crops must be (N, 28, 28), not {crops.shape}")
        # In pieces, so that the scaled copy stays small however many crops there are.
        pieces = [crops[i : i + PART] for i in range(0, max(len(crops), 1), PART)]
        logits = [
            self._run(self._reader, piece.astype(np.float32) * np.float32(1.0 / 255.0)) for piece in pieces
        ]
        proba = softmax(np.concatenate(logits) / np.float32(self.temperature))
        return np.pad(proba, ((0, 0), (0, CLASSES - proba.shape[1])))


def softmax(logits: NDArray[Float]) -> NDArray[Float]:
    """Probabilities along the last axis, of the type of `logits`; SciPy's, without loading SciPy to read."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    probabilities: NDArray[Float] = shifted / shifted.sum(axis=-1, keepdims=True)
    return probabilities
