"""A layout proposed from a picture: the fields that are there, and a file that works as it is."""

import cv2
import numpy as np
import pytest

from pipeline.forms.draw import draw_layout, draw_proposals
from pipeline.forms.lay import Sheet, lay, lift_fields
from pipeline.forms.layout import load_form
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
    table = [f for f in fields if near(f.place[2:], (180, 60))]
    assert [f.kind for f in table] == ["box"] * 4
    line = next(f for f in fields if f.kind == "line")
    assert line.place[1] + line.place[3] == pytest.approx(700, abs=4)


def test_a_filled_comb_is_found_too():
    page = pages.blank()
    pages.fill(page, "184736", pages.cells(pages.COMB, 6))
    assert ("comb", 6) in [(f.kind, f.boxes) for f in propose(page)]


def test_nothing_is_found_on_bare_paper():
    assert propose(np.full((800, 600), 240, np.uint8)) == []


@pytest.mark.parametrize("reference", ["blank.png", None])
def test_the_proposed_layout_fits_the_form_it_came_from(tmp_path, reference):
    page = pages.blank()
    cv2.imwrite(str(tmp_path / "blank.png"), page)
    fields = propose(page)
    (tmp_path / "new.toml").write_text(write_layout(fields, "new", page, reference), encoding="utf-8")
    form = load_form(tmp_path / "new.toml")
    assert len(form.fields) == len(fields)
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
