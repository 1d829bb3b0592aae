"""Find out whether a page shows a form, how it lies there, and where its fields are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from pipeline.document import Image
from pipeline.forms.features import register_print
from pipeline.forms.form import Cells, Form, FormField
from pipeline.forms.lift import CELL_HEIGHT, FRAME_HEIGHT, Patch, lift
from pipeline.forms.line_map import line_map, sampled
from pipeline.forms.marks import find_marks, register_marks
from pipeline.forms.parts import least_printed, sheet_inside
from pipeline.forms.perspective import Registration
from pipeline.forms.register import register
from pipeline.forms.rules import Rules, find_rules, landmarks
from pipeline.forms.search import search
from pipeline.paper import ink

# The lines that a page has where the form lies, which the layout must know, or it is another form.
LEAST_COVER = 0.6
# By how much fit and cover together must exceed the least fit: a page of the same house has much in common.
LEAST_TOGETHER = 0.8
# Of a form's lines, its fields, its sheet so much must lie on the page, and of the print in each of its parts
# so much must be there, or it was cut in two.
LEAST_INSIDE, LEAST_PART = 0.75, 0.25
# By how much a page may be longer, or wider, than a form all of whose fields are searched for.
UNLIKE = 1.5
# Fit and cover together from which a page cannot be mirrored; by how much a mirrored form must fit better.
UNDOUBTED, MIRROR_MARGIN = 1.9, 0.03
# Share of a field's frame that must be drawn for a comb or a box to be read.
LEAST_FRAMED = 0.5

Fields = list[tuple[FormField, Patch | None]]


@dataclass(frozen=True, eq=False)
class Sheet:
    """A page as forms are laid over it: as decoded, in grey, its lines, the landmarks among them."""

    image: Image
    grey: Image
    rules: Rules
    strong: Rules

    @classmethod
    def of(cls, image: Image) -> Sheet:
        """Find the lines of a page, (H, W) uint8 or (H, W, 3) BGR."""
        grey = ink.to_grey(image)
        rules = find_rules(grey)
        return cls(image, grey, rules, landmarks(rules, grey))


def lay(form: Form, sheet: Sheet) -> Registration | None:
    """The form laid over a page; None where all its fields are searched for, on a page of its proportions.

    By its marks where the layout names some; else by its lines, or by the print of the reference where there
    are few or they do not fit. Tables look much the same in a mirror: where the mirrored form fits better,
    the page is taken for one that was scanned through its back, and the registration has fit 0.
    """
    if not form.anchored:
        return None if _of_its_proportions(form, sheet) else Registration(np.eye(3), 0.0, 1.0, 0.0)
    found = _laid(form, sheet)
    shape = sheet.grey.shape
    placed = [field for field in form.form_fields if field.search is None]
    there = sum(_on_page(field, found, shape) for field in placed) / len(placed)
    found = replace(found, inside=min(found.inside, there, sheet_inside(found, form.extent, shape)))
    if found.fit < form.least_fit or form.lineless:
        return found
    return replace(found, part=min(found.part, least_printed(found, form.rules, form.extent, sheet.grey)))


def _of_its_proportions(form: Form, sheet: Sheet) -> bool:
    """Whether the page may be the whole form by its shape; half a page is twice as wide or long."""
    height, width = sheet.grey.shape
    unlike = float(width / height * form.extent[1] / form.extent[0])
    return 1.0 / UNLIKE <= unlike <= UNLIKE


def _laid(form: Form, sheet: Sheet) -> Registration:
    rules, strong, shape = sheet.rules, sheet.strong, sheet.grey.shape
    if len(form.marks):
        frames = sampled(form.frames, max(form.extent))
        return register_marks(form.marks, form.extent, frames, find_marks(sheet.grey), line_map(rules, shape))
    found = register(form.rules, form.extent, rules, strong, shape)
    if form.reference is not None and (form.lineless or not fits(form, found)):
        return _laid_by_print(form, form.reference, sheet)
    if form.least_fit <= found.fit and found.fit + found.cover < UNDOUBTED:
        mirrored = register(form.rules.mirrored(form.extent[0]), form.extent, rules, strong, shape)
        if mirrored.fit + mirrored.cover > found.fit + found.cover + MIRROR_MARGIN:
            return replace(found, fit=0.0)
    return found


def _laid_by_print(form: Form, reference: Image, sheet: Sheet) -> Registration:
    fields = np.vstack([np.zeros((0, 4)), *(field.cells for field in form.form_fields)])
    return register_print(ink.to_grey(reference), form.extent, fields, sheet.grey)


def fits(form: Form, registration: Registration | None) -> bool:
    """Whether the form lies on the page so well that it is this form (or needs no place)."""
    if registration is None:
        return True
    whole = registration.inside >= LEAST_INSIDE and registration.part >= LEAST_PART
    alike = registration.fit + registration.cover >= form.least_fit + LEAST_TOGETHER
    return registration.fit >= form.least_fit and registration.cover >= LEAST_COVER and whole and alike


def lift_fields(sheet: Sheet, form: Form, registration: Registration | None) -> Fields:
    """Every field with its patch; None where a field's frame is not where it belongs, or not found."""
    lifted: Fields = []
    for field in form.form_fields:
        patch: Patch | None = None
        if field.search is not None:
            patch = _searched(sheet, form, field, registration)
        elif registration is not None and _on_page(field, registration, sheet.grey.shape):
            patch = _placed(sheet, field, registration)
        lifted.append((field, patch))
    return lifted


