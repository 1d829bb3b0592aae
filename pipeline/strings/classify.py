"""What the pipeline asks of the networks, and what they see of a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from pipeline.document import Image
from pipeline.strings.lattice import Lattice


class Classifier(Protocol):
    """Tells digits from one another and from what is no digit."""

    def predict_proba(self, crops: Image) -> NDArray[np.float32]:
        """(N, 28, 28) uint8 crops, ink bright on black -> (N, 11) float32: the digits 0..9, not-a-digit."""
        ...


@runtime_checkable
class LineClassifier(Classifier, Protocol):
    """One that also reads whole lines, without cutting them."""

    def predict_frames(self, pictures: Sequence[Image]) -> list[NDArray[np.float32]]:
        """(32, W) uint8 lines, as `picture.draw_line` makes them -> (T, 11) float32 log-probabilities each.

        Of the digits 0..9 and of the blank, in frames from left to right (see `ctc`).
        """
        ...


# What a printed box holds: a digit; nothing, and it is crossed out; a digit that was struck, or a scribble.
CONTENTS = (*"0123456789", "void", "struck")


@runtime_checkable
class BoxClassifier(Classifier, Protocol):
    """One that also tells what a printed box holds, the print around it in view."""

    def predict_contents(self, boxes: Image) -> NDArray[np.float32]:
        """(N, 28, 28, 3) uint8, boxes as `draw_box` of `forms.box_ink` draws them -> (N, 12) float32.

        How probable each of `CONTENTS` is.
        """
        ...


@dataclass(frozen=True, eq=False)
class Seen:
    """A line of pieces and what the networks say of it.

    proba : (R, 11) float32, of every run of the lattice.
    frames : (T, 11) float32, of the line as a whole; None where no network reads whole lines.
    contents : (12,) float32, how probable each of `CONTENTS` is; None of a line, and where no network tells.
    """

    lattice: Lattice
    proba: NDArray[np.float32]
    frames: NDArray[np.float32] | None = None
    contents: NDArray[np.float32] | None = None


def see(lattices: Sequence[Lattice], classifier: Classifier) -> list[Seen]:
    """What the networks see of every lattice, from one call of each; what it knows already is not asked."""
    if not lattices:
        return []
    fresh = [lattice.crops for lattice in lattices if lattice.proba is None]
    proba = classifier.predict_proba(np.concatenate(fresh)) if fresh else np.zeros((0, 11), np.float32)
    new = iter(np.split(proba, np.cumsum([len(crops) for crops in fresh])[:-1]))
    parts = [next(new) if lattice.proba is None else lattice.proba for lattice in lattices]
    frames: Sequence[NDArray[np.float32] | None] = [None] * len(lattices)
    if isinstance(classifier, LineClassifier):
        frames = classifier.predict_frames([lattice.picture for lattice in lattices])
    contents = see_contents(lattices, classifier)
    return [Seen(*each) for each in zip(lattices, parts, frames, contents, strict=True)]


def see_contents(lattices: Sequence[Lattice], classifier: Classifier) -> list[NDArray[np.float32] | None]:
    """How probable each of `CONTENTS` is, (12,) float32 of every box; None of lines, of boxes without ink."""
    boxes = [lattice.box_ink for lattice in lattices if lattice.box_ink is not None]
    if not boxes or not isinstance(classifier, BoxClassifier):
        return [None] * len(lattices)
    found = iter(classifier.predict_contents(np.stack(boxes)))
    return [None if lattice.box_ink is None else next(found) for lattice in lattices]


def see_groups(groups: Sequence[Sequence[Lattice]], classifier: Classifier) -> list[list[Seen]]:
    """The same of lattices that belong together, such as the boxes of a comb, group by group."""
    seen = iter(see([lattice for group in groups for lattice in group], classifier))
    return [[next(seen) for _ in group] for group in groups]
