"""Ruled lines go, the strokes across them stay."""

import numpy as np

from pipeline.paper.lines import erase_lines, find_lines


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


def test_a_rule_along_the_edge_is_no_thicker_for_that():
    mask = np.zeros((60, 200), np.uint8)
    mask[56:] = mask[:3] = 255
    lines = find_lines(mask, min_length=60, max_thickness=5) > 0
    assert np.flatnonzero(lines.all(axis=1)).tolist() == [0, 1, 2, 56, 57, 58, 59]
