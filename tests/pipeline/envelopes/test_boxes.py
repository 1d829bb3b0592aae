"""Rows of printed boxes, drawn in colour and in grey, level and tilted."""

import cv2
import numpy as np
import pytest

from pipeline.envelopes.boxes import find_box_rows

ORANGE, GREY = (60, 140, 235), (120, 120, 120)


def boxed_page(colour: tuple[int, int, int], count: int = 5, degrees: float = 0.0) -> np.ndarray:
    """White page with `count` boxes of 30 x 45, 42 apart, a stroke in each, and a black bar elsewhere."""
    page = np.full((300, 600, 3), 245, np.uint8)
    for k in range(count):
        x = 150 + 42 * k
        cv2.rectangle(page, (x, 180), (x + 30, 225), colour, 2)
        cv2.line(page, (x + 18, 190), (x + 10, 215), (40, 30, 20), 3)
    cv2.rectangle(page, (40, 40), (80, 60), (20, 20, 20), -1)
    turn = cv2.getRotationMatrix2D((300, 150), degrees, 1.0)
    return cv2.warpAffine(page, turn, (600, 300), borderValue=(245, 245, 245))


@pytest.mark.parametrize("degrees", [0.0, 4.0, -4.0])
@pytest.mark.parametrize("colour", [ORANGE, GREY])
def test_five_boxes_are_found_where_they_are(colour, degrees):
    row = find_box_rows(boxed_page(colour, degrees=degrees), (5,))[0]
    assert row.coloured == (colour == ORANGE)
    turn = cv2.getRotationMatrix2D((300, 150), degrees, 1.0)
    for k, cell in enumerate(row.cells):
        x, y = turn @ [150 + 42 * k + 15, 202.5, 1.0]
        assert (cell[0] + cell[2]) / 2 == pytest.approx(x, abs=3)
        assert (cell[1] + cell[3]) / 2 == pytest.approx(y, abs=3)


def test_grey_scans_of_coloured_boxes():
    grey = cv2.cvtColor(boxed_page(ORANGE), cv2.COLOR_BGR2GRAY)
    assert len(find_box_rows(grey, (5,))[0].cells) == 5


def test_another_number_of_boxes_is_no_code():
    assert find_box_rows(boxed_page(ORANGE, count=3), (5,)) == []
    assert find_box_rows(np.full((200, 300, 3), 240, np.uint8), (5,)) == []


def test_a_box_that_is_missing_in_the_middle_is_put_in():
    page = boxed_page(ORANGE)
    page[178:228, 148 + 84 : 184 + 84] = 245
    cells = find_box_rows(page, (5,))[0].cells
    assert (cells[2, 0] + cells[2, 2]) / 2 == pytest.approx(150 + 84 + 15, abs=3)
