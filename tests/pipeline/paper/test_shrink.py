"""Halving a page."""

import numpy as np
import pytest

from pipeline.paper.ink import darkness, darkness_levels
from pipeline.paper.shrink import shrink


def test_four_pixels_become_their_mean():
    page = np.array([[0, 40, 8], [80, 120, 8], [8, 8, 8]], np.uint8)  # the odd row and column go
    small, scale = shrink(page, 2)
    assert (small.tolist(), scale) == ([[60]], 0.5)


@pytest.mark.parametrize(("longest", "size"), [(400, (300, 400)), (399, (150, 200)), (100, (75, 100))])
def test_a_page_is_halved_until_it_fits(longest, size):
    page = np.zeros((300, 400, 3), np.uint8)
    small, scale = shrink(page, longest)
    assert small.shape == (*size, 3)
    assert scale == size[1] / 400


def test_levels_are_the_darkness_rounded():
    rng = np.random.default_rng(0)
    grey = np.clip(rng.normal(200, 20, (90, 120)), 1, 255).astype(np.uint8)
    grey[40:44, 20:90] = 60
    assert np.abs(darkness(grey) * 255.0 - darkness_levels(grey)).max() <= 1.0
