"""What is to be found on a page: the layouts `digits`, `envelope`, forms, or `auto` for all; postal codes."""

from __future__ import annotations

import hashlib
import os
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from pipeline.document import READER_VERSION, LayoutError

if TYPE_CHECKING:
    from pipeline.forms.form import FormSet


@dataclass(frozen=True)
class Country:
    """How a country writes its postal code, and how a code is checked; see countries.toml."""

    code: str
    name: str
    lengths: tuple[int, ...]
    shape: str
    boxes: tuple[int, ...]
    where: str
    boxes_in: str = "lower"
    valid: str = r"\d+"
    codes: str = ""
    share: float = 1.0
    barcodes: tuple[str, ...] = ()

    def dashes(self, length: int) -> tuple[int, ...]:
        """Numbers of digits after which a code of `length` digits has a dash."""
        parts = self.shape.split("-")[:-1]
        counts = [sum(int(n) for n in re.findall(r"\\d\{(\d)\}", part)) for part in parts]
        return tuple(place for place in accumulate(counts) if place < length)


@dataclass(frozen=True)
class Layout:
    """What to look for on every page.

    field : name of the field in the results.
    country : whose postal code, None where the layout is not about one.
    """

    name: str
    field: str
    country: Country | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of all fields that the layout gives."""
        return (self.field,)

    @property
    def label(self) -> str:
        """Name with the country, as the results give it: `digits`, `envelope:us`."""
        return f"{self.name}:{self.country.code}" if self.country else self.name

    @property
    def sha256(self) -> str:
        """First 16 hex digits of the hash of everything that the layout says."""
        return hashlib.sha256(f"{READER_VERSION}:{self!r}".encode()).hexdigest()[:16]


DIGITS = Layout("digits", "digits")


@dataclass(frozen=True)
class Mixed:
    """What to look for on pages of several kinds: each is read as what it is (see `pipeline.plan`).

    forms : the layouts of forms that may be among them, None where there are none.
    """

    envelope: Layout
    digits: Layout
    forms: FormSet | None = None

    # Field of the one row that a page gives which is not read.
    field: ClassVar[str] = "page"

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of all fields that a page may give."""
        return (*self.envelope.fields, *self.digits.fields, *(self.forms.fields if self.forms else ()))

    @property
    def label(self) -> str:
        """Name in the results: `auto:us`, with the forms' `auto:us+2-forms`."""
        country = f"auto:{self.envelope.country.code}" if self.envelope.country else "auto"
        return f"{country}+{self.forms.label}" if self.forms else country

    @property
    def sha256(self) -> str:
        """First 16 hex digits of the hash of everything that the layouts say."""
        parts = [self.envelope.sha256, self.digits.sha256, *([self.forms.sha256] if self.forms else [])]
        return hashlib.sha256("+".join(["auto", *parts]).encode()).hexdigest()[:16]


def load_layout(spec: str, *, postal: str = "us") -> Layout | FormSet | Mixed:
    """The layout that `spec` names: `digits`, `envelope`, form layouts, or `auto`, alone or with forms.

    spec : for forms the path of a FORM.toml or of a folder of them; several are parted by `os.pathsep`.

    Raises LayoutError where there is no such layout, it is invalid, or the country is not known.
    """
    if spec == "digits":
        return DIGITS
    if spec == "envelope":
        return _envelope(postal)
    parts = [part for part in spec.split(os.pathsep) if part]
    paths = [Path(part) for part in parts if part != "auto"]
    forms = None
    if any(path.suffix.lower() == ".toml" or path.is_dir() for path in paths):
        from pipeline.forms.layout import load_forms  # noqa: PLC0415 - only where forms are read

        forms = load_forms(paths)
    if "auto" in parts and (forms or not paths):
        return Mixed(_envelope(postal), DIGITS, forms)
    if forms is not None:
        return forms
    raise LayoutError(
        f"layout {spec!r} does not exist; choose digits, envelope, auto or the path of a FORM.toml"
    )


def _envelope(postal: str) -> Layout:
    known = countries()
    if postal not in known:
        raise LayoutError(f"postal code of {postal!r} is not known; choose one of {', '.join(known)}")
    return Layout("envelope", "postal_code", known[postal])


@cache
def countries() -> dict[str, Country]:
    """The countries of countries.toml by their code."""
    table = tomllib.loads(files("pipeline").joinpath("countries.toml").read_text(encoding="utf-8"))
    return {
        code: Country(
            code,
            row["name"],
            tuple(row["lengths"]),
            row["shape"],
            tuple(row["boxes"]),
            row["where"],
            row.get("boxes_in", Country.boxes_in),
            row.get("valid", Country.valid),
            row.get("codes", Country.codes),
            row.get("share", Country.share),
            tuple(row.get("barcodes", Country.barcodes)),
        )
        for code, row in table.items()
    }
