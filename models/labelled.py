"""What passes between loading, training and judging: crops with their labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.document import Image
from pipeline.parameters import ReaderParameters
from pipeline.strings.classify import Classifier

# The label is the place in this row.
CLASSES = (*map(str, range(10)), "not-a-digit")
HELD_BACK = 5_000  # MNIST training digits that no weight of the reading network is fitted on
SPLIT_SEED = 0


class DataError(ValueError):
    """Data that cannot be used; the message says which file, what is wrong and what to do."""


@dataclass(frozen=True, eq=False)
class Crops:
    """Pictures with labels (N,) int64, places in `classes`.

    Of digits they are (N, 28, 28) uint8, ink bright on black, labelled 0..9, 10 not-a-digit; of pages
    (N, 64, 64, 3) uint8 BGR.
    """

    x: Image
    y: NDArray[np.int64]
    classes: tuple[str, ...] = CLASSES

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, rows: NDArray[np.intp] | slice) -> Crops:
        return Crops(self.x[rows], self.y[rows], self.classes)

    @property
    def counted(self) -> int:
        """How many of the classes, from the first on, accuracy is over: all but not-a-digit."""
        return len(self.classes) - (self.classes[-1] == CLASSES[-1])

    @property
    def present(self) -> int:
        """How many classes a network needs for them: not-a-digit only where there is such a crop."""
        return len(self.classes) if (self.y >= self.counted).any() else self.counted


@dataclass(frozen=True, eq=False)
class DataSet:
    """Crops to learn from, and others that are looked at once, at the end."""

    name: str
    train: Crops
    test: Crops


@dataclass(frozen=True, eq=False)
class Cutter:
    """What cuts the fields that a truth.csv names into digits: a network and its reader's parameters."""

    classifier: Classifier
    parameters: ReaderParameters


def join(*parts: Crops) -> Crops:
    """All crops of `parts`, in order."""
    x, y = np.concatenate([p.x for p in parts]), np.concatenate([p.y for p in parts])
    return Crops(x, y, parts[0].classes)


def divide(crops: Crops, apart: int, seed: int) -> tuple[Crops, Crops]:
    """`crops` without `apart` of them, taken at random, and those; the same for the same seed."""
    order = np.random.default_rng(seed).permutation(len(crops))
    return crops[order[apart:]], crops[order[:apart]]


def hold_back(crops: Crops, count: int = HELD_BACK) -> tuple[Crops, Crops]:
    """What is learned from, and `count` crops that are not: the same ones for every training."""
    return divide(crops, count, SPLIT_SEED)
