"""Ruled lines go, the strokes across them stay."""

import numpy as np

from pipeline.paper.lines import erase_lines, find_lines, find_walls


def underlined_stroke() -> tuple[np.ndarray, np.ndarray]:
    """An upright stroke 4 wide that crosses a line 2 thick; the ink, and where the line alone is."""
    mask = np.zeros((60, 200), np.uint8)
    mask[45:47, :] = 255
    alone = mask > 0
    mask[10:56, 100:104] = 255
    alone[:, 100:104] = False
    return mask, alone


def test_find_lines_finds_the_line_and_not_the_stroke():
    mask, alone = underlined_stroke()
    lines = find_lines(mask, min_length=60, max_thickness=5) > 0
    assert lines[alone].all()
    assert not lines[:44].any()
    assert not lines[48:].any()


def test_erase_lines_leaves_the_crossing_stroke_whole():
    mask, alone = underlined_stroke()
    left = erase_lines(mask, find_lines(mask, 60, 5), reach=6) > 0
    assert left[10:56, 100:104].all()
    assert not left[alone].any()


def test_short_dashes_and_thick_bars_are_no_lines():
    mask = np.zeros((60, 200), np.uint8)
    mask[30:32, 20:50] = 255
    mask[5:25, :] = 255
    assert not find_lines(mask, 60, 5)[:, 20:50].any()


def framed(upright: int) -> np.ndarray:
    """A frame 2 thick, rows 5 to 54 and columns 10 to 189, and an upright stroke in a column of its own."""
    mask = np.zeros((60, 200), np.uint8)
    mask[5:7, 10:190] = mask[53:55, 10:190] = 255
    mask[5:55, 10:12] = mask[5:55, 188:190] = 255
    mask[5:55, upright : upright + 2] = 255
    return mask


def test_the_sides_of_a_frame_are_walls_and_a_1_between_its_rules_is_none():
    mask = framed(upright=100)
    walls = find_walls(mask, find_lines(mask, 60, 5), 5) > 0
    assert walls[7:53, 10:12].all()
    assert walls[7:53, 188:190].all()
    assert not walls[:, 20:180].any()


def test_without_a_rule_at_both_ends_there_is_no_wall():
    mask = framed(upright=100)
    mask[5:7] = 0
    assert not find_walls(mask, find_lines(mask, 60, 5), 5).any()


def test_a_rule_along_the_edge_is_no_thicker_for_that():
    mask = np.zeros((60, 200), np.uint8)
    mask[56:] = mask[:3] = 255
    lines = find_lines(mask, min_length=60, max_thickness=5) > 0
    assert np.flatnonzero(lines.all(axis=1)).tolist() == [0, 1, 2, 56, 57, 58, 59]


def test_a_wall_that_a_stroke_runs_along_stays_with_it():
    mask = framed(upright=100)
    mask[5:55, 183:188] = 255
    walls = find_walls(mask, find_lines(mask, 60, 5), 5)
    assert walls[7:53, 10:12].all()
    assert not walls[:, 170:].any()
