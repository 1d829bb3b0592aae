"""Take a form page apart: the layout that fits best, the ink of every field, the lattices to classify."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.document import Box, Page, Reason
from pipeline.forms.box_ink import BoxInk, cut_box
from pipeline.forms.form import Form, FormField
from pipeline.forms.guides import find_guided
from pipeline.forms.lay import Fields, Sheet, fits, lay, lift_fields
from pipeline.forms.lift import Patch
from pipeline.forms.perspective import Registration
from pipeline.forms.share import hanging, share_out
from pipeline.forms.unframe import writing
from pipeline.forms.ways import Way, seen_from
from pipeline.paper.ink import Mask
from pipeline.strings.lattice import Lattice, build_lattice
from pipeline.strings.segment import segment

# A field whose ink is fainter than this against the darkest writing of the page holds guide marks.
GUIDES = 0.42
# Size of a dot and of the white around it, in heights of the frame: it is no part of a digit.
DOT, ALONE = 0.1, 0.2


@dataclass(frozen=True, eq=False)
class CutField:
    """A field cut into lattices: one for a number in a frame or on a line, one a box for a comb.

    reason : why it cannot be read, else None. guided : whether its boxes hold guide marks as dark as the pen.
    """

    field: FormField
    lattices: tuple[Lattice, ...] = ()
    box: Box | None = None
    reason: Reason | None = None
    guided: bool = False


@dataclass(frozen=True, eq=False)
class CutForm:
    """A page of which only what will be classified is kept; `form` is None where no layout fits.

    others : where nothing but the frames of combs told how the page lies, its fields as they are if it lies
        another way; in the order of `Way`, without the first.
    """

    scan: str
    number: int
    form: Form | None
    fields: tuple[CutField, ...]
    empty: bool = False
    others: tuple[tuple[CutField, ...], ...] = ()

    @property
    def lattices(self) -> list[Lattice]:
        """All that is to be classified, in the order in which `read_form` takes it."""
        ways = (self.fields, *self.others)
        return [lattice for fields in ways for field in fields for lattice in field.lattices]


@dataclass(frozen=True, eq=False)
class _Lifted:
    """A field's patch with its ink and print; pen : how dark its writing is."""

    field: FormField
    patch: Patch
    mask: Mask
    printed: Mask
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
    upright, *others = _cut(fields, (Way.UPRIGHT,) if form.anchored else tuple(Way))
    return CutForm(page.scan, page.number, form, upright, others=tuple(others))


def _rank(registration: Registration | None, fields: Fields) -> float:
    """How much speaks for a form that fits: its lines, or else the share of its fields; 0 if none is."""
    there = sum(patch is not None for _, patch in fields) / len(fields)
    return registration.fit + registration.cover if registration is not None and there else there


def _cut(lifted: Fields, ways: Sequence[Way]) -> list[tuple[CutField, ...]]:
    """The fields as they are if the page lies each of these ways; their ink is the same in all."""
    inked = [None if patch is None else _inked(field, patch) for field, patch in lifted]
    darkest = max((each.pen for each in inked if each), default=0.0)
    missing = Reason.NOT_FOUND if any(inked) else Reason.NOT_REGISTERED
    combs = {
        number: (each.mask, each.patch.cells)
        for number, each in enumerate(inked)
        if each and each.field.boxes
    }
    guided = find_guided(combs)
    cut = [
        _cut_field(each, darkest, number in guided, ways)
        if each
        else [CutField(field, reason=missing)] * len(ways)
        for number, ((field, _), each) in enumerate(zip(lifted, inked, strict=True))
    ]
    return list(zip(*cut, strict=True))


def _inked(field: FormField, patch: Patch) -> _Lifted:
    mask, printed = writing(patch)
    values = patch.inside(mask)
    return _Lifted(
        field, patch, mask, printed, float(np.percentile(values, 75)) if values.size >= 12 else 0.0
    )


def _cut_field(lifted: _Lifted, darkest: float, guided: bool, ways: Sequence[Way]) -> list[CutField]:
    field, patch = lifted.field, lifted.patch
    mask = lifted.mask if lifted.pen >= GUIDES * darkest else np.zeros_like(lifted.mask)
    if field.boxes:
        inks, cut = share_out(patch, mask, lifted.printed), cut_box
    else:
        inks, cut = (BoxInk(patch.dark, _number(patch, mask), lifted.printed),), _cut_number
    return [CutField(field, tuple(map(cut, seen_from(inks, way))), patch.box, guided=guided) for way in ways]


def _cut_number(ink: BoxInk) -> Lattice:
    return build_lattice(segment(ink.dark, ink.own))


def _number(patch: Patch, mask: Mask) -> Mask:
    """The ink of a frame or line that holds a number: components that are mostly inside, whole.

    Of those that hang on print outside, the part inside.
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    left, top, right, bottom = patch.cells[0].astype(int)
    inside = np.bincount(labels[max(0, top) : bottom + 1, max(0, left) : right + 1].ravel(), minlength=count)
    own = inside >= 0.5 * stats[:, cv2.CC_STAT_AREA]
    own[0] = False
    held = hanging(labels, patch.cells[0], patch.unit, ~own)
    reach = round(ALONE * patch.unit)
    for index in np.flatnonzero(own & (stats[:, 2:4].max(axis=1) < DOT * patch.unit)):
        x, y, w, h = stats[index, :4]
        around = labels[max(0, y - reach) : y + h + reach, max(0, x - reach) : x + w + reach]
        own[index] = bool(np.any(own[around] & (around != index)))
    return np.where(own[labels] | held, np.uint8(255), np.uint8(0))
