"""What is to be found on a page: the layouts `digits`, `envelope` and forms; postal codes of countries."""

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
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.forms.layout import FormSet

# Part of every layout's hash: raised whenever locating or reading changes what comes out.
READER_VERSION = 1


class LayoutError(ValueError):
    """A layout or postal setting that does not exist or does not fit; the message says what does."""


@dataclass(frozen=True)
class Country:
    """How a country writes its postal code; see countries.toml."""

    code: str
    name: str
    lengths: tuple[int, ...]
    shape: str
    boxes: tuple[int, ...]
    where: str

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


def load_layout(spec: str, *, postal: str = "us") -> Layout | FormSet:
    """The layout that `spec` names: `digits`, `envelope`, or form layouts.

    spec : for forms the path of a FORM.toml or of a folder of them; several are parted by `os.pathsep`.

    Raises LayoutError where there is no such layout, it is invalid, or the country is not known.
    """
    if spec == "digits":
        return Layout("digits", "digits")
    if spec == "envelope":
        known = countries()
        if postal not in known:
            raise LayoutError(f"postal code of {postal!r} is not known; choose one of {', '.join(known)}")
        return Layout("envelope", "postal_code", known[postal])
    paths = [Path(part) for part in spec.split(os.pathsep) if part]
    if any(path.suffix.lower() == ".toml" or path.is_dir() for path in paths):
        from pipeline.forms.layout import load_forms  # noqa: PLC0415 - only where forms are read

        return load_forms(paths)
    raise LayoutError(f"layout {spec!r} does not exist; choose digits, envelope or the path of a FORM.toml")


@cache
def countries() -> dict[str, Country]:
    """The countries of countries.toml by their code."""
    table = tomllib.loads(files("pipeline").joinpath("countries.toml").read_text(encoding="utf-8"))
    return {
        code: Country(
            code, row["name"], tuple(row["lengths"]), row["shape"], tuple(row["boxes"]), row["where"]
        )
        for code, row in table.items()
    }
