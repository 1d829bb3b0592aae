"""The fast export of the network that reads whole lines, run by LiteRT. No TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.quiet import native_chatter_dropped
from pipeline.document import Image
from pipeline.strings.ctc import CLASSES
from pipeline.strings.picture import HEIGHT, MAX_WIDTH

LINE_NETWORK = "line.tflite"
# Sizes are few and fixed, so that the arithmetic for a line never depends on what comes with it.
BATCH, STEP = 2, 32
FRAME = 2  # pixels of a line for each frame


class LineNetwork:
    """Reads lines: not shared between threads, LiteRT's interpreters hold one set of buffers each.

    Raises ValueError or RuntimeError where `content` is no such network.
    """

    def __init__(self, content: bytes) -> None:
        self.content = content
        self._interpreters: dict[int, Any] = {}
        if self._logits(np.zeros((1, HEIGHT, STEP), np.uint8)).shape != (1, STEP // FRAME, CLASSES):
            raise ValueError("it does not give the ten digits and a blank for every two pixels")

    def predict_frames(self, pictures: Sequence[Image]) -> list[NDArray[np.float32]]:
        """Log-probabilities (T, 11) float32 of each line (32, W) uint8, T half of W; W at most 512."""
        found: list[NDArray[np.float32]] = [np.zeros((0, CLASSES), np.float32)] * len(pictures)
        by_width: dict[int, list[int]] = {}
        for index, picture in enumerate(pictures):
            if picture.shape[1]:
                by_width.setdefault(round_up(picture.shape[1]), []).append(index)
        for width, indices in sorted(by_width.items()):
            for first in range(0, len(indices), BATCH):
                part = indices[first : first + BATCH]
                logits = self._logits(stack([pictures[i] for i in part], width))
                for index, scores in zip(part, logits, strict=True):
                    found[index] = log_softmax(scores[: -(-pictures[index].shape[1] // FRAME)])
        return found

    def _logits(self, block: Image) -> NDArray[np.float32]:
        """(N, T, 11) float32 of (N, 32, W) uint8, N at most `BATCH`."""
        count, _, width = block.shape
        interpreter = self._interpreter(width)
        full = np.zeros((BATCH, HEIGHT, width, 1), np.float32)
        full[:count, :, :, 0] = block * np.float32(1.0 / 255.0)
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], full)
        interpreter.invoke()
        scores: NDArray[np.float32] = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
        return scores[:count]

    def _interpreter(self, width: int) -> Any:
        if width not in self._interpreters:
            interpreter = self._interpreters[width] = self._open()
            place = interpreter.get_input_details()[0]["index"]
            interpreter.resize_tensor_input(place, [BATCH, HEIGHT, width, 1])
            with native_chatter_dropped():  # LiteRT's note on its delegate
                interpreter.allocate_tensors()
        return self._interpreters[width]

    def _open(self) -> Any:
        from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415 - not needed to look at a card

        return Interpreter(model_content=self.content, num_threads=1)


def round_up(width: int) -> int:
    """The width that a line is read at: the next multiple of 32, at most 512."""
    return min(MAX_WIDTH, -(-width // STEP) * STEP)


def stack(pictures: Sequence[Image], width: int) -> Image:
    """Lines as one block (N, 32, width) uint8, paper added to the right."""
    block = np.zeros((len(pictures), HEIGHT, width), np.uint8)
    for row, picture in zip(block, pictures, strict=True):
        row[:, : picture.shape[1]] = picture
    return block


def log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Log-probabilities along the last axis."""
    wide = logits.astype(np.float64)
    wide -= wide.max(axis=-1, keepdims=True)
    log: NDArray[np.float32] = (wide - np.log(np.exp(wide).sum(axis=-1, keepdims=True))).astype(np.float32)
    return log
