"""A line as one picture: its size, its place, its longest."""

import numpy as np
import pytest

from pipeline.strings.picture import DIGIT, HEIGHT, MARGIN, MAX_WIDTH, draw_crop, draw_line
from pipeline.strings.segment import segment


def line(bars: int, height: int, pitch: int = 30, top: int = 20) -> np.ndarray:
    """Darkness of upright bars, `height` high and 6 wide."""
    dark = np.zeros((height + 60, pitch * bars + 40), np.float32)
    for k in range(bars):
        dark[top : top + height, 20 + pitch * k : 26 + pitch * k] = 0.9
    return dark


def test_digits_come_to_their_height_in_the_middle():
    for height in (24, 40, 80):
        picture = draw_line(segment(line(4, height), slant=0.0))
        assert picture.shape[0] == HEIGHT
        rows = np.flatnonzero(picture.max(axis=1) > 100)
        assert abs(np.ptp(rows) + 1 - DIGIT) <= 2
        assert abs(rows.mean() - HEIGHT / 2) <= 1.5
        columns = np.flatnonzero(picture.max(axis=0) > 60)
        assert abs(columns[0] - MARGIN) <= 2
        assert abs(picture.shape[1] - 1 - columns[-1] - MARGIN) <= 3


@pytest.mark.parametrize("tall", [40, 48, 56])
def test_a_digit_twice_as_tall_as_the_zeros_beside_it_is_drawn_whole(tall):
    dark = line(6, 26, top=50)
    dark[76 - tall : 76, 20:26] = 0.9
    picture = draw_line(segment(dark, slant=0.0))
    columns = picture[:, MARGIN : MARGIN + 3].max(axis=1)
    rows = np.flatnonzero(columns > 100)
    assert rows[0] >= 1
    assert rows[-1] <= HEIGHT - 2
    low = np.flatnonzero(picture[:, -MARGIN - 3 : -MARGIN].max(axis=1) > 100)
    assert np.ptp(rows) + 1 == pytest.approx((np.ptp(low) + 1) * tall / 26, abs=2)


def test_what_is_finer_than_a_stroke_is_smoothed_away():
    crop = np.zeros((28, 28), np.uint8)
    crop[4:24, 10:18] = 255 * (np.indices((20, 8)).sum(axis=0) % 2)  # a chessboard of single pixels
    inside = draw_crop(crop)[10:22, MARGIN + 2 : MARGIN + 6].astype(int)
    assert np.ptp(inside) < 64
    assert abs(inside.mean() - 127) < 6


def test_a_very_long_line_is_drawn_narrower_and_whole():
    picture = draw_line(segment(line(60, 24, pitch=40), slant=0.0))
    assert picture.shape == (HEIGHT, MAX_WIDTH)
    ink = picture[HEIGHT // 2] > 20
    assert (np.diff(ink.astype(int)) == 1).sum() >= 58


def test_no_ink_is_no_picture():
    assert draw_line(segment(np.zeros((40, 80), np.float32))).shape == (HEIGHT, 0)


def test_a_crop_is_a_line_of_its_own():
    crop = np.zeros((28, 28), np.uint8)
    crop[4:24, 10:18] = 255
    picture = draw_crop(crop)
    assert picture.shape == (HEIGHT, 8 + 2 * MARGIN)
    rows = np.flatnonzero(picture.max(axis=1) > 127)
    assert (rows[0], rows[-1]) == (6, 25)
    columns = np.flatnonzero(picture.max(axis=0) > 127)
    assert (columns[0], columns[-1]) == (MARGIN, MARGIN + 7)
    assert draw_crop(np.zeros((28, 28), np.uint8)).shape == (HEIGHT, 0)
