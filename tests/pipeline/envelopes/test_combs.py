"""Boxes with shared walls, found by their lines where the pen has closed none of them in."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipeline.envelopes.boxes import find_box_rows
from pipeline.envelopes.combs import find_combs

ASPECT = (0.4, 1.25)


def comb(groups: tuple[int, ...] = (5,), width: int = 30, height: int = 44, slope: float = 0.0) -> np.ndarray:
    """Boxes with shared walls and a dash between groups, every one crossed from wall to wall; ink 255."""
    mask = np.zeros((160, 520), np.uint8)
    left = 40
    for number, count in enumerate(groups):
        for k in range(count):
            x = left + width * k
            cv2.rectangle(mask, (x, 60), (x + width, 60 + height), 255, 2)
            cv2.line(mask, (x + 4, 62), (x + width - 4, 58 + height), 255, 4)
            cv2.line(mask, (x, 60 + height // 2), (x + width, 62 + height // 2), 255, 3)
        left += width * count
        if number + 1 < len(groups):
            cv2.line(mask, (left, 82), (left + 16, 82), 255, 2)
            left += 16
    shear = np.array([[1.0, 0.0, 0.0], [slope, 1.0, -slope * 200]])
    return cv2.warpAffine(mask, shear, (520, 160), flags=cv2.INTER_NEAREST)


def part(mask: np.ndarray) -> tuple[np.ndarray, int, int]:
    x, y, width, height = cv2.boundingRect(mask)
    return mask[y : y + height, x : x + width], x, y


@pytest.mark.parametrize("slope", [0.0, 0.03, -0.04])
def test_walls_at_equal_steps_part_the_lines_into_boxes(slope: float) -> None:
    ink, x, y = part(comb((5,), slope=slope))
    cells = np.array(list(find_combs(ink, (5,), ASPECT))) + np.array([x, y, x, y])
    middles = (cells[:, :2] + cells[:, 2:]) / 2
    expected = 55 + 30 * np.arange(5)
    assert middles[:, 0] == pytest.approx(expected, abs=2)
    assert middles[:, 1] == pytest.approx(82 + slope * (expected - 200), abs=3)
    assert cells[:, 2] - cells[:, 0] == pytest.approx(np.full(5, 25), abs=3)


def test_groups_that_a_dash_joins_are_told_apart() -> None:
    mask = comb((5, 3))
    mask[40:64, 50:56] = 255  # the pen reaches over the line above
    ink, x, _ = part(mask)
    lefts = [x + left for left, _, _, _ in find_combs(ink, (5, 3), ASPECT)]
    assert lefts == pytest.approx([42 + 30 * k + (16 if k >= 5 else 0) for k in range(8)], abs=3)


def test_other_numbers_words_and_bars_are_none() -> None:
    assert list(find_combs(part(comb((4,)))[0], (5,), ASPECT)) == []
    bar = np.full((12, 60), 255, np.uint8)
    assert list(find_combs(bar, (5, 3), ASPECT)) == []
    word = np.zeros((40, 200), np.uint8)
    cv2.putText(word, "Kossuth", (4, 32), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 255, 6)
    assert list(find_combs(word, (4, 5), ASPECT)) == []


def test_a_row_is_found_though_the_pen_has_left_no_hole_whole() -> None:
    page = np.where(comb((5, 3)) > 0, np.uint8(60), np.uint8(245))
    row = next(find_box_rows(page, (5, 3)))[0]
    assert len(row.cells) == 8
    middles = row.cells[:, [0, 2]].mean(axis=1)
    assert middles == pytest.approx([55 + 30 * k + (16 if k >= 5 else 0) for k in range(8)], abs=3)
