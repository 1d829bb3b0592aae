"""Pages turned upright, and places brought back to the page as decoded."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.document import Box
from pipeline.paper.turns import TURNS, turn_back, turn_upright


def test_a_page_on_its_side_comes_upright():
    lying = np.array([[4, 1], [5, 2], [6, 3]], np.uint8)  # 1 2 3 over 4 5 6, turned clockwise
    assert turn_upright(lying, 90).tolist() == [[1, 2, 3], [4, 5, 6]]
    assert turn_upright(lying, 270).tolist() == [[6, 5, 4], [3, 2, 1]]
    assert turn_upright(lying, 180).tolist() == [[3, 6], [2, 5], [1, 4]]


@pytest.mark.parametrize("turn", TURNS)
@given(data=st.data())
def test_a_box_found_upright_covers_the_same_pixels_of_the_page(turn, data):
    height, width = data.draw(st.integers(2, 30)), data.draw(st.integers(2, 30))
    page = np.arange(height * width, dtype=np.uint16).reshape(height, width)
    upright = turn_upright(page, turn)
    x, y = data.draw(st.integers(0, upright.shape[1] - 1)), data.draw(st.integers(0, upright.shape[0] - 1))
    box = Box(
        x, y, data.draw(st.integers(1, upright.shape[1] - x)), data.draw(st.integers(1, upright.shape[0] - y))
    )
    back = turn_back(box, turn, page.shape)
    found = upright[box.y : box.y + box.height, box.x : box.x + box.width]
    there = page[back.y : back.y + back.height, back.x : back.x + back.width]
    assert set(found.ravel()) == set(there.ravel())
