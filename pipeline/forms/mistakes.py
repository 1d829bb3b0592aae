"""What is wrong with a form layout that no single key of its file shows."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pipeline.document import LayoutError
from pipeline.forms.form import Form, FormField
from pipeline.forms.schema import FEWEST_LINES

# Width over height of `page` against that of the reference, at most.
UNLIKE = 1.04


def find_mistakes(path: Path, form: Form) -> None:
    """Names twice, sums of unknown fields, places off the page, nothing to be found by: LayoutError."""
    _check_names(path, form)
    for field in form.form_fields:
        _check_place(path, form, field)
    _check_proportions(path, form)
    _check_anchors(path, form)


def _check_names(path: Path, form: Form) -> None:
    names = form.fields
    for name in names:
        if names.count(name) > 1:
            raise LayoutError(f"{path}: field {name}: is there twice; give each field a name of its own")
    for field in form.form_fields:
        for other in (part for parts in field.sums for part in parts):
            if other not in names or other == field.name:
                raise LayoutError(
                    f"{path}: field {field.name}.sum_of: there is no field {other}; name other fields"
                )


def _check_place(path: Path, form: Form, field: FormField) -> None:
    if not len(field.cells):
        return
    if field.cells.min() < -0.01 * max(form.extent) or np.any(
        field.cells[:, 2:].max(axis=0) > np.multiply(form.extent, 1.01)
    ):
        raise LayoutError(
            f"{path}: field {field.name}.at: is off the page of {form.extent[0]:g} x {form.extent[1]:g};"
            " give [x, y, width, height] in the units of `page`"
        )
    if np.any(field.cells[:, 2] <= field.cells[:, 0]):
        raise LayoutError(f"{path}: field {field.name}.gap: leaves no room for the boxes; make it smaller")


def _check_proportions(path: Path, form: Form) -> None:
    if form.reference is None:
        return
    tall, wide = form.reference.shape[:2]
    if not 1.0 / UNLIKE <= (form.extent[0] / form.extent[1]) / (wide / tall) <= UNLIKE:
        raise LayoutError(
            f"{path}: page: {form.extent[0]:g} x {form.extent[1]:g} has other proportions than the"
            f" reference of {wide} x {tall} pixels; give a picture of the whole form, or leave `page` out"
        )


def _check_anchors(path: Path, form: Form) -> None:
    if len(form.marks) and not len(form.frames.across):
        raise LayoutError(
            f"{path}: register.marks: look the same upside down; add a comb or a box, whose frame tells,"
            " or give register.reference instead"
        )
    if form.anchored and form.lineless and form.reference is None and not len(form.marks):
        raise LayoutError(
            f"{path}: register: fields with `at` need something to be found by; give a picture of the form as"
            f" register.reference, at least {FEWEST_LINES} register.rules, or four register.marks"
        )
