"""Read forms: lay the layout over the page, lift every field out of its frame, decode each as what it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline import ink
from pipeline.decode import Candidate
from pipeline.document import Box, Image, Page, Reading, Reason
from pipeline.forms.checks import apply_check_digit, apply_sums
from pipeline.forms.crossed import Cross, crossed
from pipeline.forms.features import register_print
from pipeline.forms.layout import PAGE_FIELD, Form, FormField
from pipeline.forms.lift import CELL_HEIGHT, FRAME_HEIGHT, Patch, lift
from pipeline.forms.register import Registration, register
from pipeline.forms.rules import Rules, find_rules, landmarks
from pipeline.forms.search import search
from pipeline.forms.unframe import share_out, writing
from pipeline.ink import Darkness, Mask
from pipeline.lattice import Lattice, build_lattice
from pipeline.parameters import ReaderParameters
from pipeline.segment import segment
from pipeline.values import READINGS, alternatives, read_boxes, read_line

# The lines that a page has where the form lies, which the layout must know, or it is another form.
LEAST_COVER = 0.6
# Fit and cover together from which a page cannot be mirrored; by how much a mirrored form must fit better.
UNDOUBTED, MIRROR_MARGIN = 1.9, 0.03
# Share of a field's frame that must be drawn for a comb or a box to be read.
LEAST_FRAMED = 0.5
# A value of a length that the layout does not allow: that unlikely before the writing is seen.
OFF_LENGTH = 0.05
# A field whose ink is fainter than this against the darkest writing of the page holds guide marks.
GUIDES = 0.42
# Size of a dot and of the white around it, in heights of the frame: it is no part of a digit.
DOT, ALONE = 0.1, 0.2
# Candidates of a field that its check digit and its sums may choose from.
WIDE = 40
# A digit at least so probable is one, even where the ink might be a cross.
CLEAR = 0.85


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


@dataclass(frozen=True, eq=False)
class CutField:
    """A field cut into lattices: one for a number in a frame or on a line, one a box for a comb.

    crosses : for every box of a comb whether it was crossed out. reason : why it cannot be read, else None.
    """

    field: FormField
    lattices: tuple[Lattice, ...] = ()
    crosses: tuple[Cross, ...] = ()
    box: Box | None = None
    reason: Reason | None = None


@dataclass(frozen=True, eq=False)
class CutForm:
    """A page of which only what will be classified is kept; `form` is None where no layout fits."""

    scan: str
    number: int
    form: Form | None
    fields: tuple[CutField, ...]
    empty: bool = False


@dataclass(frozen=True, eq=False)
class _Lifted:
    """A field's patch with its ink; pen : how dark its writing is."""

    field: FormField
    patch: Patch
    mask: Mask
    pen: float


def cut_form(page: Page, forms: tuple[Form, ...]) -> CutForm:
    """Lay the layout that fits best over the page and cut its fields into lattices."""
    here = [form for form in forms if form.page_number in (None, page.number)]
    if not here:
        return CutForm(page.scan, page.number, None, (), empty=True)
    sheet = Sheet.of(page.image)
    best: tuple[float, Form, Fields] | None = None
    for form in here:
        registration = lay(form, sheet)
        if fits(form, registration):
            fields = lift_fields(sheet, form, registration)
            rank = _rank(registration, fields)
            if rank > (best[0] if best else 0.0):
                best = (rank, form, fields)
    if best is None:
        form = here[0]
        unread = tuple(CutField(each, reason=Reason.NOT_REGISTERED) for each in form.form_fields)
        alone = len(forms) == 1
        return CutForm(page.scan, page.number, form if alone else None, unread if alone else ())
    _, form, fields = best
    return CutForm(page.scan, page.number, form, _cut(form, fields))


def _rank(registration: Registration | None, fields: Fields) -> float:
    """How much speaks for a form that fits: its lines, or else the share of its fields; 0 if none is."""
    there = sum(patch is not None for _, patch in fields) / len(fields)
    return registration.fit + registration.cover if registration is not None and there else there


def lay(form: Form, sheet: Sheet) -> Registration | None:
    """The form laid over a page; None where all its fields are searched for.

    By its lines, or by the print of the reference where there are few or they do not fit. Tables look much
    the same in a mirror: where the mirrored form fits better, the page is taken for one that was scanned
    through its back, and the registration has fit 0.
    """
    if not form.anchored:
        return None
    rules, strong, shape = sheet.rules, sheet.strong, sheet.grey.shape
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
    return registration.fit >= form.least_fit and registration.cover >= LEAST_COVER


def lift_fields(sheet: Sheet, form: Form, registration: Registration | None) -> Fields:
    """Every field with its patch; None where a field's frame is not where it belongs, or not found."""
    lifted: Fields = []
    for field in form.form_fields:
        patch: Patch | None = None
        if field.search is not None:
            patch = _searched(sheet, form, field, registration)
        elif registration is not None and _on_page(field, registration, sheet.grey.shape):
            height = CELL_HEIGHT if field.boxes else FRAME_HEIGHT
            patch = lift(
                sheet.image,
                registration.matrix,
                field.cells,
                height,
                field.dropout,
                framed=field.kind != "line",
            )
            if field.kind != "line" and patch.framed < LEAST_FRAMED and field.dropout is None:
                patch = None
        lifted.append((field, patch))
    return lifted


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


