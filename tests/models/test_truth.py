"""Fields with their values, cut as reading cuts them."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.classifier import load_model
from models.truth import Row, cut_rows, overlap
from pipeline import Page, load_layout, read_pages
from pipeline.cut import cut_page
from pipeline.document import Box
from pipeline.envelopes.written import Spotter
from pipeline.files.scans import decode
from pipeline.forms.cut import cut_form
from pipeline.forms.layout import FormSet
from pipeline.layouts import Layout
from tests.pipeline.forms import pages

ENVELOPE = Path(__file__).parents[2] / "sample_scans" / "envelopes" / "us_03.jpg"


@pytest.fixture(scope="module")
def form(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    """Rows of a form that is filled in: a comb, and a number in a frame."""
    folder = tmp_path_factory.mktemp("form")
    cv2.imwrite(str(folder / "blank.png"), pages.blank())
    (folder / "form.toml").write_text(pages.LAYOUT)
    filled = pages.blank()
    pages.fill(filled, "123456", pages.cells(pages.COMB, 6))
    pages.fill(filled, "789", pages.cells((140, 330, 120, 56), 3))
    cv2.imwrite(str(folder / "scan.png"), filled)
    layout = load_layout(str(folder / "form.toml"))
    assert isinstance(layout, FormSet)
    cut = cut_form(Page("scan.png", 1, filled), layout.forms)
    boxes = {each.field.name: each.box for each in cut.fields}
    values = {"member": "123456", "amount": "789"}
    return [Row(folder / "scan.png", 1, values[name], boxes[name], layout, name) for name in values]


def test_postal_code_is_cut_as_on_its_envelope() -> None:
    layout, model = load_layout("envelope"), load_model()
    assert isinstance(layout, Layout)
    (page,) = decode(ENVELOPE, ENVELOPE.name)
    (reading,) = read_pages([page], layout, model, model.parameters)
    spotter = Spotter(model, model.parameters.weights, model.parameters.envelope.place_weights)
    cuts = cut_page(page, layout, spotter).cuts
    expected = next(cut.lattices[0] for cut in cuts if cut.region.box == reading.box)
    row = Row(ENVELOPE, 1, reading.value, reading.box, layout, "postal_code")
    ((_, lattice),) = cut_rows([row])
    assert np.array_equal(lattice.crops, expected.crops)
    assert list(cut_rows([replace(row, box=Box(10, 10, 80, 30))])) == []


def test_number_in_a_frame_is_cut_as_reading_does_and_boxes_are_left_out(
    form: list[Row], caplog: pytest.LogCaptureFixture
) -> None:
    layout = form[0].layout
    assert isinstance(layout, FormSet)
    (page,) = decode(form[0].scan, "scan.png")
    expected = next(each for each in cut_form(page, layout.forms).fields if each.field.name == "amount")
    with caplog.at_level(logging.WARNING):
        ((row, lattice),) = cut_rows(form)
    assert row.value == "789"
    assert np.array_equal(lattice.crops, expected.lattices[0].crops)
    assert "1 of 2 fields are left out" in caplog.text


def test_field_that_is_not_in_its_place_is_left_out(form: list[Row]) -> None:
    assert list(cut_rows([replace(form[1], box=Box(600, 900, 50, 50))])) == []


def test_overlap() -> None:
    box = Box(0, 0, 10, 10)
    assert overlap(box, box) == 1.0
    assert overlap(box, None) == 1.0
    assert overlap(box, Box(5, 0, 10, 10)) == pytest.approx(50 / 150)
    assert overlap(box, Box(20, 20, 5, 5)) == 0.0
