"""What was cut out of a page, as it was read: pieces, digits with their caution, the likeliest values."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from pipeline.document import Image
from pipeline.envelopes.codes import OFF_LENGTH
from pipeline.forms.crossed import crossing_of
from pipeline.parameters import ReaderParameters
from pipeline.strings.classify import Seen
from pipeline.strings.decode import Candidate, align, score_runs
from pipeline.strings.values import read_boxes, read_line

GREEN, INK = (50, 140, 30), (30, 30, 30)
WHITE = (255.0, 255.0, 255.0)
STRIP = 72  # height of a line as cut, pixels
TOLD = 3  # values of a candidate that are told
FONT = cv2.FONT_HERSHEY_SIMPLEX

Colour = tuple[int, int, int]


def draw_strips(
    lines: Sequence[Seen], lengths: Sequence[int] | None, parameters: ReaderParameters, label: str = ""
) -> list[Image]:
    """The parts of one field side by side, one picture or none; `label` and the values of a line beside."""
    off = OFF_LENGTH if lengths else 0.0
    inked = [line for line in lines if line.lattice.size]
    reads = [
        read_line(line, parameters, lengths, off)
        if line.lattice.box_ink is None
        else read_boxes([line], parameters)
        for line in inked
    ]
    drawn = [
        _draw_strip(line, found, digits, parameters)
        for line, (found, digits) in zip(inked, reads, strict=True)
    ]
    if not drawn:
        return []
    counted = [line for line in inked if not crossing_of(line.contents).emptied]
    values = reads[0][0] if len(lines) == 1 else read_boxes(counted, parameters)[0]
    told = [f"{c.value}  {c.probability:.3f}  ({_said(c)})" for c in values[:TOLD]]
    beside = np.full((drawn[0].shape[0], 260, 3), 255, np.uint8)
    for row, text in enumerate([label, *told]):
        put_label(beside, text, (6, 14 + 20 * row), INK, 0.45)
    return [np.hstack([*drawn, beside])]


def _said(value: Candidate) -> str:
    """Log-probability of a value by each reader that was asked."""
    each = (value.cut, value.whole, value.box)[: 2 + bool(value.box)]
    return ", ".join(f"{said:.1f}" for said in each)


def _draw_strip(
    seen: Seen, candidates: Sequence[Candidate], digits: Sequence[float], parameters: ReaderParameters
) -> Image:
    """A line with its cuts, the runs of its best reading, and their digits with probabilities.

    Of a box that was crossed out, that it is, and how sure.
    """
    lattice = seen.lattice
    grow = STRIP / lattice.picture.shape[0]
    paper = 255 - cv2.resize(lattice.picture, None, fx=grow, fy=grow, interpolation=cv2.INTER_CUBIC)
    roomy = cv2.copyMakeBorder(paper, 0, 34, 0, 6, cv2.BORDER_CONSTANT, value=WHITE)
    strip: Image = np.asarray(cv2.cvtColor(roomy, cv2.COLOR_GRAY2BGR), np.uint8)
    left, right = float(lattice.boxes[:, 0].min()), float(lattice.boxes[:, 2].max())
    margin = 6 * grow
    across = (paper.shape[1] - 2 * margin) / max(right - left, 1.0)

    def column(x: float) -> int:
        return round(float(margin + (x - left) * across))

    for box in lattice.boxes[lattice.edges[:, 1] - lattice.edges[:, 0] == 1]:
        cv2.line(strip, (column(box[0]), 0), (column(box[0]), 8), (150, 150, 150), 1)
    crossing = crossing_of(seen.contents)
    if crossing.emptied:
        share = crossing.void if crossing.is_void else crossing.struck
        put_label(strip, "void" if crossing.is_void else "struck", (2, STRIP + 14), INK, 0.32)
        put_label(strip, f"{100 * share:.0f}", (2, STRIP + 29), INK, 0.32)
        return strip
    value = candidates[0].value if candidates else ""
    way = align(score_runs(lattice, seen.proba, parameters.weights), value) if value else []
    for run, digit, share in zip(way, value, digits, strict=False):
        begin, end = column(float(lattice.boxes[run, 0])), column(float(lattice.boxes[run, 2]))
        cv2.rectangle(strip, (begin, 1), (end, STRIP - 2), GREEN, 1)
        put_label(strip, digit, (begin, STRIP + 14), INK, 0.5)
        put_label(strip, f"{100 * share:.0f}", (begin, STRIP + 29), INK, 0.32)
    return strip


def put_label(canvas: Image, text: str, at: tuple[float, float], colour: Colour, size: float = 0.45) -> None:
    x = max(0, min(int(at[0]), canvas.shape[1] - 12))
    y = max(11, min(int(at[1]), canvas.shape[0] - 3))
    for aside in ((-1, 0), (1, 0), (0, -1), (0, 1)):  # a rim: thicker letters would stand further apart
        at_rim = (x + aside[0], y + aside[1])
        cv2.putText(canvas, text, at_rim, FONT, size, (255, 255, 255), 1, cv2.LINE_AA)
    cv2.putText(canvas, text, (x, y), FONT, size, colour, 1, cv2.LINE_AA)
