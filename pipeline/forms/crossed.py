"""A box that was crossed out, told from one with a digit in it by what a network sees in the box.

A plain cross or dash in an empty box leaves no digit. A stroke through a digit, or a scribble, does not
either, but whether a digit was meant is for a person to say.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.strings.ctc import DIGITS


@dataclass(frozen=True)
class Crossing:
    """How probable it is that a box holds a digit, was empty, holds a digit that was struck."""

    digit: float = 1.0
    void: float = 0.0
    struck: float = 0.0

    @property
    def is_void(self) -> bool:
        """Whether the box was most probably empty, and is crossed out."""
        return self.void > max(self.digit, self.struck)

    @property
    def is_struck(self) -> bool:
        """Whether what is in the box most probably does not count."""
        return self.struck > self.digit and not self.is_void

    @property
    def emptied(self) -> bool:
        """Whether no digit is left in the box."""
        return self.is_void or self.is_struck


def crossing_of(contents: NDArray[np.float32] | None) -> Crossing:
    """What a network says of a box, see `Seen.contents`; where none says anything, what is in it counts."""
    if contents is None:
        return Crossing()
    digits, (void, struck) = contents[: len(DIGITS)], contents[len(DIGITS) :].tolist()
    return Crossing(float(digits.sum()), void, struck)
