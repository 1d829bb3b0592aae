"""A form ready to be laid over pages: its fields with every box in place, its printed lines."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.document import Image
from pipeline.forms.rules import Rules
from pipeline.forms.schema import FEWEST_LINES, FieldModel

Cells = NDArray[np.float64]
# Field of the one row that a page without a form gives.
PAGE_FIELD = "page"


@dataclass(frozen=True, eq=False)
class FormField:
    """One field of a form.

    cells : (N, 4) float64 left, top, right, bottom of the boxes of a comb, or of the one frame or
        area (N = 1), in the layout's units; empty where it has to be searched for.
    boxes : of a comb, else 0.
    search : left, top, right, bottom of where to look for it, None where its place is known.
    sums : names of the fields whose sum it states, for each sum that it states.
    lengths : numbers of digits that the value may have; None: any.
    """

    name: str
    kind: str
    cells: Cells
    boxes: int
    model: FieldModel
    search: tuple[float, float, float, float] | None = None
    dropout: str | None = None
    sums: tuple[tuple[str, ...], ...] = ()

    @property
    def framed(self) -> bool:
        """Whether lines are printed around it."""
        return self.kind != "line" and self.model.framed

    @property
    def lengths(self) -> tuple[int, ...] | None:
        """Numbers of digits that the value may have, ascending; None: any."""
        length = self.model.length
        if length is None:
            return tuple(range(1, self.boxes + 1)) if self.boxes else None
        low, high = (length, length) if isinstance(length, int) else length
        return tuple(range(low, high + 1))


@dataclass(frozen=True, eq=False)
class Form:
    """A form layout. `label` and `sha256` are those of `pipeline.layouts.Layout`.

    extent : width and height in the layout's units.
    rules : the printed lines, same units; without any, only searched fields are read.
    reference : the picture of the form in its own pixels, None where the layout has none.
    marks : (M, 4) left, top, right, bottom of the black marks that take the place of lines, M = 0 without.
    """

    name: str
    sha256: str
    extent: tuple[float, float]
    rules: Rules
    form_fields: tuple[FormField, ...]
    least_fit: float
    marks: Cells
    page_number: int | None = None
    reference: Image | None = None

    @property
    def label(self) -> str:
        """Name in the results."""
        return self.name

    @property
    def signature(self) -> str:
        """Name and content hash, as the results give them."""
        return f"{self.name}@{self.sha256}"

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the fields, in the layout's order."""
        return tuple(each.name for each in self.form_fields)

    @property
    def lineless(self) -> bool:
        """Whether the form has too few lines to be laid over a page by them."""
        return len(self.rules.across) + len(self.rules.down) < FEWEST_LINES

    @property
    def frames(self) -> Rules:
        """The printed frames of the fields, as lines."""
        framed = [each.cells for each in self.form_fields if each.framed]
        left, top, right, bottom = np.vstack([np.zeros((0, 4)), *framed]).T
        across = [np.stack([left, y, right, y], axis=1) for y in (top, bottom)]
        down = [np.stack([x, top, x, bottom], axis=1) for x in (left, right)]
        return Rules(np.vstack(across), np.vstack(down), 0.0)

    @property
    def anchored(self) -> bool:
        """Whether any field has a place, so that pages have to be registered."""
        return any(each.search is None for each in self.form_fields)


@dataclass(frozen=True)
class FormSet:
    """The form layouts of a run; each page takes the one that fits it best."""

    forms: tuple[Form, ...]

    @property
    def label(self) -> str:
        """Name of the one layout, or how many there are, as the results give it."""
        return self.forms[0].name if len(self.forms) == 1 else f"{len(self.forms)}-forms"

    @property
    def sha256(self) -> str:
        """First 16 hex digits of the hash of everything that the layouts say and the references show."""
        if len(self.forms) == 1:
            return self.forms[0].sha256
        return hashlib.sha256("+".join(form.sha256 for form in self.forms).encode()).hexdigest()[:16]

    @property
    def field(self) -> str:
        """Field of the one row that a page gives which is not read."""
        return PAGE_FIELD

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of all fields, form by form."""
        return tuple(dict.fromkeys(name for form in self.forms for name in form.fields))
