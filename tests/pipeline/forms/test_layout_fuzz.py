"""Whatever a layout file says, it is a form or one line about what is wrong with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline import LayoutError
from pipeline.forms.layout import load_form

KEYS = (
    *("name", "page", "page_number", "dropout", "kind", "at", "search", "boxes", "gap", "rows", "columns"),
    *(
        "length",
        "pattern",
        "required",
        "check",
        "sum_of",
        "sums",
        "reference",
        "reference_page",
        "rules",
        "least_fit",
    ),
)
BEGIN = """page = [850, 1100]
[register]
rules = [[10, 10, 800, 10], [10, 10, 10, 1000], [10, 1000, 800, 1000], [800, 10, 800, 1000]]
"""
FIELD = '[[field]]\nname = "a"\nkind = "comb"\nat = [50, 50, 300, 40]\nboxes = 6\n'

numbers = st.integers(-2, 2000) | st.integers() | st.floats()
words = st.sampled_from(
    ["comb", "box", "line", "cells", "page", "luhn", "red", "a", "a_b", "[", "a{9999999999}"]
)
values = st.recursive(
    numbers | words | st.text(max_size=9) | st.booleans(), lambda v: st.lists(v, max_size=5)
)
lines = st.tuples(st.sampled_from(KEYS) | st.text("ab.-\"'=\n", max_size=4), values)

fuzzing = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def form_or_one_line(folder: Path, content: bytes) -> None:
    path = folder / "layout.toml"
    path.write_bytes(content)
    try:
        form = load_form(path)
    except LayoutError as error:
        assert str(error).startswith(str(path))  # noqa: PT017 (no error is fine as well)
        assert str(error).isprintable()  # noqa: PT017
    else:
        assert form.fields


def toml(key: str, value: Any) -> str:
    """A line of a layout; without a value the key stands alone, as the head of a table does."""
    if value is None:
        return f"{key}\n"
    text = json.dumps(value).replace("Infinity", "inf").replace("NaN", "nan")
    return f"{key} = {text}\n"


@fuzzing
@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes(tmp_path: Path, noise: bytes) -> None:
    form_or_one_line(tmp_path, noise)
    form_or_one_line(tmp_path, (BEGIN + FIELD).encode() + noise)


@fuzzing
@given(st.lists(lines, max_size=4), st.lists(lines, max_size=4), st.lists(lines, max_size=6))
def test_any_values(tmp_path: Path, top: list[Any], register: list[Any], field: list[Any]) -> None:
    parts = [*top, ("[register]", None), *register, ("[[field]]", None), *field]
    form_or_one_line(tmp_path, "".join(toml(*part) for part in parts).encode("utf-8", "replace"))


@fuzzing
@given(st.sampled_from(KEYS), values)
def test_one_value_of_a_sound_layout(tmp_path: Path, key: str, value: Any) -> None:
    kept = "".join(line + "\n" for line in FIELD.splitlines() if not line.startswith(f"{key} "))
    form_or_one_line(tmp_path, (BEGIN + kept + toml(key, value)).encode("utf-8", "replace"))


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 5000,
        "a = " + "9" * 5000,
        "[a" + ".a" * 5000 + "]",
        BEGIN + FIELD + f'pattern = "{"(" * 5000}{")" * 5000}"\n',
        BEGIN + FIELD + 'pattern = "a{99999999999999999999}"\n',
        BEGIN + FIELD + '"line\\nbreak" = 1\n',
        BEGIN + FIELD.replace('"a"', '"\\u0007"'),
        BEGIN.replace("rules", 'reference = "a\\u0000b"\nrules') + FIELD,
        BEGIN + FIELD + 'sum_of = ["\\u0085"]\n',
        BEGIN + FIELD.replace("300, 40", "1e308, 1e308"),
        BEGIN + FIELD.replace("at", "search").replace("300, 40", "5e-324, 5e-324"),
    ],
    ids=range(11),
)
def test_extremes(tmp_path: Path, text: str) -> None:
    form_or_one_line(tmp_path, text.encode())
