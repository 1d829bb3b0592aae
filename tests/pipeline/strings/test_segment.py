"""Cutting: components, seams between touching strokes, runs of neighbours."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.strings.segment import MAX_RUN, Pieces, digit_height, runs, segment, segment_box


def rings(centres: list[int], radius: int = 15) -> np.ndarray:
    """Darkness of zeros drawn as rings 3 pixels thick at the given columns."""
    strip = np.zeros((50, 200), np.float32)
    for x in centres:
        cv2.circle(strip, (x, 25), radius, 0.8, 3)
    return strip


def test_separate_rings_come_from_left_to_right():
    pieces = segment(rings([150, 30, 90]), slant=0.0)
    lefts = pieces.boxes[:, 0]
    assert (np.diff(lefts) > 0).all()
    assert pieces.height == pytest.approx(33, abs=2)
    # A ring is cut at most in halves, and the halves together are the ring.
    ink = sum((pieces.labels == k + 1).sum() for k in range(len(pieces)))
    assert ink == (pieces.labels > 0).sum() > 700


def test_touching_rings_are_cut_where_they_touch():
    pieces = segment(rings([40, 72]), slant=0.0)
    borders = pieces.boxes[1:, 0]
    assert any(abs(int(border) - 56) <= 3 for border in borders)


def test_the_ink_of_a_box_is_not_cut_nor_is_what_lies_beside_it_seen():
    dark = rings([40, 72, 150])
    mask = np.where(dark > 0.5, np.uint8(255), np.uint8(0))
    mask[:, 100:] = 0
    pieces = segment_box(dark, mask)
    assert len(pieces) == 1 < len(segment(dark, mask, slant=0.0))
    assert pieces.slant == 0.0
    assert not pieces.ink[:, 110:].any()
    assert runs(pieces).tolist() == [[0, 1]]


def test_a_broken_digit_in_a_box_is_one_run_of_its_pieces():
    dark = np.zeros((60, 60), np.float32)
    cv2.ellipse(dark, (36, 18), (10, 9), 0, 0, 360, 0.9, 3)
    cv2.ellipse(dark, (26, 42), (13, 9), 0, 0, 360, 0.9, 3)
    pieces = segment_box(dark, np.where(dark > 0.5, np.uint8(255), np.uint8(0)))
    assert len(pieces) == 2
    assert pieces.height == pytest.approx(45, abs=2)
    assert [0, 2] in runs(pieces).tolist()


def test_no_ink_gives_no_pieces_and_no_runs():
    pieces = segment(np.zeros((40, 80), np.float32))
    assert len(pieces) == 0
    assert runs(pieces).shape == (0, 2)


def test_runs_are_neighbours_in_order():
    pieces = segment(rings([30, 62, 94, 126, 158]), slant=0.0)
    found = runs(pieces)
    assert ((found[:, 1] - found[:, 0] >= 1) & (found[:, 1] - found[:, 0] <= MAX_RUN)).all()
    assert found.tolist() == sorted(found.tolist())
    singles = [start for start, stop in found if stop == start + 1]
    assert singles == list(range(len(pieces)))  # every piece can stand alone, so a way always exists


def test_a_digit_may_lie_in_four_pieces_and_no_more():
    boxes = np.array([[x, 0, x + 4, 30] for x in range(0, 25, 5)], np.int32)
    nothing = np.zeros((30, 24), np.uint8)
    shards = Pieces(nothing, nothing.astype(np.int16), boxes, height=30.0, stroke=3.0, slant=0.0)
    assert [stop for start, stop in runs(shards).tolist() if start == 0] == [1, 2, 3, 4]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_every_inked_pixel_of_a_labelled_piece_lies_in_its_box(seed):
    rng = np.random.default_rng(seed)
    strip = rings(rng.integers(20, 180, 4).tolist(), int(rng.integers(6, 18)))
    pieces = segment(strip + 0.02 * rng.random(strip.shape).astype(np.float32))
    for index, (left, top, right, bottom) in enumerate(pieces.boxes, start=1):
        ys, xs = np.nonzero(pieces.labels == index)
        assert ys.size
        assert (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1) == (left, top, right, bottom)


def test_digit_height_ignores_dots():
    boxes = np.array([[0, 0, 5, 30], [10, 0, 15, 34], [20, 28, 24, 32]], np.int32)
    assert digit_height(boxes) == 32.0
    assert digit_height(np.zeros((0, 4), np.int32)) == 0.0
