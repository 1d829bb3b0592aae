"""A field lifted out of its frame: the frame goes, strokes stay whole, crosses and empty boxes are told."""

import cv2
import numpy as np
import pytest

from pipeline.forms.layout import split
from pipeline.forms.lift import CELL_HEIGHT, FRAME_HEIGHT, drop_colour, lift
from pipeline.forms.rules import find_rules
from pipeline.forms.search import find_combs, search
from pipeline.forms.share import share_out
from pipeline.forms.unframe import writing
from tests.pipeline.forms import pages

LEVEL = np.eye(3)


def comb_of(page: np.ndarray, place=pages.COMB, count: int = 6, gap: int = 0, matrix=LEVEL):
    patch = lift(page, matrix, split(place, count, gap), CELL_HEIGHT, None)
    return patch, share_out(patch, *writing(patch))


def inked(strips) -> list[bool]:
    return [bool(own.any()) for _, own, _ in strips]


def test_an_empty_comb_has_no_ink():
    patch, strips = comb_of(pages.blank())
    assert patch.framed == 1.0
    assert inked(strips) == [False] * 6


def test_each_box_has_its_own_digit_and_nothing_of_the_frame():
    page = pages.blank()
    pages.fill(page, "47 190", pages.cells(pages.COMB, 6))
    _, strips = comb_of(page)
    assert inked(strips) == [True, True, False, True, True, True]
    for _, mask, _ in strips:
        rows = np.flatnonzero(mask.any(axis=1))
        assert not rows.size or np.ptp(rows) < 0.75 * CELL_HEIGHT


@pytest.mark.parametrize("shift", [(0, 0), (9, 0), (-8, 6), (4, -9)])
def test_the_frame_is_found_where_the_layout_is_a_little_off(shift):
    page = pages.blank()
    pages.fill(page, "123456", pages.cells(pages.COMB, 6))
    off = np.array([[1, 0, shift[0]], [0, 1, shift[1]], [0, 0, 1.0]])
    patch, strips = comb_of(page, matrix=off)
    assert patch.framed == 1.0
    assert inked(strips) == [True] * 6


def test_a_stroke_that_crosses_the_frame_stays_whole():
    page = pages.blank()
    left, top, right, bottom = pages.cells(pages.COMB, 6)[2]
    # A slanting tail out of the box, over its lower line.
    cv2.line(page, (right - 12, top + 10), (left + 18, bottom + 12), 30, 4, cv2.LINE_AA)
    _, strips = comb_of(page)
    mask = strips[2][1]
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask)
    assert count == 2
    assert stats[1, cv2.CC_STAT_HEIGHT] == pytest.approx((bottom - top + 2) * CELL_HEIGHT / 52, abs=6)
    assert inked(strips) == [False, False, True, False, False, False]


def test_a_stroke_that_ends_in_the_frame_grows_no_foot():
    page = pages.blank()
    x, y, w, h = pages.FRAME
    cv2.rectangle(page, (x, y), (x + w, y + h), 30, 5)
    cv2.line(page, (x + 80, y + 16), (x + 60, y + h), 30, 5, cv2.LINE_AA)
    patch = lift(page, LEVEL, split(pages.FRAME, 1), FRAME_HEIGHT, None)
    mask = writing(patch)[0]
    scale = FRAME_HEIGHT / h
    wall = patch.cells[0][3] - 2.5 * scale
    rows = np.flatnonzero(mask.any(axis=1))
    assert wall - 3 <= rows.max() <= wall + 3
    assert (mask[rows.max()] > 0).sum() <= 9 * scale


def test_boxes_that_stand_apart_keep_to_themselves():
    page = pages.blank()
    pages.fill(page, "8 5", pages.cells(pages.APART, 3, pages.APART_GAP))
    patch, strips = comb_of(page, pages.APART, 3, pages.APART_GAP)
    assert patch.framed == 1.0
    assert inked(strips) == [True, False, True]


