"""The MNIST rule: 20x20 box, aspect kept, centre of mass in the middle."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.strings.normalize import normalize


def test_a_square_comes_to_the_middle_as_20_by_20():
    out = normalize(np.full((50, 50), 255, np.uint8))
    expected = np.zeros((28, 28), np.uint8)
    expected[4:24, 4:24] = 255
    assert np.array_equal(out, expected)


def test_aspect_is_kept():
    out = normalize(np.full((40, 10), 255, np.uint8))
    ys, xs = np.nonzero(out)
    assert ys.max() - ys.min() + 1 == 20
    assert xs.max() - xs.min() + 1 == 5


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 2**32 - 1))
def test_centre_of_mass_lies_in_the_centre_unless_the_frame_forbids(h, w, seed):
    glyph = np.random.default_rng(seed).integers(1, 256, (h, w), dtype=np.uint8)
    out = normalize(glyph).astype(float)
    assert out.sum() > 0
    # MNIST's own digits have it at 14.0 pixels, to half a pixel of rounding.
    rows, columns = np.arange(28) @ out.sum(axis=1) / out.sum(), np.arange(28) @ out.sum(axis=0) / out.sum()
    assert rows == pytest.approx(14.0, abs=0.75)
    assert columns == pytest.approx(14.0, abs=0.75)


def test_no_ink_stays_black():
    assert not normalize(np.zeros((9, 9), np.uint8)).any()
