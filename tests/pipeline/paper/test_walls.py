"""Frames, walls and ticks are told from the 1s that they look like."""

import cv2
import numpy as np
import pytest

from pipeline.paper.lines import find_lines
from pipeline.paper.walls import find_walls


def framed(upright: int) -> np.ndarray:
    """A frame 2 thick, rows 5 to 54 and columns 10 to 189, and a 1 that hangs from its head."""
    mask = np.zeros((60, 200), np.uint8)
    mask[5:7, 10:190] = mask[53:55, 10:190] = 255
    mask[5:55, 10:12] = mask[5:55, 188:190] = 255
    mask[5:48, upright : upright + 2] = 255
    return mask


def test_the_sides_of_a_frame_are_walls_and_a_1_between_its_rules_is_none():
    mask = framed(upright=100)
    walls = find_walls(mask, find_lines(mask, 60, 5), 5) > 0
    assert walls[7:53, 10:12].all()
    assert walls[7:53, 188:190].all()
    assert not walls[:, 20:180].any()


def test_without_a_rule_at_both_ends_there_is_no_wall():
    mask = framed(upright=100)
    mask[5:7] = mask[:53, 180:] = 0
    assert not find_walls(mask, find_lines(mask, 60, 5), 5).any()


def test_a_wall_that_a_stroke_runs_along_stays_with_it():
    mask = framed(upright=100)
    mask[5:55, 183:188] = 255
    walls = find_walls(mask, find_lines(mask, 60, 5), 5)
    assert walls[7:53, 10:12].all()
    assert not walls[:, 170:].any()


def between(left: tuple[int, int, int], right: tuple[int, int, int], rule: bool = False) -> np.ndarray:
    """Two upright strokes 3 wide (column, top, bottom) around two zeros 30 high; a rule from foot to foot."""
    mask = np.zeros((60, 200), np.uint8)
    for column, top, bottom in (left, right):
        mask[top:bottom, column : column + 3] = 255
    for x in (80, 120):
        cv2.ellipse(mask, (x, 30), (12, 15), 0, 0, 360, 255, 3)
    if rule:
        mask[left[2] - 2 : left[2], left[0] : right[0] + 3] = 255
    return mask


def found(mask: np.ndarray) -> list[int]:
    """Columns in which a wall was found."""
    walls = find_walls(mask, find_lines(mask, 54, 7), 7)
    return np.flatnonzero(walls.any(axis=0)).tolist()


WALLS = [10, 11, 12, 180, 181, 182]


def test_lines_at_both_ends_that_are_higher_than_the_writing_are_walls():
    assert found(between((10, 5, 55), (180, 5, 55))) == WALLS


def test_ticks_that_stand_on_the_ends_of_a_rule_are_walls():
    assert found(between((10, 32, 52), (180, 32, 52), rule=True)) == WALLS


def test_lines_like_those_at_the_ends_are_walls_between_them_too():
    mask = between((10, 5, 55), (180, 5, 55))
    mask[5:55, 100:103] = 255
    assert found(mask) == sorted([*WALLS, 100, 101, 102])


def test_strokes_alone_are_1s_however_much_alike():
    mask = np.zeros((60, 200), np.uint8)
    for column in (10, 60, 110, 180):
        mask[5:55, column : column + 3] = 255
    assert found(mask) == []


@pytest.mark.parametrize(
    "mask",
    [
        pytest.param(between((10, 14, 46), (180, 14, 46)), id="1s as high as the zeros between them"),
        pytest.param(between((10, 5, 55), (180, 12, 55)), id="one shorter than the other"),
        pytest.param(between((10, 5, 55), (100, 5, 55)), id="writing beyond the second"),
        pytest.param(between((10, 32, 52), (180, 32, 52)), id="ticks without a rule"),
    ],
)
def test_strokes_that_may_be_1s_are_none(mask):
    assert found(mask) == []


def test_leaning_or_bent_strokes_are_none():
    mask = between((10, 5, 55), (180, 5, 55))
    leaning = cv2.warpAffine(mask, np.float64([[1, -0.25, 8], [0, 1, 0]]), (200, 60), flags=cv2.INTER_NEAREST)
    assert found(leaning) == []
    rows = np.arange(60)
    bent = np.stack([np.roll(row, round(2.5 * np.sin(y / 8))) for y, row in zip(rows, mask, strict=True)])
    assert found(bent) == []
