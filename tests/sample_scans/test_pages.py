"""Envelopes, forms and the scanner: truth and picture agree."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from pipeline.document import Box
from sample_scans.addresses import draw_address
from sample_scans.combs import fill_comb, print_comb, print_guides
from sample_scans.envelopes import COUNTRIES, draw_envelope
from sample_scans.forms import draw_form
from sample_scans.page_scan import PageStyle, moved, scan_page
from sample_scans.pen import Writer
from sample_scans.sheet import Sheet

LENGTHS = {"us": (5, 9), "fr": (5,), "de": (5,), "hu": (4,), "jp": (7,)}


def inside(box: Box, page: np.ndarray) -> bool:
    height, width = page.shape[:2]
    return box.x >= 0 <= box.y and box.x + box.width <= width and box.y + box.height <= height


@pytest.mark.parametrize("country", COUNTRIES)
def test_the_code_lies_where_the_truth_says(country: str) -> None:
    for seed in range(3):
        page, truth = draw_envelope(np.random.default_rng(seed), country, 100)
        assert truth.field == "postal_code"
        assert truth.value.isdigit()
        assert len(truth.value) in LENGTHS[country]
        assert page.dtype == np.uint8
        assert inside(truth.box, page)
        grey = cv2.cvtColor(page, cv2.COLOR_BGR2GRAY)
        box = truth.box
        cut = grey[box.y : box.y + box.height, box.x : box.x + box.width]
        assert cut.min() < np.median(cut) - 40
        assert box.width > box.height


@pytest.mark.parametrize("country", COUNTRIES)
def test_envelopes_are_the_same_for_the_same_seed(country: str) -> None:
    one, other = (draw_envelope(np.random.default_rng(9), country, 80) for _ in range(2))
    np.testing.assert_array_equal(one[0], other[0])
    assert one[1] == other[1]


@pytest.mark.parametrize("country", COUNTRIES)
def test_addresses_have_codes_of_the_country_s_length(country: str) -> None:
    rng = np.random.default_rng(0)
    for _ in range(40):
        address = draw_address(rng, country)
        assert len(address.value) in LENGTHS[country]
        assert address.lines


@pytest.mark.parametrize("mode", ["colour", "grey", "fax"])
def test_scanner_modes(mode: str) -> None:
    rng = np.random.default_rng(1)
    sheet = np.full((200, 300, 3), 240, np.uint8)
    sheet[80:120, 100:200] = 20
    page, matrix = scan_page(rng, sheet, replace(PageStyle.draw(rng, mode), margin=10, skew=1.5))
    assert page.shape[:2] == (220, 320)
    assert page.ndim == (3 if mode == "colour" else 2)
    if mode == "fax":
        assert set(np.unique(page)) <= {0, 255}
    box = moved(Box(100, 80, 100, 40), matrix)
    grey = page if page.ndim == 2 else page[:, :, 0]
    centre = grey[box.y + box.height // 2 - 5 :, box.x + box.width // 2 - 5 :][:10, :10]
    assert mode == "fax" or centre.mean() < 60


def test_an_upright_page_moves_nothing() -> None:
    style = replace(PageStyle.draw(np.random.default_rng(0)), margin=0, skew=0.0)
    _, matrix = scan_page(np.random.default_rng(0), np.full((50, 60, 3), 200, np.uint8), style)
    assert moved(Box(3, 4, 20, 10), matrix) == Box(3, 4, 20, 10)


def test_forms_name_their_fields_once_and_box_their_ink() -> None:
    page, fields = draw_form(np.random.default_rng(3), 100)
    assert len({f.field for f in fields}) == len(fields) == 17
    assert all(inside(f.box, page) for f in fields)
    lengths = {f.field: len(f.value) for f in fields}
    assert (lengths["member_number"], lengths["date"], lengths["office"]) == (8, 8, 4)
    assert lengths["phone"] == 10
    values = [f.value for seed in range(3) for f in draw_form(np.random.default_rng(seed), 60)[1]]
    assert "" in values  # some cells of the table stay empty


def test_a_blank_form_says_that_nothing_is_written() -> None:
    _, fields = draw_form(np.random.default_rng(3), 80, filled=False)
    assert all(f.value == "" and f.box.width > 10 for f in fields)


def test_a_comb_has_its_cells_in_groups_and_holds_its_digits() -> None:
    rng = np.random.default_rng(0)
    sheet = Sheet(80, 20, 200, (255, 255, 255))
    cells = print_comb(sheet, (20, 20), (50, 70), (3, 4), (0, 0, 200), gap=5, group_gap=20)
    steps = np.diff([cell.x for cell in cells]).tolist()
    assert steps == [55, 55, 75, 55, 55, 55]
    ink = fill_comb(rng, sheet, "1234567", cells, Writer.draw(rng), (0, 0, 0))
    assert ink.x > cells[0].x - 15
    assert ink.x + ink.width < cells[-1].x + cells[-1].width + 15


def test_guide_marks_are_pale_and_lie_inside_every_cell() -> None:
    patterns = set()
    for seed in range(12):
        sheet = Sheet(100, 40, 100, (250, 250, 250))
        cells = print_comb(sheet, (20, 20), (50, 70), (6,), (250, 250, 250), gap=5)
        print_guides(np.random.default_rng(seed), sheet, cells)
        marks = sheet.image[..., 0] < 250
        assert sheet.image.min() > 140
        shapes = []
        for cell in cells:
            assert marks[cell.slices].any()
            shapes.append(np.count_nonzero(marks[cell.slices]))
            marks[cell.slices] = False
        assert not marks.any()
        patterns.add((max(shapes) - min(shapes) > 20, shapes[0] > 60))
    assert len(patterns) == 3  # letters differ from cell to cell; an 8 takes more ink than dots


def test_writing_is_squeezed_into_the_room_there_is() -> None:
    rng = np.random.default_rng(0)
    sheet = Sheet(200, 20, 100, (255, 255, 255))
    boxes = sheet.write(rng, "1 2345", Writer.draw(rng), 40, (30, 60), room=70)
    found = [b for b in boxes if b]
    assert boxes[1] is None
    assert min(b.x for b in found) >= 28
    assert max(b.x + b.width for b in found) < 30 + 90
