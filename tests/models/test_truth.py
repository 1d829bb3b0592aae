"""Fields with their values, cut as reading cuts them."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from models.classifier import load_model
from models.labelled import Cutter
from models.page_classifier import load_page_model
from models.truth import Row, cut_rows, overlap
from pipeline import Page, load_layout, read_pages
from pipeline.cut import cut_page
from pipeline.document import Box, Image
from pipeline.envelopes.written import Spotter
from pipeline.files.scans import decode
from pipeline.forms.cut import cut_form
from pipeline.forms.form import FormSet
from pipeline.layouts import Layout, Mixed
from pipeline.paper.kinds import KINDS, Kind, PageClassifier
from pipeline.paper.turns import TURNS
from sample_scans.envelopes import draw_envelope
from sample_scans.page_scan import PageStyle
from tests.pipeline.forms import pages

STRAIGHT = PageStyle(0.0, 250, 0, 0.0, 0.02, 1.0, 0.5, 0.5, "colour")
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


@pytest.fixture(scope="module")
def cutter() -> Cutter:
    model = load_model()
    return Cutter(model, model.parameters)


def test_postal_code_is_cut_as_on_its_envelope(cutter: Cutter) -> None:
    layout = load_layout("envelope")
    assert isinstance(layout, Layout)
    (page,) = decode(ENVELOPE, ENVELOPE.name)
    (reading,) = read_pages([page], layout, cutter.classifier, cutter.parameters)
    spotter = Spotter(cutter.classifier, cutter.parameters.weights, cutter.parameters.envelope.place_weights)
    cuts = cut_page(page, layout, spotter).cuts
    expected = next(cut.lattices[0] for cut in cuts if cut.region.box == reading.box)
    row = Row(ENVELOPE, 1, reading.value, reading.box, layout, "postal_code")
    ((_, field),) = cut_rows([row], cutter)
    assert np.array_equal(field.lattices[0].crops, expected.crops)
    assert list(cut_rows([replace(row, box=Box(10, 10, 80, 30))], cutter)) == []


@pytest.fixture(scope="module")
def letters(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """The same envelope as it is scanned upright, on its side and upside down, by its turn."""
    folder = tmp_path_factory.mktemp("letters")
    image, _ = draw_envelope(np.random.default_rng(5), "us", 150, STRAIGHT)
    for turn in (0, 90, 180):
        cv2.imwrite(str(folder / f"{turn}.png"), np.rot90(image, -turn // 90))
    return {turn: folder / f"{turn}.png" for turn in (0, 90, 180)}


def reading_of(scan: Path, layout: Layout | Mixed, cutter: Cutter, looks: PageClassifier) -> Row:
    """The field as a night reads it."""
    (page,) = decode(scan, scan.name)
    (reading,) = read_pages([page], layout, cutter.classifier, cutter.parameters, looks)
    assert reading.box is not None
    return Row(scan, 1, reading.value, reading.box, layout, reading.field)


@pytest.mark.parametrize("name", ["envelope", "auto"])
def test_page_that_lies_another_way_up_is_cut_as_reading_saw_it(
    letters: dict[int, Path], cutter: Cutter, name: str
) -> None:
    layout, looks = load_layout(name), load_page_model()
    assert isinstance(layout, Layout | Mixed)
    rows = [reading_of(scan, layout, cutter, looks) for scan in letters.values()]
    assert len({row.value for row in rows}) == 1
    assert len({row.box for row in rows}) == len(rows)
    lattices = [field.lattices[0] for _, field in cut_rows(rows, cutter, looks)]
    assert len(lattices) == len(rows)
    assert all(np.array_equal(lattice.crops, lattices[0].crops) for lattice in lattices)


class Undecided:
    """A page classifier that sees an envelope, upright or upside down."""

    def look(self, image: Image) -> NDArray[np.float64]:
        shares = np.zeros((len(KINDS), len(TURNS)))
        shares[KINDS.index(Kind.ENVELOPE), [TURNS.index(0), TURNS.index(180)]] = 0.5
        return shares


def test_value_that_is_known_tells_which_way_up_a_page_lies(letters: dict[int, Path], cutter: Cutter) -> None:
    layout = load_layout("envelope")
    assert isinstance(layout, Layout)
    rows = [reading_of(letters[turn], layout, cutter, Undecided()) for turn in (0, 180)]
    (_, upright), (_, other) = cut_rows(rows, cutter, Undecided())
    assert np.array_equal(upright.lattices[0].crops, other.lattices[0].crops)
    unlike = "".join(str((int(digit) + 5) % 10) for digit in rows[0].value)
    assert list(cut_rows([replace(rows[0], value=unlike)], cutter, Undecided())) == []


def test_numbers_in_frames_and_digits_in_boxes_are_cut_as_reading_does(
    form: list[Row], cutter: Cutter
) -> None:
    layout = form[0].layout
    assert isinstance(layout, FormSet)
    (page,) = decode(form[0].scan, "scan.png")
    expected = {each.field.name: each.lattices for each in cut_form(page, layout.forms).fields}
    (comb_row, comb), (row, frame) = cut_rows(form, cutter)
    assert (row.value, frame.boxed) == ("789", False)
    assert np.array_equal(frame.lattices[0].crops, expected["amount"][0].crops)
    assert comb.boxed
    parts = comb.parts(comb_row.value)
    assert [digit for _, digit in parts] == list("123456")
    for (lattice, _), box in zip(parts, expected["member"], strict=True):
        assert np.array_equal(lattice.crops, box.crops)


def test_a_digit_that_was_crossed_out_is_none_to_learn_from(
    form: list[Row], cutter: Cutter, tmp_path: Path
) -> None:
    filled = pages.blank()
    for written in ("123456", "     X"):
        pages.fill(filled, written, pages.cells(pages.COMB, 6))
    cv2.imwrite(str(tmp_path / "scan.png"), filled)
    row = replace(form[0], scan=tmp_path / "scan.png", value="12345")
    ((_, field),) = cut_rows([row], cutter)
    assert [value for _, value in field.parts(row.value)] == list("12345")


def test_a_comb_without_a_digit_a_box_is_left_out(
    form: list[Row], cutter: Cutter, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert list(cut_rows([replace(form[0], value="12345")], cutter)) == []
    assert "1 of 1 fields are left out" in caplog.text


def test_field_that_is_not_in_its_place_is_left_out(form: list[Row], cutter: Cutter) -> None:
    assert list(cut_rows([replace(form[1], box=Box(600, 900, 50, 50))], cutter)) == []


def test_overlap() -> None:
    box = Box(0, 0, 10, 10)
    assert overlap(box, box) == 1.0
    assert overlap(box, None) == 1.0
    assert overlap(box, Box(5, 0, 10, 10)) == pytest.approx(50 / 150)
    assert overlap(box, Box(20, 20, 5, 5)) == 0.0
