"""What the pipeline asks of a network."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.document import Image


class Classifier(Protocol):
    """Tells digits from one another and from what is no digit."""

    def predict_proba(self, crops: Image) -> NDArray[np.float32]:
        """(N, 28, 28) uint8 crops, ink bright on black -> (N, 11) float32: the digits 0..9, not-a-digit."""
        ...
