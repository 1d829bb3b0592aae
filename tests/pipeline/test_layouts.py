"""Layouts by name, and the table of countries."""

import os
import re
from pathlib import Path

import pytest

from pipeline.document import LayoutError
from pipeline.layouts import countries, load_layout


def test_digits_and_envelope():
    assert load_layout("digits").field == "digits"
    envelope = load_layout("envelope", postal="hu")
    assert envelope.field == "postal_code"
    assert envelope.label == "envelope:hu"
    assert re.fullmatch("[0-9a-f]{16}", envelope.sha256)
    assert envelope.sha256 != load_layout("envelope", postal="us").sha256


@pytest.mark.parametrize(
    ("spec", "postal", "names"), [("letter", "us", "letter"), ("envelope", "xx", "'xx'")]
)
def test_unknown_ones_say_what_there_is(spec, postal, names):
    with pytest.raises(LayoutError, match=names) as error:
        load_layout(spec, postal=postal)
    assert "choose" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("country", countries().values(), ids=lambda country: country.code)
def test_every_country_agrees_with_itself(country):
    """Codes of each length fit the shape, and the printed boxes hold one of the lengths."""
    assert country.where in ("start", "end", "alone")
    assert not country.boxes or sum(country.boxes) in country.lengths
    parts = re.sub(r"\(|\)\?", "", country.shape)
    assert re.fullmatch(parts, re.sub(r"\\d\{(\d)\}", lambda m: "7" * int(m[1]), parts).replace("?", ""))
    assert sum(int(n) for n in re.findall(r"\\d\{(\d)\}", country.shape)) == max(country.lengths)


def test_dashes_stand_where_the_shape_has_them():
    known = countries()
    assert (known["us"].dashes(5), known["us"].dashes(9)) == ((), (5,))
    assert known["jp"].dashes(7) == (3,)
    assert known["fr"].dashes(5) == ()


def test_auto_is_of_a_country_and_may_know_forms():
    auto = load_layout("auto", postal="hu")
    assert (auto.label, auto.field) == ("auto:hu", "page")
    assert auto.fields == ("postal_code", "digits")
    forms = load_layout(os.pathsep.join(["auto", str(Path(__file__).parents[1] / "layouts" / "quexf.toml")]))
    assert forms.label == "auto:us+quexf"
    hashes = {each.sha256 for each in (auto, forms, load_layout("auto"), load_layout("envelope"))}
    assert len(hashes) == 4
    with pytest.raises(LayoutError, match="auto"):
        load_layout(os.pathsep.join(["auto", "letter"]))
