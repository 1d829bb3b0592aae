"""Where components are cut: seams through thin ink, valleys between rings, and components side by side."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.strings import seams
from pipeline.strings.seams import LEAN, find_cuts, find_seams, find_valleys
from tests.pipeline.strings.test_segment import rings


def bridged(height: int = 30, width: int = 60) -> np.ndarray:
    """Two blocks joined by a bridge 2 pixels high."""
    part = np.zeros((height, width), np.uint8)
    part[:, : width // 2 - 5] = 255
    part[:, width // 2 + 5 :] = 255
    part[height // 2 - 1 : height // 2 + 1, width // 2 - 5 : width // 2 + 5] = 255
    return part


def test_the_cheapest_seam_passes_the_thin_bridge():
    (ways,) = find_seams([bridged()], limit=4)
    assert 25 <= ways[0][15] < 35
    (cuts,) = find_cuts([bridged()], distance=12, limit=4, valley=10)
    assert len(cuts) == 1
    assert 25 <= cuts[0].min() <= cuts[0].max() < 35


def test_a_solid_block_is_not_cut():
    assert find_cuts([np.full((30, 60), 255, np.uint8)], distance=5, limit=7, valley=15) == [[]]


def test_find_valleys_finds_the_saddle_between_two_rings():
    saddle = (255 * (rings([40, 70]) > 0)).astype(np.uint8)
    assert find_valleys(saddle, limit=20) == [pytest.approx(55, abs=1)]


def test_no_components_have_no_seams():
    assert find_seams([], limit=4) == []
    assert find_cuts([], distance=12, limit=4, valley=10) == []


def test_small_components_are_not_cut_and_keep_their_place():
    speck = np.full((2, 3), 255, np.uint8)
    before, cuts, after = find_cuts([speck, bridged(), speck], distance=12, limit=4, valley=10)
    assert (before, after) == ([], [])
    assert len(cuts) == 1


def cost_of(part: np.ndarray, seam: np.ndarray) -> float:
    """What a seam pays: the ink that it passes, and its moves to the side."""
    ink = part[np.arange(len(part)), seam] / 255.0 + 0.01
    return float(ink.sum() + LEAN * np.abs(np.diff(seam)).sum())


def cheapest(part: np.ndarray) -> float:
    """What the cheapest way from top to bottom pays, row by row."""
    ink = part / 255.0 + 0.01
    best = ink[0]
    for row in ink[1:]:
        beside = np.pad(best, 1, constant_values=np.inf) + float(LEAN)
        best = row + np.minimum(best, np.minimum(beside[:-2], beside[2:]))
    return float(best.min())


def test_components_too_many_to_lie_side_by_side_are_taken_in_their_order(monkeypatch):
    parts = [bridged(width=width) for width in (60, 80, 70, 60)]
    together = find_seams(parts, limit=4)
    monkeypatch.setattr(seams, "ROOM", 30 * 145)
    assert [len(group) for group in seams._groups(parts)] == [2, 2]
    for one, other in zip(together, find_seams(parts, limit=4), strict=True):
        np.testing.assert_array_equal(np.array(one), np.array(other))


shapes = st.tuples(st.integers(1, 12), st.integers(1, 15))


@settings(max_examples=60, deadline=None)
@given(st.lists(shapes, min_size=1, max_size=5), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_components_side_by_side_have_the_seams_they_have_alone(sizes, apart, seed):
    rng = np.random.default_rng(seed)
    parts = [rng.integers(0, 256, size).astype(np.uint8) for size in sizes]
    together = find_seams(parts, limit=5.0, apart=apart)
    for part, ways in zip(parts, together, strict=True):
        (alone,) = find_seams([part], limit=5.0, apart=apart)
        np.testing.assert_array_equal(np.array(ways), np.array(alone))
        for seam in ways:
            assert seam.shape == (len(part),)
            assert 0 <= seam.min() <= seam.max() < part.shape[1]
            assert (np.abs(np.diff(seam)) <= 1).all()
        if ways:  # the first one is the cheapest there is
            assert cost_of(part, ways[0]) == pytest.approx(cheapest(part), abs=1e-3)