def test_guide_marks_fainter_than_the_pen_are_no_writing():
    page = pages.blank()
    boxes = pages.cells(pages.COMB, 6)
    for left, top, right, bottom in boxes:
        cv2.rectangle(page, (left + 16, top + 10), (right - 16, bottom - 10), 205, 2)
    pages.fill(page, "  7  2", boxes)
    _, strips = comb_of(page)
    assert inked(strips) == [False, False, True, False, False, True]


def test_a_frame_that_is_not_there_is_said():
    assert comb_of(np.full((1100, 850), 250, np.uint8))[0].framed == 0.0
    assert comb_of(pages.blank(), (120, 800, 300, 52))[0].framed < 0.5


def test_a_frame_for_a_number_leaves_the_number():
    page = pages.blank()
    x, y, _w, _h = pages.FRAME
    cv2.putText(page, "2075", (x + 30, y + 44), pages.DIGITS_FONT, 1.3, 30, 3, cv2.LINE_AA)
    patch = lift(page, LEVEL, split(pages.FRAME, 1), FRAME_HEIGHT, None)
    mask, _ = writing(patch)
    count, *_ = cv2.connectedComponentsWithStats(mask)
    assert patch.framed == 1.0
    assert count == 5


@pytest.mark.parametrize(
    ("name", "colour"), [("red", (60, 60, 235)), ("#dc6414", (20, 100, 220)), ("blue", (230, 120, 90))]
)
def test_print_of_the_dropout_colour_goes(name, colour):
    page = np.full((80, 120, 3), 250, np.uint8)
    page[20:60, 30:34] = colour
    page[20:60, 80:84] = (40, 35, 35)
    seen = drop_colour(page, name)
    assert int(seen[40, 31]) > 210
    assert int(seen[40, 81]) < 60
    assert int(drop_colour(page, None)[40, 31]) < 190


@pytest.mark.parametrize("degrees", [0.0, 4.0, -5.0])
def test_a_comb_is_found_without_coordinates(degrees):
    page = pages.blank()
    pages.fill(page, "123456", pages.cells(pages.COMB, 6))
    matrix = pages.laid(degrees)
    page = pages.seen(page, matrix, (850, 1100))
    found = search(page, find_rules(page), (0, 0, 850, 1100), 6, None)
    assert found is not None
    middle = matrix @ [pages.COMB[0] + 150, pages.COMB[1] + 26, 1]
    box = found.patch.box
    assert box.x + box.width / 2 == pytest.approx(middle[0], abs=8)
    assert box.y + box.height / 2 == pytest.approx(middle[1], abs=8)
    assert inked(share_out(found.patch, *writing(found.patch))) == [True] * 6


def test_a_comb_of_another_number_of_boxes_is_not_taken():
    page = pages.blank()
    rules = find_rules(page)
    whole = (0, 0, 850, 1100)
    assert search(page, rules, whole, 5, None) is None
    assert search(page, rules, whole, 3, None) is None
    assert search(page, rules, (0, 300, 850, 1100), 6, None) is None
    assert [count for count, _ in find_combs(page, rules)] == [6]


def test_a_ring_that_leans_on_a_wall_stays_closed():
    page = pages.blank()
    left, top, _, bottom = pages.cells(pages.COMB, 6)[3]
    middle = (top + bottom) // 2
    cv2.circle(page, (left + 9, middle - 4), 8, 30, 3, cv2.LINE_AA)
    cv2.line(page, (left + 17, middle - 4), (left + 17, bottom - 8), 30, 3, cv2.LINE_AA)
    _, strips = comb_of(page)
    mask = strips[3][1]
    outside, _, stats, _ = cv2.connectedComponentsWithStats(255 - mask, connectivity=4)
    assert outside == 3
    assert np.sort(stats[1:, cv2.CC_STAT_AREA])[0] > 20


def test_a_number_on_a_line_keeps_its_first_upright_stroke():
    page = np.full((1100, 850), 250, np.uint8)
    cv2.line(page, (100, 700), (400, 700), 40, 2)
    cv2.line(page, (102, 655), (102, 697), 30, 4)
    cv2.putText(page, "55", (130, 694), pages.DIGITS_FONT, 1.3, 30, 3, cv2.LINE_AA)
    patch = lift(page, LEVEL, split((100, 650, 300, 50), 1), FRAME_HEIGHT, None, framed=False)
    mask, _ = writing(patch)
    assert cv2.connectedComponents(mask)[0] == 4


