"""Guide marks as dark as the pen are told from writing that is alike in every box."""

import cv2
import numpy as np
import pytest

from pipeline import load_layout
from pipeline.document import Reason
from pipeline.forms.guides import find_guided
from tests.pipeline.forms import pages
from tests.pipeline.forms.fakes import read

SIZE, GAP = 60, 10
DIGITS = {
    "0": [(30, 8), (44, 30), (30, 52), (16, 30), (30, 8)],
    "1": [(20, 18), (32, 8), (32, 52)],
    "7": [(16, 8), (44, 8), (26, 52)],
    "8": [(42, 14), (18, 14), (42, 44), (18, 44), (42, 14)],
    "X": [(8, 8), (52, 52), (30, 30), (52, 8), (8, 52)],
}


def comb(values: str, *, guides: bool, seed: int = 0, stray: float = 3.0, width: int = SIZE):
    """A field of one box a character, written by a hand that strays by so many pixels; with its cells."""
    rng = np.random.default_rng(seed)
    mask = np.zeros((SIZE, len(values) * (width + GAP)), np.uint8)
    cells = []
    for number, value in enumerate(values):
        left = number * (width + GAP)
        cells.append((left, 0.0, left + width, SIZE))
        box = np.zeros((SIZE, width), np.uint8)
        if guides:
            cv2.rectangle(box, (14, 12), (width - 15, 48), 255, 2)
            cv2.line(box, (14, 30), (width - 15, 30), 255, 2)
        if value != " ":
            points = np.array(DIGITS[value]) + rng.normal(0.0, stray, 2)
            cv2.polylines(box, [np.rint(points).astype(np.int32)], False, 255, 4)
        mask[:, left : left + width] = box
    return mask, np.array(cells)


def test_marks_in_all_boxes_are_print_whatever_is_written_over_them():
    combs = {0: comb("10878", guides=True), 3: comb("   17", guides=True), 4: comb("XX0", guides=True)}
    assert find_guided(combs) == {0, 3, 4}


@pytest.mark.parametrize("value", ["0", "1", "8", "X"])
def test_boxes_that_hold_the_same_digit_are_written(value):
    combs = {number: comb(8 * value, guides=False, seed=number) for number in range(8)}
    assert find_guided(combs) == frozenset()


def test_few_boxes_are_not_enough_to_tell():
    assert find_guided({0: comb("10878", guides=True), 1: comb("100101", guides=True)}) == frozenset()


def test_boxes_of_another_size_are_a_group_of_their_own():
    marked = {0: comb("1087817", guides=True), 1: comb("0011780", guides=True)}
    plain = {number: comb("1087817", guides=False, seed=number, width=52) for number in (5, 6)}
    assert find_guided(marked | plain) == {0, 1}


def test_a_form_without_combs_has_none():
    assert find_guided({}) == frozenset()


ROW = (120, 400, 600, 50)
ROW_LAYOUT = f"""
page = [{pages.WIDTH}, {pages.HEIGHT}]
[register]
reference = "blank.png"
[[field]]
name = "row"
kind = "comb"
at = {list(ROW)}
boxes = 12
"""


def filled_row(folder, text, marks):
    """The reading of a row of boxes with guide marks of such a grey."""
    page = pages.blank()
    boxes = pages.cells(ROW, 12)
    for left, top, right, bottom in boxes:
        cv2.rectangle(page, (left, top), (right, bottom), 40, 2)
    cv2.imwrite(str(folder / "blank.png"), page)
    (folder / "row.toml").write_text(ROW_LAYOUT, encoding="utf-8")
    for left, top, right, bottom in boxes:
        cv2.rectangle(page, (left + 14, top + 10), (right - 14, bottom - 10), marks, 2)
        cv2.line(page, (left + 14, (top + bottom) // 2), (right - 14, (top + bottom) // 2), marks, 2)
    pages.fill(page, text, boxes)
    return read(load_layout(str(folder / "row.toml")), page)[0]


@pytest.mark.parametrize("text", ["123456789012", "X 7  7", ""])
def test_boxes_with_marks_as_dark_as_the_pen_go_to_a_person(tmp_path, text):
    got = filled_row(tmp_path, text, marks=30)
    assert (got.reason, got.empty) == (Reason.GUIDE_MARKS, False)


def test_pale_marks_are_no_writing(tmp_path):
    got = filled_row(tmp_path, "123456789012", marks=190)
    assert (got.value, got.reason) == ("7" * 12, None)


def test_on_a_page_without_writing_pale_marks_are_not_taken_for_it(tmp_path):
    """There nothing is darker: no pen, and so no telling what is pale."""
    assert filled_row(tmp_path, "", marks=190).reason is Reason.GUIDE_MARKS
