"""Tell a writing line or frame whose digits are parted by ticks, and count the boxes that they make."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pipeline.document import Image
from pipeline.forms.proposal import Proposal

# Where ticks are looked for above the line, in heights of the field, and where walls would be drawn, too.
FOOT, HEAD = (0.06, 0.18), (0.6, 0.8)
# Share of those rows that must be inked; widest tick, in heights of the field.
INKED, STOUTEST = 0.85, 0.15
# How far a box may differ in width from the usual one; its least and most width, in heights of the field.
UNEVEN, SLIM, WIDE = 0.15, 0.35, 1.6
# Fewest boxes.
FEWEST = 2


def parted(field: Proposal, dark: Image) -> Proposal:
    """The field as a comb where ticks on its lower line make equal boxes; else as it is.

    field : a line or a box. dark : (H, W) uint8, ink white, of the picture that it was found on.
    """
    edges = _edges(field, dark)
    wide = np.diff(edges)
    if field.kind not in ("line", "box") or len(wide) < FEWEST:
        return field
    usual, height = float(np.median(wide)), field.place[3]
    if not SLIM * height <= usual <= WIDE * height or np.any(np.abs(wide - usual) > UNEVEN * usual):
        return field
    return replace(field, kind="comb", boxes=len(wide))


def _edges(field: Proposal, dark: Image) -> NDArray[np.float64]:
    """Columns of the ticks, and of the field's ends, from left to right."""
    x, y, w, h = field.place
    foot, head = (
        (dark[max(0, round(y + h - high * h)) : round(y + h - low * h), x : x + w] > 0)
        for low, high in (FOOT, HEAD)
    )
    if not foot.size:
        return np.array([x, x + w], np.float64)
    tick = foot.mean(axis=0) >= INKED
    starts = np.flatnonzero(np.diff(np.concatenate([[False], tick, [False]]).astype(np.int8)) == 1)
    ends = np.flatnonzero(np.diff(np.concatenate([[False], tick, [False]]).astype(np.int8)) == -1)
    middles = []
    for start, end in zip(starts, ends, strict=True):
        inner = STOUTEST * h < (start + end) / 2 < w - STOUTEST * h
        if inner and end - start <= STOUTEST * h and head[:, start:end].mean() < INKED:
            middles.append(x + (start + end) / 2)
    return np.array([x, *middles, x + w], np.float64)
