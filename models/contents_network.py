"""The network that tells what a printed box holds, as reading uses it. No TensorFlow."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.network import ModelError, Network, softmax
from pipeline.document import Image
from pipeline.strings.classify import CONTENTS

SHIPPED_CONTENTS = Path(__file__).parent / "weights" / "contents"


class ContentsNetwork(Network):
    """A network of the classes `CONTENTS`; its card says how often it met each, how often forms have it."""

    shape = (28, 28, 3)
    takes = "28x28 pictures of boxes in three layers"

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        try:
            met, usual = (np.array(self.card[name], np.float64) for name in ("met", "usual"))
            self._shift = (np.log(usual) - np.log(met)).astype(np.float32)
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"{directory}: the card cannot be read ({error}); train it again") from error

    def _check_classes(self, count: int) -> None:
        if count != len(CONTENTS):
            raise ModelError(
                f"{self.directory}: tells {count} classes apart, not {', '.join(CONTENTS)}; train it with "
                f"python -m models.train_contents, or restore its folder"
            )

    def predict_contents(self, boxes: Image) -> NDArray[np.float32]:
        """How probable each of `CONTENTS` is on a form, (N, 12) float32, for boxes (N, 28, 28, 3) uint8.

        The scores are moved by how much oftener it met each than forms have it (Saerens et al., 2002).
        """
        logits = self._run(self._reader, boxes.astype(np.float32) * np.float32(1.0 / 255.0))
        return softmax(logits / np.float32(self.temperature) + self._shift)
