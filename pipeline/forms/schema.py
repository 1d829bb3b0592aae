"""What a form layout file may say: one model, checked key by key, and its JSON Schema for editors."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from pipeline.document import LayoutError

Number = Annotated[float, Field(allow_inf_nan=False)]
Place = tuple[Number, Number, Annotated[Number, Field(gt=0)], Annotated[Number, Field(gt=0)]]
Line = tuple[Number, Number, Number, Number]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=80)]

# Share of a layout's printed lines that a page must have at their place to count as registered.
LEAST_FIT = 0.55
# Lines without which a form is laid over a page by its print.
FEWEST_LINES = 6


# Keys of the whole form.
_TOP = ("page", "page_number", "register")


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Registering(_Model):
    """How pages are laid under the layout: by the printed lines, given here or found on a reference."""

    reference: str | None = Field(
        default=None, description="Picture of the form, blank if there is one; a path beside the layout file."
    )
    reference_page: int = Field(default=1, ge=1, description="Page of the reference that shows the form.")
    rules: tuple[Line, ...] = Field(
        default=(),
        description="Long printed lines of the form: [x1, y1, x2, y2] each, in the units of `page`.",
    )
    marks: tuple[Place, ...] = Field(
        default=(),
        description="Black marks in the form's corners, [x, y, width, height] each, at least four, instead of"
        " a reference or rules.",
    )
    least_fit: float = Field(
        default=LEAST_FIT,
        gt=0,
        le=1,
        description="Share of the lines that must be found, or the page is not read.",
    )

    @field_validator("marks")
    @classmethod
    def _are_enough(cls, value: tuple[Place, ...]) -> tuple[Place, ...]:
        if 0 < len(value) < 4:
            raise ValueError("give at least four, the outermost ones in the corners")
        return value

    @model_validator(mode="after")
    def _is_one_way(self) -> Self:
        if self.marks and (self.reference is not None or self.rules):
            raise ValueError("give `marks`, or a `reference` or `rules`, not both")
        return self


class FieldModel(_Model):
    """One field, or with `rows` a table of them."""

    name: Name | None = Field(default=None, description="Name in the results; a table may do without.")
    kind: Literal["comb", "box", "line", "cells"] = Field(
        description="comb: boxes with a digit each; box: a frame with a number in it; line: a number on a"
        " ruled line or on bare paper; cells: a table of combs or boxes."
    )
    at: Place | None = Field(default=None, description="[x, y, width, height], the outer edge of the frame.")
    search: Place | Literal["page"] | None = Field(
        default=None, description="Instead of `at`: where a comb or box may lie; it is found by its frame."
    )
    boxes: int | tuple[Place, ...] | None = Field(
        default=None, description="Of a comb: the number of boxes, or the place of each one."
    )
    gap: float = Field(default=0.0, ge=0, description="White between the boxes of a comb that stand apart.")
    framed: bool = Field(
        default=True, description="false: it is no frame of lines, but white boxes on a tint, say."
    )
    rows: tuple[str, ...] = Field(default=(), description="Of cells: the names of the rows, from the top.")
    columns: tuple[str, ...] = Field(
        default=(), description="Of cells: the names of the columns, from the left."
    )
    length: int | tuple[int, int] | None = Field(
        default=None, description="Number of digits, or least and most; a comb has at most one a box."
    )
    pattern: str | None = Field(
        default=None, description="Regular expression that the whole value must match."
    )
    required: bool = Field(default=False, description="An empty field goes to a person.")
    check: Literal["luhn", "mod10", "mod11"] | None = Field(
        default=None, description="Rule of its check digit."
    )
    sum_of: tuple[str, ...] = Field(default=(), description="Fields whose sum this field states.")
    sums: dict[str, tuple[str, ...]] = Field(
        default={},
        description='Of cells: rows (columns) that state the sum of others, { total = ["first", "second"] }.',
    )
    dropout: str | None = Field(
        default=None, description="Colour of the print to leave out: red, green, blue or #rrggbb."
    )

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                re.compile(value)
            except (re.error, OverflowError, RecursionError) as error:
                raise ValueError(f"is no regular expression ({error}); escape special characters") from None
        return value

    @field_validator("dropout")
    @classmethod
    def _is_colour(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"red|green|blue|#[0-9a-fA-F]{6}", value):
            raise ValueError("is no colour; write red, green, blue or #rrggbb")
        return value

    @field_validator("length")
    @classmethod
    def _is_range(cls, value: int | tuple[int, int] | None) -> int | tuple[int, int] | None:
        low, high = (value, value) if isinstance(value, int) else value or (1, 1)
        if not 1 <= low <= high <= 40:
            raise ValueError("must be 1 to 40 digits, the least first: 5 or [1, 3]")
        return value

    @model_validator(mode="after")
    def _fits_kind(self) -> Self:
        if (self.at is None) == (self.search is None) and not isinstance(self.boxes, tuple):
            raise ValueError("give either `at` = [x, y, width, height] or `search`")
        if self.search is not None and self.kind in ("line", "cells"):
            raise ValueError(f"`search` finds a comb or a box, not a {self.kind}; give `at`")
        if self.search is not None and not self.framed:
            raise ValueError("`search` finds a field by its frame; give `at` instead, or leave `framed` out")
        if self.kind == "comb" and not self.boxes:
            raise ValueError("a comb needs `boxes`: how many there are, or the place of each")
        if isinstance(self.boxes, int) and not 1 <= self.boxes <= 40:
            raise ValueError("`boxes` must be 1 to 40")
        if self.kind == "cells" and isinstance(self.boxes, tuple):
            raise ValueError("in cells `boxes` is a number: the digit boxes of one cell")
        if self.kind in ("box", "line") and self.boxes is not None:
            raise ValueError(f'a {self.kind} has no `boxes`; for one digit a box use kind = "comb"')
        if self.kind != "cells" and self.name is None and not self.rows and not self.columns:
            raise ValueError("a field needs a `name`")
        return self

    @model_validator(mode="after")
    def _is_a_table_or_none(self) -> Self:
        if self.kind != "cells":
            if self.rows or self.columns:
                raise ValueError('`rows` and `columns` belong to kind = "cells"')
            if self.sums:
                raise ValueError('`sums` belongs to kind = "cells"; write sum_of = ["first", "second"]')
            return self
        if not self.rows and not self.columns:
            raise ValueError("cells need `rows` or `columns`: the names of each")
        if self.sum_of:
            raise ValueError('in cells name the row or column that is a sum: sums = { total = ["first"] }')
        self._check_sums()
        return self

    def _check_sums(self) -> None:
        for total, parts in self.sums.items():
            names = self.rows if total in self.rows else self.columns
            for each in (total, *parts):
                if each not in names:
                    raise ValueError(f"`sums` names {each}; name rows, or columns, of these cells")
            if total in parts or (total in self.rows and total in self.columns):
                raise ValueError(f"`sums` of {total}: name other rows (columns), each by a name of its own")


class FormModel(_Model):
    """A form layout as FORM.toml holds it."""

    name: Name | None = Field(default=None, description="Name in the results; the file's name if not given.")
    page: tuple[Annotated[Number, Field(gt=0)], Annotated[Number, Field(gt=0)]] | None = Field(
        default=None, description="Width and height of the form in any unit; all places are in this unit."
    )
    page_number: int | None = Field(
        default=None, ge=1, description="Only this page of every scan holds the form."
    )
    dropout: str | None = Field(default=None, description="As in a field, for all of them.")
    register_: Registering = Field(default=Registering(), alias="register")
    field: tuple[FieldModel, ...] = Field(min_length=1, description="The fields, in the results' order.")

    _is_colour = field_validator("dropout")(FieldModel._is_colour.__func__)  # type: ignore[attr-defined]


def read_model(path: Path) -> FormModel:
    """The checked content of a layout file.

    Raises LayoutError, one line that names the file, the key and what to do.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        cause = error.strerror if isinstance(error, OSError) else "is no text in UTF-8"
        raise LayoutError(f"{path}: {cause}; give the path of a form layout (a .toml file)") from error
    except RecursionError as error:
        raise LayoutError(f"{path}: is no valid TOML: it is nested too deeply") from error
    except ValueError as error:  # TOMLDecodeError, and numbers of thousands of digits
        hint = "write paths with /, patterns in single quotes" if "\\" in str(error) else "see docs/forms.md"
        raise LayoutError(f"{path}: is no valid TOML: {error}; {hint}") from error
    try:
        return FormModel.model_validate(table)
    except ValidationError as error:
        raise LayoutError(f"{path}: {_mistakes(error, table)}") from error


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a layout file, for editors that complete and check TOML."""
    return FormModel.model_json_schema(by_alias=True)


def _mistakes(error: ValidationError, table: dict[str, Any]) -> str:
    """All mistakes in one line, each with its key."""
    told = []
    for mistake in error.errors()[:6]:
        text = str(mistake["msg"]).removeprefix("Value error, ")
        if mistake["type"] == "extra_forbidden":
            text = "there is no such key; see docs/forms.md for those there are"
            if mistake["loc"][0] == "field" and mistake["loc"][-1] in _TOP:
                text = "belongs to the whole form; put it above the first [[field]]"
            elif mistake["loc"] in (("fields",), ("Field",)):
                text = "there is no such key; a field begins with [[field]]"
        elif mistake["type"] == "missing":
            text = "is missing; add it"
        elif mistake["type"] == "string_pattern_mismatch":
            text = "is no name; use letters, digits, _ . - and no spaces"
        elif mistake["loc"] == ("field",) and isinstance(table.get("field"), dict):
            text = "is not a list; begin every field with [[field]], in double brackets"
        elif mistake["loc"] == ("field",) and mistake["type"] == "too_short" and table.get("field"):
            continue  # it only says that none of the fields is right
        key = _key(mistake["loc"], table)
        told.append(f"{key}: {text[0].lower()}{text[1:]}" if key else text)
    return "; ".join(dict.fromkeys(told))


def _key(location: tuple[int | str, ...], table: dict[str, Any]) -> str:
    """`field[2] (total).at` for the location of a mistake."""
    parts: list[str] = []
    for part in location:
        if isinstance(part, int) and parts == ["field"]:
            try:
                name = table["field"][part].get("name", "")
            except (KeyError, IndexError, AttributeError, TypeError):
                name = ""
            parts[-1] += f"[{part + 1}]" + (f" ({name})" if name else "")
        elif isinstance(part, int):
            if parts:
                parts[-1] += f"[{part + 1}]"
        elif not re.match(r"(function-|tuple\[|int$|literal\[|constrained)", str(part)):
            parts.append(str(part))
    return ".".join(parts)
