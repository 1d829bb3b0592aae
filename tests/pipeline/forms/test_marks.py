"""Forms laid over pages by the black marks in their corners."""

import cv2
import numpy as np
import pytest

from pipeline.document import LayoutError
from pipeline.forms.lay import Sheet, fits, lay, lift_fields
from pipeline.forms.layout import load_form
from pipeline.forms.marks import find_marks
from tests.pipeline.forms import pages

SIDE = 22
CORNERS = [(20, 20), (808, 20), (808, 1058), (20, 1058)]
MARKS = [[x, y, SIDE, SIDE] for x, y in CORNERS]
FIELD = f'[[field]]\nname = "member"\nkind = "comb"\nat = {list(pages.COMB)}\nboxes = 6\n'


def form(folder, marks=MARKS, fields=FIELD):
    path = folder / "marked.toml"
    path.write_text(
        f"page = [{pages.WIDTH}, {pages.HEIGHT}]\n[register]\nmarks = {marks}\n{fields}", encoding="utf-8"
    )
    return load_form(path)


def marked() -> np.ndarray:
    """A page with nothing but the comb and its marks."""
    page = np.full((pages.HEIGHT, pages.WIDTH), 250, np.uint8)
    for left, top, right, bottom in pages.cells(pages.COMB, 6):
        cv2.rectangle(page, (left, top), (right, bottom), 40, 2)
    for x, y in CORNERS:
        cv2.rectangle(page, (x, y), (x + SIDE, y + SIDE), 20, cv2.FILLED)
    pages.fill(page, "471 90", pages.cells(pages.COMB, 6))
    return page


def phone() -> np.ndarray:
    corners = np.array([[0, 0], [850, 0], [850, 1100], [0, 1100]], np.float32)
    seen = np.array([[60, 90], [800, 40], [840, 1060], [20, 1010]], np.float32)
    return cv2.getPerspectiveTransform(corners, seen)


def test_marks_are_the_solid_spots_of_a_page():
    found = find_marks(marked())
    by_place = {(round(float(x)), round(float(y))): float(area) for x, y, area in found}
    for x, y in CORNERS:
        assert by_place[x + 11, y + 11] == pytest.approx((SIDE + 1) ** 2, rel=0.1)
    assert len(by_place) < 8


@pytest.mark.parametrize(
    "matrix",
    [pages.laid(), pages.laid(2.5, 0.95, (12, -9)), pages.laid(178.0, 0.9), pages.laid(-12.0, 0.8), phone()],
    ids=["level", "moved", "upside down", "turned", "phone"],
)
def test_a_form_is_laid_by_its_marks(tmp_path, matrix):
    layout = form(tmp_path)
    sheet = Sheet.of(pages.seen(marked(), matrix, (850, 1100)))
    registration = lay(layout, sheet)
    assert fits(layout, registration)
    corner = matrix @ [pages.COMB[0], pages.COMB[1], 1.0]
    there = registration.to_page(np.array([[pages.COMB[0], pages.COMB[1]]], np.float64))[0]
    assert there == pytest.approx(corner[:2] / corner[2], abs=4)
    assert lift_fields(sheet, layout, registration)[0][1] is not None


@pytest.mark.parametrize(
    "page",
    [cv2.flip(marked(), 1), marked()[:, :500], np.full((1100, 850), 250, np.uint8)],
    ids=["mirrored", "cut", "blank"],
)
def test_another_page_is_not_taken(tmp_path, page):
    layout = form(tmp_path)
    assert not fits(layout, lay(layout, Sheet.of(np.ascontiguousarray(page))))


@pytest.mark.parametrize(
    ("marks", "fields", "told"),
    [
        (MARKS[:3], FIELD, "register.marks: give at least four"),
        (MARKS, '[[field]]\nname = "n"\nkind = "line"\nat = [90, 500, 400, 80]\n', "upside down"),
    ],
)
def test_marks_that_cannot_tell_are_refused(tmp_path, marks, fields, told):
    with pytest.raises(LayoutError, match=told):
        form(tmp_path, marks, fields)
