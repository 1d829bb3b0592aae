"""A printed frame goes, what was written in it stays, however thick the one and near the other."""

import cv2
import numpy as np
import pytest

from pipeline.document import Box
from pipeline.forms.lift import Patch
from pipeline.forms.share import share_out
from pipeline.forms.unframe import writing

HEIGHT, WIDTH, LEFT, TOP = 60, 56, 30, 28


def comb(thick: int, boxes: int = 2) -> Patch:
    """A row of boxes, 56 wide and 60 high from wall to wall, with walls so thick."""
    dark = np.zeros((HEIGHT + 2 * TOP, boxes * WIDTH + 2 * LEFT), np.float32)
    columns = LEFT + WIDTH * np.arange(boxes + 1)
    half = thick // 2
    for row in (TOP, TOP + HEIGHT):
        dark[row - half : row - half + thick, LEFT - half : columns[-1] - half + thick] = 0.9
    for column in columns:
        dark[TOP - half : TOP + HEIGHT - half + thick, column - half : column - half + thick] = 0.9
    cells = np.array([[x, TOP, x + WIDTH, TOP + HEIGHT] for x in columns[:-1]], np.float64)
    walls = columns.astype(np.float64), np.array([TOP, TOP + HEIGHT], np.float64)
    return Patch(dark, cells, walls, 1.0, Box(0, 0, 1, 1), np.zeros(boxes + 1))


@pytest.mark.parametrize("thick", [2, 5, 9, 12])
def test_of_boxes_nobody_wrote_in_nothing_is_left(thick):
    assert not writing(comb(thick))[0].any()


@pytest.mark.parametrize("thick", [2, 5, 9, 12])
def test_a_ring_that_touches_the_line_below_ends_there(thick):
    patch = comb(thick)
    ring = np.zeros_like(patch.dark)
    foot = TOP + HEIGHT - thick // 2  # the line's first row
    cv2.ellipse(ring, (LEFT + WIDTH // 2, foot - 20), (11, 18), 0, 0, 360, 0.9, 4)
    np.maximum(patch.dark, ring, out=patch.dark)
    mask, printed = writing(patch)
    rows = np.flatnonzero(mask.any(axis=1))
    assert rows[0] == pytest.approx(foot - 40, abs=1)
    assert foot - 2 <= rows[-1] <= foot + 4
    one, next_to_it = share_out(patch, mask, printed)
    assert (one.own > 0).sum() == pytest.approx((ring > 0.5).sum(), rel=0.1)
    assert not next_to_it.own.any()
    line = one.printed[foot : foot + thick]
    assert (line > 0).mean() > 0.7  # but for what the ring covers
    assert not one.printed[TOP + 15 : foot - 5, LEFT + 15 : LEFT + WIDTH - 15].any()


@pytest.mark.parametrize(("thick", "tall"), [(5, 8), (9, 11)])
def test_a_small_digit_that_stands_across_the_line_below_is_no_leftover_of_it(thick, tall):
    patch = comb(thick)
    ring = np.zeros_like(patch.dark)
    cv2.ellipse(ring, (LEFT + WIDTH // 2, TOP + HEIGHT), (15, tall), 0, 0, 360, 0.9, 3)
    np.maximum(patch.dark, ring, out=patch.dark)
    one, next_to_it = share_out(patch, *writing(patch))
    assert (one.own > 0).sum() > 0.5 * (ring > 0.5).sum()
    assert not next_to_it.own.any()


@pytest.mark.parametrize("thick", [2, 5, 9])
def test_a_stroke_across_the_line_below_stays_whole(thick):
    patch = comb(thick)
    patch.dark[TOP + 12 : TOP + HEIGHT + 20, LEFT + 26 : LEFT + 30] = 0.9
    rows = np.flatnonzero(writing(patch)[0].any(axis=1))
    assert rows.tolist() == list(range(TOP + 12, TOP + HEIGHT + 20))


def test_strokes_across_a_frame_too_faint_to_be_ink_say_nothing_of_how_thick_it_is():
    patch = comb(2)
    patch.dark[patch.dark > 0] = 0.12
    patch.dark[TOP + 30 : TOP + HEIGHT + 20, LEFT + 26 : LEFT + 30] = 0.9
    bar = slice(TOP + HEIGHT - 10, TOP + HEIGHT - 7), slice(LEFT + WIDTH + 15, LEFT + WIDTH + 40)
    patch.dark[bar] = patch.dark[TOP + 20 : TOP + HEIGHT - 7, bar[1].start : bar[1].start + 3] = 0.9
    mask, _ = writing(patch)
    assert mask[bar].all()
    assert mask[TOP + 30 : TOP + HEIGHT + 20, LEFT + 26 : LEFT + 30].all()
