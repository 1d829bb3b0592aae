"""Slant and skew of drawn strokes with a known angle."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import deskew


def strokes(shear: float) -> np.ndarray:
    """Six strokes that lean to the right by `shear` pixels per pixel up."""
    mask = np.zeros((60, 240), np.uint8)
    for x in range(40, 200, 25):
        cv2.line(mask, (round(x + 25 * shear), 5), (round(x - 25 * shear), 55), 255, 3)
    return mask


@pytest.mark.parametrize("degrees", [-20, 0, 10, 30])
def test_estimate_slant(degrees):
    found = np.degrees(np.arctan(deskew.estimate_slant(strokes(np.tan(np.radians(degrees))))))
    assert found == pytest.approx(degrees, abs=5)


def test_shear_makes_leaning_strokes_upright():
    mask = strokes(0.4)
    upright = deskew.shear(mask, deskew.estimate_slant(mask)) > 127
    columns = upright.sum(axis=0)
    assert (columns > 40).sum() >= 6  # each stroke stands in a few full columns
    assert upright.sum() == pytest.approx((mask > 127).sum(), rel=0.05)


def test_no_ink_has_no_slant_and_no_skew():
    blank = np.zeros((40, 40), np.uint8)
    assert deskew.estimate_slant(blank) == 0.0
    assert deskew.estimate_skew(blank) == 0.0


@settings(max_examples=25, deadline=None)
@given(st.floats(-10, 10))
def test_estimate_skew_of_ruled_text(degrees):
    page = np.zeros((400, 600), np.uint8)
    for y in range(80, 340, 30):
        page[y : y + 8, 80:520:3] = 255
    turned, _ = deskew.rotate(page, -degrees, paper=0)
    assert deskew.estimate_skew(turned) == pytest.approx(degrees, abs=0.4)


def test_rotate_returns_the_way_from_old_to_new_pixels():
    page = np.full((100, 200), 255, np.uint8)
    page[20:24, 150:154] = 0
    turned, matrix = deskew.rotate(page, 5.0)
    x, y = matrix @ np.array([151.5, 21.5, 1.0])
    assert turned[round(y), round(x)] < 64
