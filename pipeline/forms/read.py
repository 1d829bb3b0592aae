"""Read a form page that was taken apart: digits to values, checked against what the layout says."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from pipeline.belief import LEAST
from pipeline.document import Reading, Reason
from pipeline.forms.checks import apply_check_digit, apply_sums
from pipeline.forms.crossed import Crossing, crossing_of
from pipeline.forms.cut import CutField, CutForm
from pipeline.forms.form import PAGE_FIELD
from pipeline.forms.ways import LEAST_SURE, Way, weigh_ways
from pipeline.parameters import ReaderParameters
from pipeline.strings.classify import Seen
from pipeline.strings.decode import Candidate
from pipeline.strings.lattice import Lattice, build_lattice
from pipeline.strings.segment import segment_box
from pipeline.strings.values import READINGS, alternatives, read_boxes, read_line

# A value of a length that the layout does not allow: that unlikely before the writing is seen.
OFF_LENGTH = 0.05
# Candidates of a field that its check digit and its sums may choose from.
WIDE = 40
# A field with nothing but crosses is empty if the least sure of them is as sure as this.
LEAST_VOID = 0.98


@dataclass(frozen=True, eq=False)
class _Written:
    """A field with what counts in it: boxes that were crossed out are empty in `lines`."""

    field: CutField
    lines: list[Seen]
    crossings: tuple[Crossing, ...]

    @property
    def struck(self) -> bool:
        """Whether a person has to say what a box holds."""
        return any(crossing.is_struck for crossing in self.crossings)

    @property
    def surely_void(self) -> float:
        """How sure it is that the boxes left out are void: as the least sure of them, for they are alike."""
        return min((crossing.void for crossing in self.crossings if crossing.is_void), default=1.0)

    @property
    def counting(self) -> list[Crossing]:
        """What is thought of each box that is read."""
        each = zip(self.crossings, self.lines, strict=True)
        return [crossing for crossing, line in each if line.lattice.size]


def read_form(cut: CutForm, seen: Iterator[Seen], parameters: ReaderParameters) -> list[Reading]:
    """The readings of a page, one a field in the layout's order.

    seen : of every lattice of `cut`, in their order.
    """
    if cut.form is None:
        reason = None if cut.empty else Reason.NOT_REGISTERED
        return [Reading(cut.scan, cut.number, PAGE_FIELD, empty=cut.empty, reason=reason)]
    cut, lines, sure = _the_right_way(cut, seen)
    uncrossed = [_without_crossed(*each) for each in zip(cut.fields, lines, strict=True)]
    readings = [_doubted(_read_field(cut, each, parameters), sure) for each in uncrossed]
    for index, field in enumerate(cut.fields):
        rule = field.field.model.check
        if rule is not None:
            readings[index] = apply_check_digit(readings[index], rule)
    sums = [(field.field.name, parts) for field in cut.fields for parts in field.field.sums]
    if sums:
        readings = apply_sums(readings, sums)
    # No sum tells a box that was crossed out from a digit 0.
    readings = [
        _doubted(reading, each.surely_void) for reading, each in zip(readings, uncrossed, strict=True)
    ]
    readings = [
        _mistrusted(reading) if field.guided else reading
        for reading, field in zip(readings, cut.fields, strict=True)
    ]
    return [replace(each, alternatives=each.alternatives[: READINGS - 1]) for each in readings]


def _mistrusted(reading: Reading) -> Reading:
    """The reading of boxes with guide marks as dark as the pen: not even that they are empty is sure."""
    return replace(reading, empty=False, reason=Reason.GUIDE_MARKS)


def _the_right_way(cut: CutForm, seen: Iterator[Seen]) -> tuple[CutForm, list[list[Seen]], float]:
    """The page the way it lies, with what is seen of each field, and how sure that way is.

    A page that lies mirrored, or of which it is not sure how it lies, says `not-registered`.
    """
    laid = dict(zip(Way, (cut.fields, *cut.others), strict=False))
    ways = {way: [[next(seen) for _ in field.lattices] for field in fields] for way, fields in laid.items()}
    if not cut.others:
        return cut, ways[Way.UPRIGHT], 1.0
    shares = weigh_ways({way: _with_digits(ways[way]) for way in laid})
    best = max(shares, key=lambda way: shares[way])
    if best in (Way.MIRRORED, Way.MIRRORED_TURNED) or shares[best] < LEAST_SURE:
        unread = tuple(CutField(each.field, reason=Reason.NOT_REGISTERED) for each in cut.fields)
        return replace(cut, fields=unread), [[] for _ in unread], 1.0
    if best is Way.TURNED:
        cut = replace(cut, fields=cut.others[0])
    return cut, ways[best], shares[best]


def _with_digits(seen: Sequence[Sequence[Seen]]) -> list[Seen]:
    """What is seen of all boxes but those with a plain cross or dash, which looks the same every way."""
    return [line for lines in seen for line in lines if not crossing_of(line.contents).is_void]


def _without_crossed(field: CutField, lines: Sequence[Seen]) -> _Written:
    """A field without what is in its boxes that were more probably crossed out than not."""
    crossings = tuple(crossing_of(line.contents) for line in lines)
    kept = [_emptied(line) if each.emptied else line for line, each in zip(lines, crossings, strict=True)]
    return _Written(field, kept, crossings)


def _emptied(line: Seen) -> Seen:
    return Seen(_nothing(), line.proba[:0])


@cache
def _nothing() -> Lattice:
    return build_lattice(segment_box(np.zeros((1, 1), np.float32), np.zeros((1, 1), np.uint8)))


def _read_field(cut: CutForm, written: _Written, parameters: ReaderParameters) -> Reading:
    """The reading of a field from which what was crossed out is gone."""
    field, lines = written.field, written.lines
    spec = field.field
    layout = cut.form.signature if cut.form is not None else ""
    blank = Reading(cut.scan, cut.number, spec.name, box=field.box, reason=field.reason, layout=layout)
    if field.reason is not None:
        return blank
    if all(line.lattice.size == 0 for line in lines):
        if written.struck or written.surely_void < LEAST_VOID:
            return replace(blank, reason=Reason.CROSSED_OUT)
        return replace(blank, reason=Reason.NOT_FOUND) if spec.model.required else replace(blank, empty=True)
    if spec.boxes:
        candidates, digits = read_boxes(lines, parameters, WIDE)
    else:
        candidates, digits = read_line(lines[0], parameters, spec.lengths, OFF_LENGTH, WIDE)
    if not candidates or not candidates[0].value:
        return replace(blank, reason=Reason.NOT_FOUND)
    trust = parameters.boxes if spec.boxes else parameters.lines
    confidence = trust.calibration.confidence(candidates, digits)
    reading = replace(
        blank,
        value=candidates[0].value,
        confidence=confidence,
        alternatives=alternatives(candidates, confidence),
    )
    if spec.boxes:
        reading = _without_each(reading, written.counting)
    if written.struck:
        return replace(reading, reason=Reason.CROSSED_OUT)
    return _formatted(reading, written, candidates)


def _doubted(reading: Reading, sure: float) -> Reading:
    """The reading and its alternatives, all of which take for granted what is only so sure."""
    others = tuple((value, share * sure) for value, share in reading.alternatives)
    return replace(reading, confidence=reading.confidence * sure, alternatives=others)


def _without_each(reading: Reading, counting: Sequence[Crossing]) -> Reading:
    """The reading, which takes each box for a digit; among its alternatives, that one of them is none.

    counting : what is thought of the box of each digit of the value.
    """
    doubted = _doubted(reading, math.prod(box.digit for box in counting))
    others = dict(doubted.alternatives)
    for place, box in enumerate(counting):
        less = reading.value[:place] + reading.value[place + 1 :]
        share = doubted.confidence * box.void / box.digit
        if less and share >= LEAST:
            others[less] = min(others.get(less, 0.0) + share, doubted.confidence)
    ordered = sorted(others.items(), key=lambda other: (-other[1], other[0]))
    return replace(doubted, alternatives=tuple(ordered))


def _formatted(reading: Reading, written: _Written, candidates: list[Candidate]) -> Reading:
    """With the reason why the value is not of the form that the layout says, if it is not."""
    spec = written.field.field
    lengths = spec.lengths
    bad = lengths is not None and len(reading.value) not in lengths
    if spec.model.pattern is not None and not re.fullmatch(spec.model.pattern, reading.value):
        bad = True
    if spec.boxes:
        filled = [line.lattice.size > 0 for line in written.lines]
        first, last = filled.index(True), len(filled) - 1 - filled[::-1].index(True)
        bad = bad or not all(filled[first : last + 1])
    return replace(reading, reason=Reason.BAD_FORMAT) if bad else reading
