"""A layout proposed from a picture: the fields that are there, and a file that works as it is."""

import cv2
import numpy as np
import pytest

from pipeline.forms.draw import KINDS, draw_layout, draw_proposals
from pipeline.forms.lay import Sheet, lay, lift_fields
from pipeline.forms.layout import load_form
from pipeline.forms.level import level
from pipeline.forms.proposal import Proposal
from pipeline.forms.propose import propose
from pipeline.forms.write_layout import write_layout
from tests.pipeline.forms import pages


def near(place, wanted, within=6) -> bool:
    return all(abs(a - b) <= within for a, b in zip(place, wanted, strict=True))


def test_combs_boxes_tables_and_lines_are_found_in_reading_order():
    fields = propose(pages.blank())
    assert [(f.kind, f.boxes) for f in fields[:3]] == [("comb", 6), ("comb", 3), ("box", 0)]
    assert near(fields[0].place, pages.COMB)
    assert near(fields[1].place, pages.APART)
    assert fields[1].gap == pytest.approx(pages.APART_GAP, abs=4)
    assert near(fields[2].place, pages.FRAME)
    table = next(f for f in fields if f.kind == "cells")
    assert near(table.place, pages.TABLE)
    assert (table.rows, table.columns, table.boxes) == (2, 2, 0)
    line = next(f for f in fields if f.kind == "line")
    assert line.place[1] + line.place[3] == pytest.approx(700, abs=4)


def test_a_filled_comb_is_found_too():
    page = pages.blank()
    pages.fill(page, "184736", pages.cells(pages.COMB, 6))
    assert ("comb", 6) in [(f.kind, f.boxes) for f in propose(page)]


def test_combs_under_one_another_are_a_table_of_combs():
    page = np.full((1100, 850), 250, np.uint8)
    for row in range(4):
        for left, _, right, _ in pages.cells((300, 0, 120, 0), 3):
            cv2.rectangle(page, (left, 300 + 60 * row), (right, 360 + 60 * row), 40, 2)
    (table,) = propose(page)
    assert (table.kind, table.rows, table.columns, table.boxes) == ("cells", 4, 1, 3)
    assert near(table.place, (300, 300, 120, 240))


def test_a_frame_that_lost_its_lower_line_is_closed():
    page = np.full((1100, 850), 250, np.uint8)
    for ends in (((200, 300), (420, 300)), ((200, 300), (200, 350)), ((420, 300), (420, 350))):
        cv2.line(page, *ends, 40, 2)
    (box,) = propose(page)
    assert box.kind == "box"
    assert near(box.place, (200, 300, 220, 50))


def test_a_cell_with_a_heading_is_no_field_and_one_with_a_prompt_in_its_corner_is():
    page = np.full((1100, 850), 250, np.uint8)
    cv2.rectangle(page, (100, 200), (400, 255), 40, 2)
    cv2.putText(page, "TOTAL VOTES", (180, 233), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 30, 1, cv2.LINE_AA)
    cv2.rectangle(page, (100, 400), (400, 455), 40, 2)
    cv2.putText(page, "total votes", (106, 412), cv2.FONT_HERSHEY_SIMPLEX, 0.3, 30, 1, cv2.LINE_AA)
    (box,) = propose(page)
    assert near(box.place, (100, 400, 300, 55))


@pytest.mark.parametrize(("degrees", "shear"), [(2.5, 0.0), (-1.0, 0.02), (3.0, -0.015)])
def test_a_leaning_form_is_brought_level(degrees, shear):
    leaning = np.array([[1, shear, -shear * 550], [0, 1, 0], [0, 0, 1.0]])
    page = pages.seen(pages.blank(), leaning @ pages.laid(degrees), (850, 1100))
    levelled, leaned = level(page)
    assert leaned == pytest.approx(max(abs(degrees), abs(degrees + np.degrees(shear))), abs=1.3)
    assert level(levelled)[1] < 0.15
    assert [(f.kind, f.boxes) for f in propose(levelled)[:2]] == [("comb", 6), ("comb", 3)]
    unmoved, still = level(pages.blank())
    assert still < 0.1
    np.testing.assert_array_equal(unmoved, pages.blank())


def test_nothing_is_found_on_bare_paper():
    assert propose(np.full((800, 600), 240, np.uint8)) == []


