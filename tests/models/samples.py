"""Small data for the tests of models: digits from the project's own pen."""

from __future__ import annotations

from functools import cache

import numpy as np

from models.labelled import Crops
from pipeline.strings.normalize import normalize
from sample_scans.strips import draw_digit


@cache
def pen_digits(count: int, seed: int = 0) -> Crops:
    """`count` normalized crops, the digits 0 to 9 in turn."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 10
    return Crops(np.stack([normalize(draw_digit(rng, int(d))) for d in labels]), labels.astype(np.int64))