def _cut(form: Form, lifted: Fields) -> tuple[CutField, ...]:
    inked = [None if patch is None else _inked(field, patch) for field, patch in lifted]
    darkest = max((each.pen for each in inked if each), default=0.0)
    anything = any(each is not None for each in inked)
    out = []
    for (field, _), each in zip(lifted, inked, strict=True):
        if each is None:
            missing = Reason.NOT_FOUND if anything else Reason.NOT_REGISTERED
            out.append(CutField(field, reason=missing))
        else:
            out.append(_cut_field(each, darkest))
    return tuple(out)


def _inked(field: FormField, patch: Patch) -> _Lifted:
    mask, _ = writing(patch)
    inside = np.zeros_like(mask)
    for left, top, right, bottom in patch.cells.astype(int):
        inside[max(0, top) : bottom + 1, max(0, left) : right + 1] = 255
    values = patch.dark[(mask > 0) & (inside > 0)]
    return _Lifted(field, patch, mask, float(np.percentile(values, 75)) if values.size >= 12 else 0.0)


def _cut_field(lifted: _Lifted, darkest: float) -> CutField:
    field, patch = lifted.field, lifted.patch
    mask = lifted.mask if lifted.pen >= GUIDES * darkest else np.zeros_like(lifted.mask)
    if field.boxes:
        strips = share_out(patch, mask)
        crosses = tuple(crossed(own, patch.unit) for _, own in strips)
        lattices = tuple(
            # A single digit has too few strokes to tell slant from shape.
            build_lattice(segment(dark, np.zeros_like(own) if cross is Cross.YES else own, slant=0.0))
            for (dark, own), cross in zip(strips, crosses, strict=True)
        )
        return CutField(field, lattices, crosses, patch.box)
    dark, own = _number(patch, mask)
    return CutField(field, (build_lattice(segment(dark, own)),), (), patch.box)


def _number(patch: Patch, mask: Mask) -> tuple[Darkness, Mask]:
    """The ink of a frame or line that holds a number: components that are mostly inside, whole."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    left, top, right, bottom = patch.cells[0].astype(int)
    inside = np.bincount(labels[max(0, top) : bottom + 1, max(0, left) : right + 1].ravel(), minlength=count)
    own = inside >= 0.5 * stats[:, cv2.CC_STAT_AREA]
    own[0] = False
    reach = round(ALONE * patch.unit)
    for index in np.flatnonzero(own & (stats[:, 2:4].max(axis=1) < DOT * patch.unit)):
        x, y, w, h = stats[index, :4]
        around = labels[max(0, y - reach) : y + h + reach, max(0, x - reach) : x + w + reach]
        own[index] = bool(np.any(own[around] & (around != index)))
    return patch.dark, np.where(own[labels], np.uint8(255), np.uint8(0))


def read_form(
    cut: CutForm, probabilities: Iterator[NDArray[np.float32]], parameters: ReaderParameters
) -> list[Reading]:
    """The readings of a page, one a field in the layout's order.

    probabilities : of the runs of every lattice of `cut`, in their order.
    """
    if cut.form is None:
        reason = None if cut.empty else Reason.NOT_REGISTERED
        return [Reading(cut.scan, cut.number, PAGE_FIELD, empty=cut.empty, reason=reason)]
    readings = [_read_field(cut, field, probabilities, parameters) for field in cut.fields]
    for index, field in enumerate(cut.fields):
        rule = field.field.model.check
        if rule is not None:
            readings[index] = apply_check_digit(readings[index], rule)
    sums = {field.field.name: field.field.model.sum_of for field in cut.fields if field.field.model.sum_of}
    if sums:
        readings = apply_sums(readings, sums)
    return [replace(each, alternatives=each.alternatives[: READINGS - 1]) for each in readings]


def _read_field(
    cut: CutForm, field: CutField, probabilities: Iterator[NDArray[np.float32]], parameters: ReaderParameters
) -> Reading:
    proba = [next(probabilities) for _ in field.lattices]
    field, proba = _without_crosses(field, proba, parameters)
    spec = field.field
    blank = Reading(cut.scan, cut.number, spec.name, box=field.box, reason=field.reason)
    if field.reason is not None:
        return blank
    if all(lattice.size == 0 for lattice in field.lattices):
        return replace(blank, reason=Reason.NOT_FOUND) if spec.model.required else replace(blank, empty=True)
    if spec.boxes:
        candidates, digits = read_boxes(field.lattices, proba, parameters, WIDE)
    else:
        candidates, digits = read_line(
            field.lattices[0], proba[0], parameters, spec.lengths, OFF_LENGTH, WIDE
        )
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
    field: CutField, proba: list[NDArray[np.float32]], parameters: ReaderParameters
) -> tuple[CutField, list[NDArray[np.float32]]]:
    """Boxes that look like a cross, and in which the network sees no clear digit, taken as crossed out."""
    lattices = list(field.lattices)
    for index, cross in enumerate(field.crosses):
        if cross is Cross.MAYBE:
            _, digits = read_boxes(lattices[index : index + 1], proba[index : index + 1], parameters)
            if max(digits, default=0.0) < CLEAR:
                lattices[index] = build_lattice(
                    segment(np.zeros((1, 1), np.float32), np.zeros((1, 1), np.uint8))
                )
                proba[index] = proba[index][:0]
    return replace(field, lattices=tuple(lattices)), proba


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
