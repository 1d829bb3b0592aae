"""Postal barcodes on a page: found, decoded, and the ZIP code that they state.

page -> rows of bars (find) -> state of every bar (bars) -> digits (imb, postnet)
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np

from pipeline.barcode import imb, postnet
from pipeline.barcode.bars import Bars, read_bars
from pipeline.barcode.find import find_bar_rows
from pipeline.document import Box, Image
from pipeline.paper import ink

_TURNED = str.maketrans("AD", "DA")
# Marks beside a barcode that may be taken for bars of it.
EXTRA_BARS = 3


@dataclass(frozen=True)
class Barcode:
    """A barcode that was decoded.

    kind : "imb" or "postnet". routing : the ZIP code, 5, 9 or 11 digits (the last two: delivery point);
        '' where it states none. box : on the page. turned : whether it stands on its head there.
    """

    kind: str
    routing: str
    box: Box
    turned: bool


KINDS = ("imb", "postnet")


def read_barcodes(image: Image, kinds: Collection[str] = KINDS) -> tuple[Barcode, ...]:
    """Barcodes on a page, (H, W) uint8 grey or (H, W, 3) BGR, that run from left to right or back.

    Only those whose check digit or frame check sequence is right; each once.
    """
    grey = ink.to_grey(image)
    found = []
    for row in find_bar_rows(grey):
        bars = read_bars(grey, row)
        if bars is not None and (decoded := _decode(bars)) is not None:
            kind, routing, turned = decoded
            if kind in kinds:
                found.append(Barcode(kind, routing, _box(bars, grey.shape), turned))
    return tuple(found)


def _decode(bars: Bars) -> tuple[str, str, bool] | None:
    """Kind, routing code and whether they stand on their head of bars that are a barcode."""
    for turned in (False, True):
        states = bars.states[::-1].translate(_TURNED) if turned else bars.states
        if bars.two_tops and bars.two_bottoms:
            for window in _windows(states, (imb.BARS,)):
                if (mail := imb.decode(window)) is not None:
                    return "imb", mail.routing, turned
        elif bars.two_bottoms if turned else bars.two_tops:
            for window in _windows(states, postnet.BARS):
                if (routing := postnet.decode(window)) is not None:
                    return "postnet", routing, turned
    return None


def _windows(states: str, lengths: tuple[int, ...]) -> Iterator[str]:
    """Stretches of a barcode's length, where there are hardly more bars than that."""
    for length in lengths:
        if length <= len(states) <= length + EXTRA_BARS:
            for begin in range(len(states) - length + 1):
                yield states[begin : begin + length]


def _box(bars: Bars, shape: tuple[int, ...]) -> Box:
    low = np.clip(np.floor(bars.corners.min(axis=0)), 0, [shape[1] - 1, shape[0] - 1]).astype(int)
    high = np.clip(np.ceil(bars.corners.max(axis=0)), 1, [shape[1], shape[0]]).astype(int)
    return Box(int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1]))
