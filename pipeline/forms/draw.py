"""Pictures of layouts: a form with its proposed fields, a scan with the layout laid over it."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.document import Image
from pipeline.forms.lay import Fields
from pipeline.forms.layout import Form, split
from pipeline.forms.perspective import Registration
from pipeline.forms.proposal import Proposal

WIDEST = 1600
RED, GREEN, BLUE, ORANGE = (60, 60, 220), (70, 160, 40), (210, 110, 30), (0, 140, 240)
VIOLET = (170, 50, 130)
KINDS = {"comb": GREEN, "box": BLUE, "line": ORANGE, "cells": VIOLET}

Points = NDArray[np.float64]


def draw_proposals(image: Image, fields: Sequence[Proposal]) -> Image:
    """The form, paled, with every proposed field outlined and numbered: (h, w, 3) uint8 BGR."""
    canvas, scale = _pale(image)
    for number, field in enumerate(fields, start=1):
        colour = KINDS[field.kind]
        x, y, w, h = field.place
        rows, columns = max(field.rows, 1), max(field.columns, 1)
        for row in range(rows):
            for left, _, right, _ in split((x, y, w, h), columns):
                place = (left, y + row * h / rows, right - left, h / rows)
                for cell in split(place, field.boxes or 1, field.gap):
                    _path(canvas, _corners(cell) * scale, colour)
        _label(canvas, _title(number, field), (x * scale, y * scale), colour)
    return canvas


def _title(number: int, field: Proposal) -> str:
    """What stands beside a proposed field: its number, and what can be counted in it."""
    text = str(number)
    if field.kind == "cells":
        text += f" table {field.rows} x {field.columns}"
    return text + (f" of {field.boxes}" if field.boxes else "")


def draw_layout(image: Image, form: Form, registration: Registration | None, fields: Fields) -> Image:
    """The scan, paled, with the layout over it: its lines blue, its fields green, or red where no frame is.

    registration : None where every field is searched for; fields : as `lay.lift_fields` gives them.
    """
    canvas, scale = _pale(image)
    if registration is not None:
        for line in np.vstack([form.rules.across, form.rules.down]):
            _path(canvas, registration.to_page(line.reshape(2, 2)) * scale, BLUE, closed=False)
    for number, (field, patch) in enumerate(fields, start=1):
        colour = RED if patch is None else GREEN
        outlines: list[Points] = []
        if registration is not None and len(field.cells):
            outlines = [registration.to_page(_corners(cell)) for cell in field.cells]
        elif patch is not None:
            box = patch.box
            edges = np.array([box.x, box.y, box.x + box.width, box.y + box.height], np.float64)
            outlines = [_corners(edges)]
        for outline in outlines:
            _path(canvas, outline * scale, colour)
        if outlines:
            at = outlines[0][0] * scale
            _label(canvas, f"{number} {field.name}", (float(at[0]), float(at[1])), colour)
    return canvas


def _pale(image: Image) -> tuple[Image, float]:
    """The picture in light colours, no wider than WIDEST, and the scale it came to."""
    scale = min(1.0, WIDEST / max(image.shape[:2]))
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    if small.ndim == 2:
        small = cv2.cvtColor(small, cv2.COLOR_GRAY2BGR)
    return np.asarray(small // 2 + 127, np.uint8), scale


def _corners(cell: Points) -> Points:
    left, top, right, bottom = cell
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])


def _path(canvas: Image, points: Points, colour: tuple[int, int, int], *, closed: bool = True) -> None:
    whole = np.rint(np.clip(points, -1e4, 1e4) * 8).astype(np.int32)
    cv2.polylines(canvas, [whole.reshape(-1, 1, 2)], closed, colour, 2, cv2.LINE_AA, 3)


def _label(canvas: Image, text: str, at: tuple[float, float], colour: tuple[int, int, int]) -> None:
    """Text on a ground of its colour on the upper left corner of a place."""
    (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.4, 1)
    x = int(min(max(at[0], 0), max(canvas.shape[1] - width - 2, 0)))
    y = int(max(at[1] + 2, height + 2))
    cv2.rectangle(canvas, (x, y - height - 2), (x + width + 3, y + 2), colour, cv2.FILLED)
    cv2.putText(canvas, text, (x + 2, y), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (255, 255, 255), 1, cv2.LINE_AA)