def _placed(sheet: Sheet, field: FormField, registration: Registration) -> Patch | None:
    """The patch of a field where the registration puts it; None where its frame is not there."""
    height = CELL_HEIGHT if field.boxes else FRAME_HEIGHT

    def at(cells: Cells, framed: bool) -> Patch:
        ticks = field.boxes > 1
        return lift(
            sheet.image, registration.matrix, cells, height, field.dropout, framed=framed, ticks=ticks
        )

    patch = at(field.cells, field.kind != "line")
    if field.dropout is not None or patch.framed >= LEAST_FRAMED:
        return None if _lies_farther_on(field, patch, at) else patch
    if field.framed:
        return None
    return patch if field.kind == "line" else at(field.cells, False)


def _lies_farther_on(field: FormField, patch: Patch, at: Callable[[Cells, bool], Patch]) -> bool:
    """Whether a comb lies some boxes farther on: it would be read without its first or last digits."""
    if field.boxes < 2 or not field.framed or field.dropout is not None:
        return False
    step = (field.cells[-1] - field.cells[0]) / (field.boxes - 1)
    return any(
        not _ends(patch)[missing] and at(field.cells + beyond, True).framed > patch.framed
        for missing, beyond in ((0, step), (-1, -step))
    )


def _ends(patch: Patch) -> tuple[bool, bool]:
    """Whether the wall at the left end of a comb is drawn, and the one at its right end."""
    walls, wide = patch.walls[0], float(np.median(patch.cells[:, 2] - patch.cells[:, 0]))
    left, right = float(patch.cells[:, 0].min()), float(patch.cells[:, 2].max())
    drawn = [bool(np.any(np.abs(walls - edge) < 0.1 * wide)) for edge in (left, right)]
    return drawn[0], drawn[1]


def _searched(sheet: Sheet, form: Form, field: FormField, registration: Registration | None) -> Patch | None:
    left, top, right, bottom = field.search or (0.0, 0.0, np.inf, np.inf)
    height, width = sheet.grey.shape
    if np.isfinite(right):
        corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
        if registration is not None:
            corners = registration.to_page(corners)
        else:  # the region, as a share of the page
            corners = corners * [width / form.extent[0], height / form.extent[1]]
        (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    found = search(
        sheet.image,
        sheet.rules,
        (left, top, min(right, width), min(bottom, height)),
        field.boxes,
        field.dropout,
    )
    return found.patch if found else None


def _on_page(field: FormField, registration: Registration, shape: tuple[int, ...]) -> bool:
    """Whether every box of the field lies on the page."""
    corners = registration.to_page(np.vstack([field.cells[:, :2], field.cells[:, 2:]]))
    slack = 0.004 * max(shape)
    return bool(corners.min() >= -slack and np.all(corners <= np.array([shape[1], shape[0]]) + slack))
