"""The page in its scan: on a dark bed, askew, photographed, or nothing to be done."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.document import Box
from pipeline.paper.page_in_scan import find_page


def scan_of(page: np.ndarray, matrix: np.ndarray, size: tuple[int, int], bed) -> np.ndarray:
    return cv2.warpPerspective(page, matrix, size, flags=cv2.INTER_AREA, borderValue=bed)


def page_with_mark() -> np.ndarray:
    page = np.full((400, 700, 3), 240, np.uint8)
    page[300:320, 400:500] = 20
    return page


@settings(max_examples=15, deadline=None)
@given(
    st.floats(-8, 8),
    st.sampled_from([(10, 10, 10), (90, 60, 25), (60, 110, 50), (120, 120, 120), (40, 50, 130)]),
    st.floats(-0.0001, 0.0001),
)
def test_a_page_on_a_bed_is_cut_out_and_its_boxes_go_back(degrees, bed, tilt):
    turn = np.vstack([cv2.getRotationMatrix2D((350, 200), degrees, 1.0), [0, 0, 1]])
    turn[:2, 2] += 110
    turn = np.array([[1, 0, 0], [0, 1, 0], [tilt, tilt, 1]]) @ turn
    scan = scan_of(page_with_mark(), turn, (960, 680), bed)
    found = find_page(scan)
    assert found is not None
    # The mark is where it was on the page, but for a trifle at the edges and the tilt's own scale.
    ys, xs = np.nonzero(found.image[:, :, 1] < 90)
    scale = found.image.shape[1] / 700
    assert xs.mean() == pytest.approx(449.5 * scale, abs=9)
    box = found.place(Box(int(xs.min()), int(ys.min()), int(np.ptp(xs)) + 1, int(np.ptp(ys)) + 1), scan.shape)
    corners = np.array([[(400, 300)], [(500, 300)], [(500, 320)], [(400, 320)]], np.float64)
    there = cv2.perspectiveTransform(corners, turn)[:, 0]
    assert (box.x, box.y) == pytest.approx(there.min(axis=0), abs=5)
    assert (box.x + box.width, box.y + box.height) == pytest.approx(there.max(axis=0), abs=5)


def test_a_level_page_is_cut_out_as_it_lies():
    scan = np.full((600, 900), 30, np.uint8)
    scan[100:500, 150:750] = 230
    found = find_page(scan)
    assert found is not None
    assert found.image.min() > 200  # no bed is left
    assert found.image.shape[0] == pytest.approx(400, abs=12)
    assert found.back[0, 0] == 1.0  # not one pixel was resampled


def test_white_pages_and_shadows_are_left_alone():
    white = np.full((500, 900), 245, np.uint8)
    white[200:220, 300:500] = 10
    assert find_page(white) is None
    shadow = white.copy()
    shadow[:, :400] = (shadow[:, :400] * 0.5).astype(np.uint8)  # a hard edge from top to bottom
    assert find_page(shadow) is None
    x, y = np.meshgrid(np.arange(900), np.arange(500))
    across = np.where(x + y > 700, 0.5, 1.0) * white
    assert find_page(across.astype(np.uint8)) is None


def test_pictures_without_a_page_are_left_alone():
    rng = np.random.default_rng(0)
    assert find_page(rng.integers(0, 255, (400, 600), np.uint8)) is None
    assert find_page(np.full((10, 10), 0, np.uint8)) is None
    disc = np.full((400, 600), 20, np.uint8)
    cv2.circle(disc, (300, 200), 150, 240, -1)
    assert find_page(disc) is None