@pytest.mark.parametrize("reference", ["blank.png", None])
def test_the_proposed_layout_fits_the_form_it_came_from(tmp_path, reference):
    page = pages.blank()
    cv2.imwrite(str(tmp_path / "blank.png"), page)
    fields = propose(page)
    (tmp_path / "new.toml").write_text(write_layout(fields, "new", page, reference), encoding="utf-8")
    form = load_form(tmp_path / "new.toml")
    assert len(form.fields) == sum(max(f.rows, 1) * max(f.columns, 1) for f in fields)
    sheet = Sheet.of(pages.seen(page, pages.laid(1.5, 0.97), (850, 1100)))
    registration = lay(form, sheet)
    assert registration is not None
    assert registration.fit > 0.85
    lifted = lift_fields(sheet, form, registration)
    assert all(patch is not None for _, patch in lifted)
    picture = draw_layout(sheet.image, form, registration, lifted)
    assert picture.shape == (1100, 850, 3)
    assert (picture[..., 1].astype(int) - picture[..., 2] > 60).sum() > 500


def test_the_picture_of_the_proposal_shows_every_field():
    page = pages.blank()
    bare = draw_proposals(page, [])
    fields = propose(page)
    shown = draw_proposals(page, fields)
    for field in fields:
        x, y, w, h = field.place
        part = np.s_[max(0, y - 2) : y + h + 2, x : x + w]
        assert (shown[part] != bare[part]).any()


@pytest.mark.parametrize("roof", [False, True])
def test_ticks_on_a_line_part_a_comb(roof):
    page = np.full((1100, 850), 250, np.uint8)
    cv2.line(page, (150, 400), (390, 400), 40, 2)
    if roof:
        cv2.rectangle(page, (150, 372), (390, 400), 40, 2)
    for place in range(9):
        cv2.line(page, (150 + 30 * place, 390), (150 + 30 * place, 400), 40, 2)
    (comb,) = propose(page)
    assert (comb.kind, comb.boxes, comb.framed) == ("comb", 8, True)
    assert comb.place[0] == pytest.approx(150, abs=3)
    assert comb.place[2] == pytest.approx(240, abs=5)


def test_a_few_marks_on_a_line_are_no_comb():
    page = np.full((1100, 850), 250, np.uint8)
    cv2.line(page, (150, 400), (390, 400), 40, 2)
    for x in (170, 215, 300):
        cv2.line(page, (x, 390), (x, 400), 40, 2)
    (line,) = propose(page)
    assert line.kind == "line"


def test_white_boxes_on_a_tint_are_said_to_have_no_frame(tmp_path):
    page = np.full((1100, 850), 252, np.uint8)
    page[150:500, 100:750] = 222
    for left, top, right, bottom in pages.cells((200, 260, 300, 52), 6, 10):
        page[top:bottom, left:right] = 252
    fields = propose(page)
    assert [(field.kind, field.boxes, field.framed) for field in fields] == [("comb", 6, False)]
    assert "framed = false" in write_layout(fields, "tint", page, None)


def test_the_numbers_in_the_picture_of_a_proposal_do_not_cover_one_another():
    page = np.full((1600, 1200), 250, np.uint8)
    fields = [
        Proposal("comb", (300, 500, 90, 60), boxes=1),
        Proposal("box", (306, 504, 90, 60)),
        Proposal("line", (312, 508, 90, 60)),
        Proposal("cells", (318, 512, 90, 60), rows=1, columns=1),
    ]
    together = draw_proposals(page, fields)
    for field in fields:
        colour = KINDS[field.kind]
        alone = (draw_proposals(page, [field]) == colour).all(axis=2).sum()
        assert (together == colour).all(axis=2).sum() > 0.88 * alone


def test_a_tally_grid_is_one_table_and_no_pile_of_combs():
    page = np.full((2200, 1700), 250, np.uint8)
    for row in range(7):
        cv2.line(page, (200, 400 + 48 * row), (1160, 400 + 48 * row), 60, 3)
    for column in range(13):
        cv2.line(page, (200 + 80 * column, 400), (200 + 80 * column, 688), 60, 3)
    found = [(each.kind, each.rows, each.columns, each.boxes) for each in propose(page)]
    assert found == [("cells", 6, 12, 0)]
