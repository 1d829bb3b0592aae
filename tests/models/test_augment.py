"""Augmentation: same shape, same seed same result, small changes."""

import numpy as np
import pytest

from models.augment import Augmentation, augment

SQUARE = np.zeros((50, 28, 28), np.uint8)
SQUARE[:, 8:20, 8:20] = 255
STILL = Augmentation(rotation=0, shear=0, zoom=0, stretch=0, shift=0, thickness=0, blur=0, scrap=0)


def test_nothing_asked_changes_nothing():
    assert np.array_equal(augment(SQUARE, np.random.default_rng(0), STILL), SQUARE)


def test_same_seed_same_crops():
    first, second = (augment(SQUARE, np.random.default_rng(4)) for _ in range(2))
    assert np.array_equal(first, second)
    assert len(np.unique(first.reshape(50, -1), axis=0)) > 40
    assert (first.shape, first.dtype) == (SQUARE.shape, np.uint8)


def test_shift_moves_the_middle_by_at_most_its_amount():
    moved = augment(SQUARE, np.random.default_rng(1), Augmentation(0, 0, 0, 0, 2.0, 0, 0, 0)).astype(float)
    middles = (moved.sum(axis=1) @ np.arange(28)) / moved.sum(axis=(1, 2))
    assert np.abs(middles - 13.5).max() <= 2.01
    assert np.abs(middles - 13.5).max() > 1.0


def test_rotation_keeps_the_ink_and_the_centre():
    turned = augment(SQUARE, np.random.default_rng(1), Augmentation(20, 0, 0, 0, 0, 0, 0, 0)).astype(float)
    assert turned.sum(axis=(1, 2)) == pytest.approx(SQUARE[0].astype(float).sum(), rel=0.03)
