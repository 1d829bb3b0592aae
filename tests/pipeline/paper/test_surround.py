"""What lies around a strip is cut away; paper, rules and shadows stay."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.document import Box
from pipeline.paper.surround import find_strip


def strip(height: int = 40, width: int = 120) -> np.ndarray:
    """Tinted, grainy paper with two strokes."""
    paper = np.random.default_rng(3).integers(160, 176, (height, width)).astype(np.uint8)
    paper[8:32, 30:34] = paper[8:32, 80:84] = 40
    return paper


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(*[st.one_of(st.just(0), st.integers(2, 60))] * 4),
    st.sampled_from([0, 12, 60, 215, 240, 255]),
    st.integers(0, 4),
)
def test_a_surround_of_any_width_on_any_side_is_cut_away(sides, bed, noise):
    left, top, right, bottom = sides
    image = np.full((40 + top + bottom, 120 + left + right), bed, np.int16)
    image += np.random.default_rng(0).integers(-noise, noise + 1, image.shape).astype(np.int16)
    image = np.clip(image, 0, 255).astype(np.uint8)
    image[top : top + 40, left : left + 120] = strip()
    assert find_strip(image) == Box(left, top, 120, 40)


def test_two_surrounds_of_two_greys():
    image = np.pad(np.pad(strip(), 9, constant_values=5), 14, constant_values=250)
    assert find_strip(image) == Box(23, 23, 120, 40)


@pytest.mark.parametrize("greys", [[90], [70, 120], [40, 80, 120]])
def test_the_soft_edge_of_a_dark_bed_goes_with_it(greys: list[int]):
    image = np.pad(strip(), ((0, 0), (6, 0)), constant_values=10)
    image[:, 6 : 6 + len(greys)] = greys
    box = find_strip(image)
    assert (box.x, box.y, box.height) == (6 + len(greys), 0, 40)


@pytest.mark.parametrize("grey", [255, 170])
def test_writing_on_plain_paper_has_no_surround(grey):
    image = np.full((40, 120), grey, np.uint8)
    image[8:32, 30:34] = 20
    assert find_strip(image) == Box(0, 0, 120, 40)


def test_a_frame_or_a_rule_on_plain_paper_is_no_strip():
    image = np.full((60, 160), 240, np.uint8)
    image[6:8, 6:154] = image[52:54, 6:154] = 60
    image[6:54, 6:8] = image[6:54, 152:154] = 60
    assert find_strip(image) == Box(0, 0, 160, 60)


def test_a_shadow_is_no_surround():
    light = np.linspace(0.5, 1.0, 120)[None, :]
    assert find_strip((strip() * light).astype(np.uint8)) == Box(0, 0, 120, 40)


def test_nothing_but_surround_is_left_as_it_is():
    assert find_strip(np.full((30, 50), 255, np.uint8)) == Box(0, 0, 50, 30)
    assert find_strip(np.zeros((1, 1), np.uint8)) == Box(0, 0, 1, 1)
