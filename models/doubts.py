"""Fields whose reader is sure of another value than the one that was given: people err, once in a hundred."""

from __future__ import annotations

from dataclasses import dataclass

from models.learn_reader import View
from pipeline.parameters import ReaderParameters
from pipeline.strings.values import read_boxes, read_line

SURE = 0.9  # confidence from which a reading speaks against the value


@dataclass(frozen=True)
class Doubt:
    """A field by its name, the value that was given, the one that is read, and how sure that is, 0..1."""

    field: str
    value: str
    read: str
    confidence: float


def find_doubts(view: View, parameters: ReaderParameters) -> list[Doubt]:
    """The fields whose value is contradicted.

    view : by networks that did not learn from the fields: one that has repeats what it was told.
    """
    found = []
    for field, seen in zip(view.fields, view.seen, strict=True):
        if field.cut.boxed:
            trust, (candidates, digits) = parameters.boxes, read_boxes(seen, parameters)
        else:
            trust, (candidates, digits) = parameters.lines, read_line(seen[0], parameters, None, 0.0)
        confidence = trust.calibration.confidence(candidates, digits)
        if confidence >= SURE and candidates[0].value != field.value:
            found.append(Doubt(field.name, field.value, candidates[0].value, round(confidence, 4)))
    return found
