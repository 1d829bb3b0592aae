"""Training crops: what the segmenter really makes of a strip, labelled by whose ink is in each run.

A run of pieces is a digit if it holds nearly all ink of that digit and little else, not-a-digit
if it clearly does not, and is left out of training in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.document import Image
from pipeline.locate import take_line
from pipeline.paper import deskew
from pipeline.strings.decode import JUNK
from pipeline.strings.lattice import JUNK_FEATURES, Lattice, build_lattice
from pipeline.strings.segment import Pieces, segment

UNSURE = -1
DIGIT_COVER, DIGIT_PURITY = 0.8, 0.8
JUNK_COVER, JUNK_PURITY = 0.6, 0.65


@dataclass(frozen=True, eq=False)
class LabelledLattice:
    """A lattice with the truth about it.

    labels : (R,) int8: 0..9, 10 not-a-digit, -1 unsure.
    value : the digits of the strip.
    """

    lattice: Lattice
    labels: NDArray[np.int8]
    value: str


def label_strip(image: Image, owner: NDArray[np.int16], text: str) -> LabelledLattice:
    """Segment a strip and label its runs.

    image : (H, W) uint8 grey; the strip fills it.
    owner : (H, W) int16, index in `text` of the character whose ink a pixel is, -1 for none.
    """
    dark = take_line(image)  # as it lies: moved, its pixels would no longer be those of `owner`
    if dark.shape != owner.shape:
        size = (dark.shape[1], dark.shape[0])
        owner = cv2.resize(owner, size, interpolation=cv2.INTER_NEAREST).astype(np.int16, copy=False)
    pieces = segment(dark)
    lattice = build_lattice(pieces)
    value = "".join(c for c in text if c.isdigit())
    return LabelledLattice(lattice, label_runs(pieces, lattice.edges, owner, text), value)


def label_runs(
    pieces: Pieces, edges: NDArray[np.int32], owner: NDArray[np.int16], text: str
) -> NDArray[np.int8]:
    """Label (R,) int8 for every run of `pieces`; see the module's docstring."""
    shown = (owner + 1).astype(np.float32)
    if pieces.slant:
        shown = np.stack(
            [deskew.shear((shown == k).astype(np.float32), pieces.slant) for k in range(len(text) + 1)]
        )
        shown = shown.argmax(axis=0)
    # The soft edge of a stroke is its owner's too: only ink that stands apart is somebody else's.
    near = cv2.dilate(shown.astype(np.float32), np.ones((5, 5), np.uint8))
    whose = np.where(shown > 0, shown, near).astype(np.intp)
    classes = len(text) + 1
    shares = np.bincount(
        (pieces.labels.astype(np.intp) * classes + whose).ravel(), minlength=(len(pieces) + 1) * classes
    ).reshape(len(pieces) + 1, classes)
    sums = np.concatenate([np.zeros((1, classes), np.intp), shares[1:].cumsum(axis=0)])
    held = sums[edges[:, 1]] - sums[edges[:, 0]]
    drawn = np.bincount(shown.astype(np.intp).ravel(), minlength=classes)
    whole = np.maximum(shares[1:].sum(axis=0), 0.6 * drawn)
    digits = np.array([False, *(c.isdigit() for c in text)])
    best = np.where(digits, held, -1).argmax(axis=1)
    most = held[np.arange(len(edges)), best]
    cover = most / np.maximum(whole[best], 1)
    purity = most / np.maximum(held.sum(axis=1), 1)
    known = np.array([JUNK, *(int(c) if c.isdigit() else JUNK for c in text)], np.int8)
    return _judge(cover, purity, known[best])


def label_aligned(lattice: Lattice, way: Sequence[int], value: str) -> NDArray[np.int8]:
    """Label (R,) int8 for every run; `way` gives the run of each digit of `value` (see `decode.align`)."""
    pieces = np.zeros(lattice.size)
    single = lattice.edges[:, 1] - lattice.edges[:, 0] == 1
    pieces[lattice.edges[single, 0]] = lattice.junk_features[single, JUNK_FEATURES.index("inked")] + 1e-6
    sums = np.concatenate([[0.0], pieces.cumsum()])
    starts, stops = lattice.edges.T
    runs = lattice.edges[list(way)]
    # Ink that every run shares with every digit, against the ink of the digit and of the run.
    first, last = np.maximum(starts[:, None], runs[:, 0]), np.minimum(stops[:, None], runs[:, 1])
    shared = np.where(last > first, sums[last] - sums[np.minimum(first, last)], 0.0)
    best = shared.argmax(axis=1)
    most = shared[np.arange(len(starts)), best]
    whole = (sums[runs[:, 1]] - sums[runs[:, 0]])[best]
    known = np.array([int(digit) for digit in value], np.int8)[best]
    return _judge(most / whole, most / (sums[stops] - sums[starts]), known)


def _judge(
    cover: NDArray[np.float64], purity: NDArray[np.float64], known: NDArray[np.int8]
) -> NDArray[np.int8]:
    """The label of runs that hold so much of a digit, and so little else; `known` is that digit."""
    labels = np.full(len(known), UNSURE, np.int8)
    labels[(cover < JUNK_COVER) | (purity < JUNK_PURITY)] = JUNK
    sure = (cover >= DIGIT_COVER) & (purity >= DIGIT_PURITY)
    labels[sure] = known[sure]
    return labels
