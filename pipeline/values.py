"""From what the network says about a field's lattices to its value: candidates, and what is shown of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.decode import Candidate, align, decode
from pipeline.lattice import Lattice
from pipeline.parameters import ReaderParameters

READINGS = 5  # of a field: the best one and its alternatives


def read_line(
    lattice: Lattice,
    proba: NDArray[np.float32],
    parameters: ReaderParameters,
    lengths: Collection[int] | None,
    off_length: float,
    best: int = READINGS,
) -> tuple[list[Candidate], tuple[float, ...]]:
    """Candidates of a line of writing, best first, and the digit probabilities of the best.

    lengths, off_length : as `decode` takes them.
    """
    candidates = decode(
        lattice, proba, parameters.weights, lengths, best=best, off_length=off_length if lengths else 0.0
    )
    if not candidates:
        return [], ()
    value = candidates[0].value
    way = align(lattice, proba, parameters.weights, value)
    return candidates, tuple(float(proba[run, int(digit)]) for run, digit in zip(way, value, strict=True))


def read_boxes(
    lattices: Sequence[Lattice],
    proba: Sequence[NDArray[np.float32]],
    parameters: ReaderParameters,
    best: int = READINGS,
) -> tuple[list[Candidate], tuple[float, ...]]:
    """One digit a box: the boxes' digits side by side, at most `best` such values, most probable first.

    An empty box adds no digit.
    """
    boxes = [
        decode(lattice, each, parameters.weights, lengths=(1,), best=max(3, best // 5))
        for lattice, each in zip(lattices, proba, strict=True)
    ]
    boxes = [box for box in boxes if box]
    if not boxes:
        return [], ()
    values = [Candidate("", 1.0)]
    for box in boxes:
        longer = [Candidate(v.value + d.value, v.probability * d.probability) for v in values for d in box]
        longer.sort(key=lambda candidate: (-candidate.probability, candidate.value))
        values = longer[:best]
    return values, tuple(box[0].probability for box in boxes)


def alternatives(candidates: Sequence[Candidate], confidence: float) -> tuple[tuple[str, float], ...]:
    """The candidates after the first with what the calibrated `confidence` of the first leaves them."""
    # What the calibration takes from the first candidate goes to the others in proportion.
    rest = (1.0 - confidence) / max(1.0 - candidates[0].probability, 1e-9)
    others = [(c.value, min(c.probability * rest, 1.0)) for c in candidates[1:] if c.value]
    room = max(1.0 - confidence, 0.0)
    total = sum(p for _, p in others)
    scale = min(1.0, room / total) if total > 0 else 0.0
    return tuple((value, p * scale) for value, p in others if p * scale >= 5e-5)
