"""Pictures of layouts: a form with its proposed fields, a scan with the layout laid over it."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.document import Image
from pipeline.forms.form import Form
from pipeline.forms.lay import Fields
from pipeline.forms.layout import split
from pipeline.forms.perspective import Registration
from pipeline.forms.proposal import Proposal

WIDEST = 1600
RED, GREEN, BLUE, ORANGE = (60, 60, 220), (70, 160, 40), (210, 110, 30), (0, 140, 240)
VIOLET = (170, 50, 130)
KINDS = {"comb": GREEN, "box": BLUE, "line": ORANGE, "cells": VIOLET}

Points = NDArray[np.float64]
# Text, its place (left, top, width, height) in the picture, colour.
Label = tuple[str, tuple[float, float, float, float], tuple[int, int, int]]


def draw_proposals(image: Image, fields: Sequence[Proposal]) -> Image:
    """The form, paled, with every proposed field outlined and numbered: (h, w, 3) uint8 BGR."""
    canvas, scale = _pale(image)
    labels: list[Label] = []
    for number, field in enumerate(fields, start=1):
        colour = KINDS[field.kind]
        x, y, w, h = field.place
        rows, columns = max(field.rows, 1), max(field.columns, 1)
        for row in range(rows):
            for left, _, right, _ in split((x, y, w, h), columns):
                place = (left, y + row * h / rows, right - left, h / rows)
                for cell in split(place, field.boxes or 1, field.gap):
                    _path(canvas, _corners(cell) * scale, colour)
        labels.append((_title(number, field), (x * scale, y * scale, w * scale, h * scale), colour))
    _label(canvas, labels)
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
    labels: list[Label] = []
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
            low, high = (np.vstack(outlines).min(axis=0) * scale, np.vstack(outlines).max(axis=0) * scale)
            place = (float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1]))
            labels.append((f"{number} {field.name}", place, colour))
    _label(canvas, labels)
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


def _label(canvas: Image, labels: Sequence[Label]) -> None:
    """Text on a ground of its colour at every place: on its upper left corner, or where no other text is."""
    taken: list[tuple[int, int, int, int]] = []
    for text, (left, top, wide, tall), colour in labels:
        (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.4, 1)
        width, height = width + 3, height + 4
        corners = [
            (left, top - height),
            (left, top),
            (left, top + tall - height),
            (left + wide - width, top - height),
            (left - width, top),
            (left, top + tall),
        ]
        spots = [_kept_on(canvas, corner, width, height) for corner in corners]
        free = [spot for spot in spots if not any(_overlap(spot, other) for other in taken)]
        x, y, right, bottom = (free or spots)[0]
        taken.append((x, y, right, bottom))
        cv2.rectangle(canvas, (x, y), (right, bottom), colour, cv2.FILLED)
        at = (x + 2, bottom - 2)
        cv2.putText(canvas, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.4, (255, 255, 255), 1, cv2.LINE_AA)


def _kept_on(
    canvas: Image, corner: tuple[float, float], width: int, height: int
) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of a text with its upper left corner there, or as near as may be."""
    x = int(min(max(corner[0], 0), max(canvas.shape[1] - width, 0)))
    y = int(min(max(corner[1], 0), max(canvas.shape[0] - height, 0)))
    return x, y, x + width, y + height


def _overlap(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
