"""Slant and skew of drawn strokes with a known angle."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.paper import deskew


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
    assert deskew.estimate_skew(np.zeros((0, 4), np.int32), 40) == 0.0


@settings(max_examples=25, deadline=None)
@given(st.floats(-6, 6))
def test_estimate_skew_of_lines_of_letters(degrees):
    x, y = (part.ravel() for part in np.meshgrid(np.arange(80, 520, 14), np.arange(80, 340, 50)))
    low = y + np.tan(np.radians(degrees)) * (x - 300) + 18
    tall = np.where(np.arange(x.size) % 3, 12, 19)
    letters = np.rint(np.stack([x, low - tall, x + 10, low], axis=1)).astype(np.int32)
    assert deskew.estimate_skew(letters, 600) == pytest.approx(degrees, abs=0.5)


def test_leaning_letters_do_not_skew_a_page():
    """Words written uphill letter by letter, as a wobbly hand does, on level lines."""
    x, y = (part.ravel() for part in np.meshgrid(np.arange(80, 520, 14), np.arange(80, 340, 50)))
    low = y + 18 - (x // 14 % 4) * 2
    letters = np.stack([x, low - 16, x + 10, low], axis=1).astype(np.int32)
    assert abs(deskew.estimate_skew(letters, 600)) <= 1.0


def test_rotate_returns_the_way_from_old_to_new_pixels():
    page = np.full((100, 200), 255, np.uint8)
    page[20:24, 150:154] = 0
    turned, matrix = deskew.rotate(page, 5.0)
    x, y = matrix @ np.array([151.5, 21.5, 1.0])
    assert turned[round(y), round(x)] < 64
