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
STEP = 16  # widths are few and fixed, so that the arithmetic for a line never depends on what comes with it
# Pixels of paper behind every line. Nearly all that the network learned from had some, in batches with wider
# ones; where the picture ends with the line it takes a 1 at the end for nothing.
PAPER = 16
FRAME = 2  # pixels of a line for each frame
# Every line is read this many pixels higher and lower, and the two are averaged: maps that skip every
# other row see other things in each.
LIFTS = (-2, 2)


class LineNetwork:
    """Reads lines: not shared between threads, LiteRT's interpreters hold one set of buffers each.

    Raises ValueError or RuntimeError where `content` is no such network.
    """

    def __init__(self, content: bytes) -> None:
        self.content = content
        self._interpreters: dict[int, Any] = {}
        blank = np.zeros((len(LIFTS), HEIGHT, STEP), np.uint8)
        if self._logits(blank).shape != (len(LIFTS), STEP // FRAME, CLASSES):
            raise ValueError("it does not give the ten digits and a blank for every two pixels")

    def predict_frames(self, pictures: Sequence[Image]) -> list[NDArray[np.float32]]:
        """Log-probabilities (T, 11) float32 of each line (32, W) uint8, T half of W; W at most 512."""
        return [self._frames(picture) for picture in pictures]

    def _frames(self, picture: Image) -> NDArray[np.float32]:
        width = picture.shape[1]
        if not width:
            return np.zeros((0, CLASSES), np.float32)
        views = stack([lifted(picture, rows) for rows in LIFTS], round_up(width + PAPER))
        each = log_softmax(self._logits(views)[:, : -(-width // FRAME)])
        mean: NDArray[np.float32] = np.logaddexp.reduce(each, axis=0) - np.float32(np.log(len(LIFTS)))
        return mean

    def _logits(self, block: Image) -> NDArray[np.float32]:
        """(N, T, 11) float32 of (N, 32, W) uint8, N as many as there are `LIFTS`."""
        interpreter = self._interpreter(block.shape[2])
        pixels = block[..., None] * np.float32(1.0 / 255.0)
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], pixels)
        interpreter.invoke()
        scores: NDArray[np.float32] = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
        return scores

    def _interpreter(self, width: int) -> Any:
        if width not in self._interpreters:
            interpreter = self._interpreters[width] = self._open()
            place = interpreter.get_input_details()[0]["index"]
            interpreter.resize_tensor_input(place, [len(LIFTS), HEIGHT, width, 1])
            with native_chatter_dropped():  # LiteRT's note on its delegate
                interpreter.allocate_tensors()
        return self._interpreters[width]

    def _open(self) -> Any:
        from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415 - not needed to look at a card

        return Interpreter(model_content=self.content, num_threads=1)


def round_up(width: int) -> int:
    """The next multiple of 16, at most 512: a width that lines are read at."""
    return min(MAX_WIDTH, -(-width // STEP) * STEP)


def lifted(picture: Image, rows: int) -> Image:
    """The line so many rows farther up, paper where it was; lower where `rows` is negative."""
    moved = np.zeros_like(picture)
    count = HEIGHT - abs(rows)
    source, target = max(rows, 0), max(-rows, 0)
    moved[target : target + count] = picture[source : source + count]
    return moved


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
