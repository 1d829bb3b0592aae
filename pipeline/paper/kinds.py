"""Kinds of pages, and what the pipeline asks of whatever tells them apart."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.document import Image


class Kind(StrEnum):
    """What a page is; the order is that of `PageClassifier.look`'s rows."""

    ENVELOPE = "envelope"
    FORM = "form"
    STRIP = "strip"
    BLANK = "blank"
    OTHER = "other"


KINDS = tuple(Kind)


class PageClassifier(Protocol):
    """Tells at a glance what a page is and which way up it lies."""

    def look(self, image: Image) -> NDArray[np.float64]:
        """How probable each kind is lying each way up: (5, 4), in the orders of `KINDS` and `turns.TURNS`.

        image : a scan, (H, W) uint8 grey or (H, W, 3) BGR, any size. The sum is 1.
        """
        ...
