"""The picture of a printed box: the writing in it, the print around it, all that is dark."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.forms.box_ink import BoxInk, draw_box


def box(
    *strokes: tuple[slice, slice], printed: tuple[slice, slice] | None = None, dark: float = 0.8
) -> BoxInk:
    own, print_ = np.zeros((2, 80, 80), np.uint8)
    for stroke in strokes:
        own[stroke] = 255
    if printed:
        print_[printed] = 255
    return BoxInk(np.maximum(own, print_) * np.float32(dark / 255), own, print_)


TALL, SHORT = (slice(20, 60), slice(30, 34)), (slice(40, 44), slice(50, 70))


def test_the_picture_of_a_box_is_all_its_ink():
    picture = draw_box(box(TALL, SHORT))
    assert picture.shape == (28, 28, 3)
    written, printed, dark = np.moveaxis(picture, -1, 0)
    assert sorted(np.ptp(places) + 1 for places in np.nonzero(written > 127)) == [22, 22]
    assert np.count_nonzero(written.max(axis=0) == 0) > 8  # paper on both sides, and between the strokes
    assert not printed.any()
    assert np.array_equal(dark, written)


def test_print_is_seen_where_it_is_and_apart_from_the_writing():
    wall = (slice(None), slice(64, 68))  # right of the stroke, as far from it as it is tall
    picture = draw_box(box(TALL, printed=wall))
    assert not picture[..., 1].any()
    picture = draw_box(box(TALL, printed=(slice(None), slice(36, 40))))
    written, printed, dark = np.moveaxis(picture, -1, 0)
    first, last = np.flatnonzero(printed[14] > 127)[[0, -1]]
    stroke = np.flatnonzero(written[14] > 127)
    assert last - first + 1 == pytest.approx(len(stroke), abs=1)
    assert first - stroke[-1] == pytest.approx(2, abs=1)  # between them two pixels of fifty-one
    assert (printed[:, first] > 127).all()
    assert np.abs(dark.astype(int) - np.maximum(written, printed)).max() <= 1


def test_what_is_neither_written_nor_printed_is_not_seen():
    """Guide marks, which reading leaves out."""
    plain = box(TALL, SHORT)
    marked = BoxInk(plain.dark.copy(), plain.own, plain.printed)
    marked.dark[24:56:4, 40:46] = 0.3
    assert np.array_equal(draw_box(marked), draw_box(plain))


@given(st.floats(0.2, 1.0))
def test_how_dark_the_pen_is_makes_no_difference(dark):
    picture = draw_box(box(TALL, SHORT, dark=dark))
    assert np.abs(picture.astype(int) - draw_box(box(TALL, SHORT))).max() <= 1


@given(st.integers(0, 76), st.integers(0, 60), st.integers(12, 20))
def test_all_of_the_writing_is_in_the_picture(x, y, size):
    """At the edge of what was lifted, too, and with a heavy end: there the middle gives way."""
    picture = draw_box(box((slice(y, y + size), slice(x, x + 4)), (slice(y, y + 4), slice(x, x + size))))
    written = picture[..., 0] > 127
    assert max(np.ptp(places) + 1 for places in np.nonzero(written)) == pytest.approx(22, abs=1)


def test_a_speck_is_no_picture():
    assert draw_box(box((slice(20, 23), slice(30, 33)))) is None
