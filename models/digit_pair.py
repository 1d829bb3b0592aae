"""A single crop read by both networks of a model: as it is, and as a line of its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.line_network import LINE_NETWORK, LineNetwork
from models.network import CLASSES, ModelError, Network, softmax
from pipeline.document import Image
from pipeline.strings.ctc import DIGITS, score_values
from pipeline.strings.picture import draw_crop

LEAST = -12.0  # log-probability of what a network excludes


class DigitPair(Network):
    """Tells single digits apart by both networks: the product of what they say, sharpened as was fitted."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        try:
            self.lines = LineNetwork((directory / LINE_NETWORK).read_bytes())
            self.pair_temperature = float(self.card["line"]["digit_temperature"])
        except (OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
            raise ModelError(
                f"{directory / LINE_NETWORK}: cannot be read with its card ({error}); "
                "train it again with python -m models.train_line"
            ) from error

    def predict_proba(self, crops: Image) -> NDArray[np.float32]:
        """Probabilities (N, 11) float32; not-a-digit is what the network of crops alone says."""
        proba = super().predict_proba(crops)
        logits = pair_logits(proba, self.lines, crops) / self.pair_temperature
        shares = softmax(logits) * (1.0 - proba[:, CLASSES - 1 :])
        return np.concatenate([shares, proba[:, CLASSES - 1 :]], axis=1).astype(np.float32)


def pair_logits(proba: NDArray[np.float32], lines: LineNetwork, crops: Image) -> NDArray[np.float64]:
    """(N, 10) float64: for each digit the sum of its log-probabilities by the two networks.

    proba : (N, 11) float32, by the network of crops.
    """
    digits = np.maximum(proba[:, : CLASSES - 1].astype(np.float64), 1e-9)
    cut = np.log(digits / digits.sum(axis=1, keepdims=True))
    logits: NDArray[np.float64] = np.maximum(cut, LEAST)
    frames = lines.predict_frames([draw_crop(crop) for crop in crops])
    for row, each in zip(logits, frames, strict=True):
        if len(each):  # without ink there is no line
            whole = score_values(each, DIGITS)
            row[:] += np.maximum(whole - np.logaddexp.reduce(whole), LEAST)
    return logits
