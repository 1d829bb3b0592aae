"""Read a form page that was taken apart: digits to values, checked against what the layout says."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import repeat

import numpy as np

from pipeline.document import Reading, Reason
from pipeline.forms.checks import apply_check_digit, apply_sums
from pipeline.forms.crossed import Crossing, with_digit, with_line
from pipeline.forms.cut import CutField, CutForm
from pipeline.forms.form import PAGE_FIELD
from pipeline.forms.ways import LEAST_SURE, Way, weigh_ways
from pipeline.parameters import ReaderParameters
from pipeline.strings import ctc
from pipeline.strings.classify import Seen
from pipeline.strings.decode import Candidate
from pipeline.strings.lattice import build_lattice
from pipeline.strings.segment import segment_box
from pipeline.strings.values import READINGS, alternatives, propose, read_boxes, read_line, score

# A value of a length that the layout does not allow: that unlikely before the writing is seen.
OFF_LENGTH = 0.05
# Candidates of a field that its check digit and its sums may choose from.
WIDE = 40


def read_form(cut: CutForm, seen: Iterator[Seen], parameters: ReaderParameters) -> list[Reading]:
    """The readings of a page, one a field in the layout's order.

    seen : of every lattice of `cut`, in their order.
    """
    if cut.form is None:
        reason = None if cut.empty else Reason.NOT_REGISTERED
        return [Reading(cut.scan, cut.number, PAGE_FIELD, empty=cut.empty, reason=reason)]
    cut, lines, sure = _the_right_way(cut, seen)
    uncrossed = [_without_crossed(*each, parameters) for each in zip(cut.fields, lines, strict=True)]
    readings = [_doubted(_read_field(cut, *each, parameters), sure) for each in uncrossed]
    for index, field in enumerate(cut.fields):
        rule = field.field.model.check
        if rule is not None:
            readings[index] = apply_check_digit(readings[index], rule)
    sums = [(field.field.name, parts) for field in cut.fields for parts in field.field.sums]
    if sums:
        readings = apply_sums(readings, sums)
    # No sum tells a box that was crossed out from a digit 0.
    readings = [
        _doubted(reading, min((each.sure_void for each in field.crossings), default=1.0))
        for reading, (field, _) in zip(readings, uncrossed, strict=True)
    ]
    return [replace(each, alternatives=each.alternatives[: READINGS - 1]) for each in readings]


def _the_right_way(cut: CutForm, seen: Iterator[Seen]) -> tuple[CutForm, list[list[Seen]], float]:
    """The page the way it lies, with what is seen of each field, and how sure that way is.

    A page that lies mirrored, or of which it is not sure how it lies, says `not-registered`.
    """
    laid = dict(zip(Way, (cut.fields, *cut.others), strict=False))
    ways = {way: [[next(seen) for _ in field.lattices] for field in fields] for way, fields in laid.items()}
    if not cut.others:
        return cut, ways[Way.UPRIGHT], 1.0
    shares = weigh_ways({way: _with_digits(fields, ways[way]) for way, fields in laid.items()})
    best = max(shares, key=lambda way: shares[way])
    if best in (Way.MIRRORED, Way.MIRRORED_TURNED) or shares[best] < LEAST_SURE:
        unread = tuple(CutField(each.field, reason=Reason.NOT_REGISTERED) for each in cut.fields)
        return replace(cut, fields=unread), [[] for _ in unread], 1.0
    if best is Way.TURNED:
        cut = replace(cut, fields=cut.others[0])
    return cut, ways[best], shares[best]


def _with_digits(fields: Sequence[CutField], seen: Sequence[Sequence[Seen]]) -> list[Seen]:
    """What is seen of all boxes but those with a plain cross or dash, which looks the same every way."""
    return [
        line
        for field, lines in zip(fields, seen, strict=True)
        for line, crossing in zip(lines, field.crossings or repeat(Crossing()), strict=False)
        if not crossing.void
    ]


def _read_field(cut: CutForm, field: CutField, lines: list[Seen], parameters: ReaderParameters) -> Reading:
    """The reading of a field from which what was crossed out is gone."""
    told = any(crossing.told for crossing in field.crossings)
    spec = field.field
    layout = cut.form.signature if cut.form is not None else ""
    blank = Reading(cut.scan, cut.number, spec.name, box=field.box, reason=field.reason, layout=layout)
    if field.reason is not None:
        return blank
    if all(lattice.size == 0 for lattice in field.lattices):
        if told:
            return replace(blank, reason=Reason.CROSSED_OUT)
        return replace(blank, reason=Reason.NOT_FOUND) if spec.model.required else replace(blank, empty=True)
    if spec.boxes:
        candidates, digits = read_boxes(lines, parameters, WIDE)
    else:
        candidates, digits = read_line(lines[0], parameters, spec.lengths, OFF_LENGTH, WIDE)
    trust = parameters.boxes if spec.boxes else parameters.lines
    confidence = trust.calibration.confidence(candidates, digits)
    sure = [each.sure for each in field.crossings]
    if spec.boxes:
        written = [each for each, line in zip(sure, lines, strict=True) if line.lattice.size]
        digits = tuple(digit * each for digit, each in zip(digits, written, strict=True))
    if not candidates or not candidates[0].value:
        return replace(blank, reason=Reason.NOT_FOUND)
    reading = replace(
        blank,
        value=candidates[0].value,
        confidence=confidence,
        digit_confidences=digits,
        alternatives=alternatives(candidates, confidence),
    )
    reading = _doubted(reading, math.prod(sure))
    return replace(reading, reason=Reason.CROSSED_OUT) if told else _formatted(reading, field, candidates)


def _doubted(reading: Reading, sure: float) -> Reading:
    """The reading and its alternatives, all of which take for granted what is only so sure."""
    others = tuple((value, share * sure) for value, share in reading.alternatives)
    return replace(reading, confidence=reading.confidence * sure, alternatives=others)


def _without_crossed(
    field: CutField, lines: list[Seen], parameters: ReaderParameters
) -> tuple[CutField, list[Seen]]:
    """A comb without what is in the boxes that were more probably crossed out than not."""
    crossings, kept = [], list(lines)
    for index, by_shape in enumerate(field.crossings):
        crossing = as_read(by_shape, lines[index], parameters)
        if crossing.emptied:
            nothing = build_lattice(segment_box(np.zeros((1, 1), np.float32), np.zeros((1, 1), np.uint8)))
            kept[index] = Seen(nothing, lines[index].proba[:0])
        crossings.append(crossing)
    return replace(field, lattices=tuple(line.lattice for line in kept), crossings=tuple(crossings)), kept


def as_read(by_shape: Crossing, line: Seen, parameters: ReaderParameters) -> Crossing:
    """A box's crossing with what the networks say of the digit in it."""
    if by_shape.void:
        if line.frames is None:
            return by_shape
        return with_line(by_shape, float(ctc.score_values(line.frames, ctc.DIGITS).max()))
    read = propose(score(line, parameters.weights), parameters.boxes.pair, (1,), 0.0, 1)
    return with_digit(by_shape, read[0] if read else None)


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
