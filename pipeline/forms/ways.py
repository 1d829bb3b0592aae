"""Which way up a page lies whose fields were found by their frames alone: digits make sense one way only.

A frame looks the same upside down and in a mirror. So the boxes are also looked at turned and mirrored, and
what the network sees in them is weighed.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from pipeline.forms.box_ink import BoxInk
from pipeline.strings import ctc
from pipeline.strings.classify import Seen


class Way(StrEnum):
    """How a page lies, against how it is to be read."""

    UPRIGHT = "upright"
    TURNED = "turned"
    MIRRORED = "mirrored"
    MIRRORED_TURNED = "mirrored and turned"


# How probable each is before anything is read: feeders turn pages now and then, scans of backs are rare.
PRIOR = {Way.UPRIGHT: 0.95, Way.TURNED: 0.03, Way.MIRRORED: 0.01, Way.MIRRORED_TURNED: 0.01}
# A way less probable than this is not sure enough for the page to be read.
LEAST_SURE = 0.98
# What a box says at most by either network, log of a probability.
LEAST = -5.0


def seen_from(inks: Sequence[BoxInk], way: Way) -> list[BoxInk]:
    """The boxes of a field off a page that lies that way, brought upright."""
    if way is Way.UPRIGHT:
        return list(inks)
    across, down = {
        Way.TURNED: (-1, -1),
        Way.MIRRORED: (-1, 1),
        Way.MIRRORED_TURNED: (1, -1),
    }[way]
    laid = slice(None, None, down), slice(None, None, across)
    return [
        BoxInk(
            np.ascontiguousarray(ink.dark[laid]),
            np.ascontiguousarray(ink.own[laid]),
            np.ascontiguousarray(ink.printed[laid]),
        )
        for ink in inks
    ][::across]


def weigh_ways(seen: dict[Way, Sequence[Seen]]) -> dict[Way, float]:
    """How probable each way is by what the network sees in the boxes; sums to 1.

    seen : for every way the same boxes, ink as one digit or not at all.
    """
    logs = np.array([np.log(PRIOR[way]) + sum(map(_sense, lines)) for way, lines in seen.items()])
    shares: NDArray[np.float64] = np.exp(logs - logs.max())
    return dict(zip(seen, (shares / shares.sum()).tolist(), strict=True))


def _sense(line: Seen) -> float:
    """Log of how probably the ink of a box is a digit, all its pieces together, by both networks.

    Of a digit in a mirror the one that reads lines, which hardly ever sees one, is much less sure.
    """
    if not line.lattice.size:
        return 0.0
    best = float(line.proba[line.lattice.whole, :10].max(initial=0.0))
    cut = max(float(np.log(max(best, 1e-9))), LEAST)
    if line.frames is None:
        return cut
    read = ctc.read_frames(ctc.squeeze(line.frames))
    return cut + max([LEAST, *(share for value, share in read if len(value) == 1)])
