"""Read a form page that was taken apart: digits to values, checked against what the layout says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from pipeline.classify import Seen
from pipeline.decode import Candidate
from pipeline.document import Reading, Reason
from pipeline.forms.checks import apply_check_digit, apply_sums
from pipeline.forms.crossed import Cross
from pipeline.forms.cut import CutField, CutForm
from pipeline.forms.layout import PAGE_FIELD
from pipeline.lattice import build_lattice
from pipeline.parameters import ReaderParameters
from pipeline.segment import segment
from pipeline.values import READINGS, alternatives, read_boxes, read_line

# A value of a length that the layout does not allow: that unlikely before the writing is seen.
OFF_LENGTH = 0.05
# Candidates of a field that its check digit and its sums may choose from.
WIDE = 40
# A digit at least so probable is one, even where the ink might be a cross.
CLEAR = 0.85


def read_form(cut: CutForm, seen: Iterator[Seen], parameters: ReaderParameters) -> list[Reading]:
    """The readings of a page, one a field in the layout's order.

    seen : of every lattice of `cut`, in their order.
    """
    if cut.form is None:
        reason = None if cut.empty else Reason.NOT_REGISTERED
        return [Reading(cut.scan, cut.number, PAGE_FIELD, empty=cut.empty, reason=reason)]
    readings = [_read_field(cut, field, seen, parameters) for field in cut.fields]
    for index, field in enumerate(cut.fields):
        rule = field.field.model.check
        if rule is not None:
            readings[index] = apply_check_digit(readings[index], rule)
    sums = {field.field.name: field.field.model.sum_of for field in cut.fields if field.field.model.sum_of}
    if sums:
        readings = apply_sums(readings, sums)
    return [replace(each, alternatives=each.alternatives[: READINGS - 1]) for each in readings]


def _read_field(cut: CutForm, field: CutField, seen: Iterator[Seen], parameters: ReaderParameters) -> Reading:
    field, lines = _without_crosses(field, [next(seen) for _ in field.lattices], parameters)
    spec = field.field
    layout = cut.form.signature if cut.form is not None else ""
    blank = Reading(cut.scan, cut.number, spec.name, box=field.box, reason=field.reason, layout=layout)
    if field.reason is not None:
        return blank
    if all(lattice.size == 0 for lattice in field.lattices):
        return replace(blank, reason=Reason.NOT_FOUND) if spec.model.required else replace(blank, empty=True)
    if spec.boxes:
        candidates, digits = read_boxes(lines, parameters, WIDE)
    else:
        candidates, digits = read_line(lines[0], parameters, spec.lengths, OFF_LENGTH, WIDE)
    confidence = parameters.calibration.confidence(candidates, digits)
    if not candidates or not candidates[0].value:
        return replace(blank, reason=Reason.NOT_FOUND)
    reading = replace(
        blank,
        value=candidates[0].value,
        confidence=confidence,
        digit_confidences=digits,
        alternatives=alternatives(candidates, confidence),
    )
    return _formatted(reading, field, candidates)


def _without_crosses(
    field: CutField, lines: list[Seen], parameters: ReaderParameters
) -> tuple[CutField, list[Seen]]:
    """Boxes that look like a cross, and in which the network sees no clear digit, taken as crossed out."""
    for index, cross in enumerate(field.crosses):
        if cross is Cross.MAYBE:
            _, digits = read_boxes(lines[index : index + 1], parameters)
            if max(digits, default=0.0) < CLEAR:
                nothing = build_lattice(segment(np.zeros((1, 1), np.float32), np.zeros((1, 1), np.uint8)))
                lines[index] = Seen(nothing, lines[index].proba[:0])
    return replace(field, lattices=tuple(line.lattice for line in lines)), lines


def _formatted(reading: Reading, field: CutField, candidates: list[Candidate]) -> Reading:
    """With the reason why the value is not of the form that the layout says, if it is not."""
    spec = field.field
    lengths = spec.lengths
    bad = lengths is not None and len(reading.value) not in lengths
    if spec.model.pattern is not None and not re.fullmatch(spec.model.pattern, reading.value):
        bad = True
    if spec.boxes:
        filled = [lattice.size > 0 for lattice in field.lattices]
        first, last = filled.index(True), len(filled) - 1 - filled[::-1].index(True)
        bad = bad or not all(filled[first : last + 1])
    return replace(reading, reason=Reason.BAD_FORMAT) if bad else reading
