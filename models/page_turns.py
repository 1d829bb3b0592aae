"""What becomes of a class of pages when the page is turned by a quarter.

A class whose name ends in a number of degrees (`envelope-90`) is of pages that lie turned by so much; where
there is none of half a turn more, of those too. Every other class looks the same any way up.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

QUARTERS = 4


def after_quarter(classes: Sequence[str]) -> NDArray[np.int64]:
    """The class of a picture of each class after a quarter turn clockwise; -1 where there is none."""
    known = {name: number for number, name in enumerate(classes)}
    after = []
    for number, name in enumerate(classes):
        found = re.fullmatch(r"(.*)-(0|90|180|270)", name)
        if found is None:
            after.append(number)
            continue
        turns = [
            (int(found[2]) + 90) % 360,
            (int(found[2]) + 270) % 360,
        ]  # lying and standing alone: the same
        after.append(
            next((known[f"{found[1]}-{turn}"] for turn in turns if f"{found[1]}-{turn}" in known), -1)
        )
    return np.array(after, np.int64)