def test_a_thick_stroke_along_a_wall_stays():
    page = pages.blank()
    left, top, _, bottom = pages.cells(pages.COMB, 6)[2]
    cv2.line(page, (left + 2, top + 6), (left + 2, bottom - 8), 30, 7)
    cv2.line(page, (left + 2, bottom - 12), (left + 25, bottom - 12), 30, 7)
    mask = writing(lift(page, LEVEL, split(pages.COMB, 6), CELL_HEIGHT, None))[0]
    rows = np.flatnonzero(mask.any(axis=1))
    assert np.ptp(rows) > 0.6 * CELL_HEIGHT


def test_a_black_bar_is_no_comb():
    page = np.full((1100, 850), 250, np.uint8)
    cv2.rectangle(page, (100, 300), (500, 350), 30, cv2.FILLED)
    assert search(page, find_rules(page), (0, 0, 850, 1100), 8, None) is None
    assert find_combs(page, find_rules(page)) == []


def ticked(roof: bool) -> np.ndarray:
    """A comb of six on one line, parted by ticks; with a roof the outline is drawn whole."""
    page = np.full((pages.HEIGHT, pages.WIDTH), 250, np.uint8)
    x, y, w, h = pages.COMB
    cv2.line(page, (x, y + h), (x + w, y + h), 40, 2)
    if roof:
        cv2.rectangle(page, (x, y), (x + w, y + h), 40, 2)
    for place in range(7):
        cv2.line(page, (x + place * w // 6, y + 2 * h // 3), (x + place * w // 6, y + h), 40, 2)
    return page


@pytest.mark.parametrize("roof", [False, True])
@pytest.mark.parametrize("shift", [(0, 0), (8, -6)])
def test_boxes_parted_by_ticks_are_a_comb_where_asked_for(roof, shift):
    page = ticked(roof)
    pages.fill(page, "47 191", pages.cells(pages.COMB, 6))
    off = np.array([[1, 0, shift[0]], [0, 1, shift[1]], [0, 0, 1.0]])
    patch = lift(page, off, split(pages.COMB, 6), CELL_HEIGHT, None, ticks=True)
    assert patch.framed == 1.0
    strips = share_out(patch, *writing(patch))
    assert inked(strips) == [True, True, False, True, True, True]
    for _, mask, _ in strips:
        columns = np.flatnonzero(mask.any(axis=0))
        assert not columns.size or np.ptp(columns) < 40  # the digit alone, no tick beside it
    assert lift(page, off, split(pages.COMB, 6), CELL_HEIGHT, None).framed < 0.5


def test_a_line_under_digits_is_no_ticked_comb():
    page = np.full((pages.HEIGHT, pages.WIDTH), 250, np.uint8)
    x, y, w, h = pages.COMB
    cv2.line(page, (x, y + h), (x + w, y + h), 40, 2)
    pages.fill(page, "471119", pages.cells(pages.COMB, 6))
    assert lift(page, LEVEL, split(pages.COMB, 6), CELL_HEIGHT, None, ticks=True).framed < 0.5


@pytest.mark.parametrize("place", [1, 5])
def test_a_digit_that_reaches_the_next_frame_is_not_lost(place):
    page = pages.blank()
    left, top, right, bottom = pages.cells(pages.COMB, 6)[place]
    cv2.line(page, (70, bottom + 7), (780, bottom + 7), 40, 2)
    cv2.line(page, ((left + right) // 2, top + 12), ((left + right) // 2, bottom + 7), 30, 4)
    # A tail that comes down from above is none of this box.
    tail = pages.cells(pages.COMB, 6)[3]
    cv2.line(page, (70, top - 9), (780, top - 9), 40, 2)
    cv2.line(page, (tail[0] + 24, top - 30), (tail[0] + 24, top + 23), 30, 4)
    _, strips = comb_of(page)
    assert inked(strips) == [index == place for index in range(6)]
