"""Rows of printed boxes, drawn in colour and in grey, level and tilted."""

import cv2
import numpy as np
import pytest

from pipeline.boxed import lift_boxes
from pipeline.cut import cut_page
from pipeline.document import Image, Page
from pipeline.envelopes.boxes import BoxRow, find_box_rows
from pipeline.layouts import Layout, load_layout
from pipeline.locate import locate

ORANGE, GREY = (60, 140, 235), (120, 120, 120)


def best(page: Image, groups: tuple[int, ...]) -> BoxRow:
    return next(find_box_rows(page, groups))[0]


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
    row = best(boxed_page(colour, degrees=degrees), (5,))
    assert row.coloured == (colour == ORANGE)
    turn = cv2.getRotationMatrix2D((300, 150), degrees, 1.0)
    for k, cell in enumerate(row.cells):
        x, y = turn @ [150 + 42 * k + 15, 202.5, 1.0]
        assert (cell[0] + cell[2]) / 2 == pytest.approx(x, abs=3)
        assert (cell[1] + cell[3]) / 2 == pytest.approx(y, abs=3)


def test_grey_scans_of_coloured_boxes():
    grey = cv2.cvtColor(boxed_page(ORANGE), cv2.COLOR_BGR2GRAY)
    assert len(best(grey, (5,)).cells) == 5


def test_another_number_of_boxes_is_no_code():
    assert list(find_box_rows(boxed_page(ORANGE, count=3), (5,))) == []
    assert list(find_box_rows(boxed_page(ORANGE, count=7), (5,))) == []
    assert list(find_box_rows(np.full((200, 300, 3), 240, np.uint8), (5,))) == []


def test_a_box_that_is_missing_in_the_middle_is_put_in():
    page = boxed_page(ORANGE)
    page[178:228, 148 + 84 : 184 + 84] = 245
    cells = best(page, (5,)).cells
    assert (cells[2, 0] + cells[2, 2]) / 2 == pytest.approx(150 + 84 + 15, abs=3)


@pytest.mark.parametrize("gap", [14, 40, 60])
def test_two_groups_stand_apart_by_whatever_gap(gap: int) -> None:
    page = np.full((300, 700, 3), 245, np.uint8)
    lefts = [100 + 30 * k + (gap if k >= 3 else 0) for k in range(7)]
    for x in lefts:
        cv2.rectangle(page, (x, 180), (x + 30, 225), (60, 60, 220), 2)
    middles = best(page, (3, 4)).cells[:, [0, 2]].mean(axis=1)
    assert middles == pytest.approx(np.array(lefts) + 15, abs=2)


@pytest.mark.parametrize("thick", [1, 3, 7])
@pytest.mark.parametrize("frame", [ORANGE, GREY, (40, 30, 20)], ids=["orange", "grey", "as the pen"])
def test_frames_are_left_behind_and_strokes_that_touch_them_are_not(
    frame: tuple[int, int, int], thick: int
) -> None:
    page = np.full((300, 400, 3), 245, np.uint8)
    for k in range(5):
        cv2.rectangle(page, (60 + 56 * k, 60), (100 + 56 * k, 120), frame, thick)
        cv2.line(page, (80 + 56 * k, 72), (98 + 56 * k, 108), (40, 30, 20), 4)  # reaches the frame
    lifted = lift_boxes(page, best(page, (5,)))
    assert lifted is not None
    box, strips = lifted
    assert (box.x, box.y) == pytest.approx((60, 60), abs=8)
    for _, own, _ in strips:
        _, _, width, height = cv2.boundingRect(own)
        # The stroke, which comes to 43, in thick frames to 57; no line of the frame: 65, in thick ones 94.
        assert 38 < height < 60
        assert width < 36
        assert cv2.connectedComponents(own)[0] == 2


@pytest.mark.parametrize("thick", [4, 7])
def test_strokes_go_on_over_pale_frames(thick: int) -> None:
    page = np.full((300, 400, 3), 245, np.uint8)
    for k in range(5):
        cv2.rectangle(page, (60 + 56 * k, 60), (100 + 56 * k, 120), (125, 125, 125), thick)
        cv2.line(page, (70 + 56 * k, 60), (90 + 56 * k, 60), (30, 30, 30), 4)  # along the frame
        cv2.line(page, (90 + 56 * k, 60), (76 + 56 * k, 106), (30, 30, 30), 4)
    lifted = lift_boxes(page, best(page, (5,)))
    assert lifted is not None
    for _, own, _ in lifted[1]:
        x, y, width, height = cv2.boundingRect(own)
        assert own[y : y + 3, x : x + width].any(axis=0).mean() > 0.8  # its bar
        assert 0.35 < width / height < 0.6


def test_a_word_is_no_row_of_boxes() -> None:
    page = np.full((300, 400, 3), 245, np.uint8)
    cv2.putText(page, "Poznan", (20, 120), cv2.FONT_HERSHEY_SIMPLEX, 2.5, (40, 30, 20), 6)
    cells = np.array([[24 + 56.0 * k, 60, 70 + 56 * k, 122] for k in range(5)])
    assert lift_boxes(page, BoxRow(cells, False)) is None


def test_a_row_in_the_other_half_of_the_mail_is_doubted() -> None:
    page = boxed_page(ORANGE)
    priors = []
    for image in (page, np.ascontiguousarray(page[::-1])):
        layout = load_layout("envelope", postal="fr")
        assert isinstance(layout, Layout)
        (region,), _ = locate(image, layout)
        priors.append(region.prior)
    assert priors[0] == 1.0
    assert 0.0 < priors[1] < 0.1


def test_a_row_of_empty_boxes_is_no_code() -> None:
    page = np.full((300, 600, 3), 245, np.uint8)
    for x in range(150, 360, 42):
        cv2.rectangle(page, (x, 180), (x + 30, 225), ORANGE, 2)
    layout = load_layout("envelope", postal="fr")
    assert isinstance(layout, Layout)
    regions, empty = locate(page, layout)
    assert regions == []
    assert abs(empty[0].x - 150) < 8
    assert abs(empty[0].width - 198) < 16
    assert cut_page(Page("a.png", 1, page), layout).cuts == ()  # their frames are not read as zeros
