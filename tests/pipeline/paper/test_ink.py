"""Telling ink from paper, on arrays with answers worked out by hand."""

import numpy as np
import pytest

from pipeline.paper import ink


def page_with_bar(paper: int = 200, bar: int = 50, shape: tuple[int, int] = (64, 96)) -> np.ndarray:
    """Even paper with an upright bar 4 pixels wide, rows 20 to 43, columns 40 to 43."""
    image = np.full(shape, paper, np.uint8)
    image[20:44, 40:44] = bar
    return image


def test_darkness_is_share_of_the_papers_light():
    dark = ink.darkness(page_with_bar(200, 50))
    assert dark.dtype == np.float32
    assert dark[30, 41] == pytest.approx(0.75, abs=0.02)
    assert dark[5, 5] == pytest.approx(0.0, abs=0.01)


def test_binarize_finds_the_same_bar_under_a_shadow():
    light = np.linspace(0.7, 1.0, 96)[None, :]
    shaded = (page_with_bar() * light).astype(np.uint8)
    mask = ink.binarize(ink.darkness(shaded))
    expected = np.zeros((64, 96), bool)
    expected[20:44, 40:44] = True
    assert np.array_equal(mask > 0, expected)


def test_blank_paper_holds_no_ink():
    noise = np.random.default_rng(0).integers(0, 4, (64, 96))
    assert not ink.binarize(ink.darkness((200 + noise).astype(np.uint8))).any()


def test_stroke_width_of_a_bar():
    mask = np.zeros((64, 96), np.uint8)
    mask[10:54, 40:44] = 255
    # 44 x 4 pixels, of which 42 x 2 are not on the outline: 2 * 176 / 92.
    assert ink.stroke_width(mask) == pytest.approx(2 * 176 / 92)
    assert ink.stroke_width(np.zeros((5, 5), np.uint8)) == 0.0


def test_even_ink_makes_faint_and_black_strokes_alike():
    for bar in (150, 20):
        dark = ink.darkness(page_with_bar(200, bar))
        even = ink.even_ink(dark, ink.binarize(dark))
        assert even[30, 41] > 240
        assert even[5, 5] == 0


def test_even_ink_of_nothing_is_black():
    dark = np.zeros((8, 8), np.float32)
    assert not ink.even_ink(dark, np.zeros((8, 8), np.uint8)).any()


def test_to_grey_keeps_grey_and_converts_colour():
    grey = page_with_bar()
    assert ink.to_grey(grey) is grey
    assert np.array_equal(ink.to_grey(np.dstack([grey] * 3)), grey)


def test_a_negative_is_turned_round_and_a_positive_is_not():
    positive = page_with_bar(200, 50)
    negative = 255 - positive
    assert ink.positive(positive) is positive
    assert np.array_equal(ink.positive(negative), positive)


def test_a_negative_in_uneven_light_is_turned_round():
    shade = np.linspace(0, 90, 96)[None, :]
    negative = np.clip(page_with_bar(0, 160) + shade, 0, 255).astype(np.uint8)
    assert np.array_equal(ink.positive(negative), 255 - negative)
    dark_paper = np.clip(page_with_bar(110, 20) + shade, 0, 255).astype(np.uint8)
    assert ink.positive(dark_paper) is dark_paper


def test_blank_paper_is_no_negative():
    noise = np.random.default_rng(0).integers(0, 4, (64, 96))
    for paper in (10, 128, 250):
        blank = (paper + noise).astype(np.uint8)
        assert ink.positive(blank) is blank
