"""The shapes of characters, the hands that write them, and the ink they leave."""

from __future__ import annotations

import string
from dataclasses import replace

import numpy as np
import pytest

from sample_scans.curves import allographs, compile_allograph, cumulative_weights
from sample_scans.ink import Blot, clip, ink_box, lay_ink
from sample_scans.pen import PENS, Trace, Writer, choose_allograph, trace

CHARACTERS = string.digits + string.ascii_letters + ".,-=/$*#':()+"


@pytest.mark.parametrize("digit", string.digits)
def test_each_digit_has_many_shapes_each_with_a_name_of_its_own(digit: str) -> None:
    shapes = allographs(digit)
    assert len(shapes) >= 12
    assert len({shape.name for shape in shapes}) == len(shapes)
    assert all(shape.weight > 0 for shape in shapes)


@pytest.mark.parametrize("character", CHARACTERS)
def test_every_shape_leaves_ink_that_ends_within_its_canvas(character: str) -> None:
    rng = np.random.default_rng(1)
    for shape in allographs(character):
        writer = Writer.draw(rng)
        blot = lay_ink(rng, trace(rng, character, writer, shape), writer, 40, (0.3, 0.6))
        assert blot.coverage.dtype == np.uint8
        assert blot.coverage.max() > 60, shape.name
        rim = (blot.coverage[0], blot.coverage[-1], blot.coverage[:, 0], blot.coverage[:, -1])
        assert not any(line.any() for line in rim), shape.name


def test_shapes_pass_through_their_points_and_keep_their_corners() -> None:
    shape = compile_allograph("test", 1.0, "0,0 50,0! 50,100 / 10,20 30,40")
    curve = shape.curves[0] @ shape.points
    for point in shape.points:
        assert np.abs(curve - point).sum(axis=1).min() < 1e-5
    assert len(shape.spans) == 2
    assert shape.along[shape.spans[1]][[0, -1]].tolist() == [0, 1]
    first = curve[shape.spans[0]]
    assert np.minimum(np.abs(first[:, 1]), np.abs(first[:, 0] - 0.5)).max() < 1e-5  # two straight lines


def test_rounding_takes_corners_off_but_leaves_the_ends() -> None:
    shape = compile_allograph("test", 1.0, "0,0 50,0! 50,100")
    sharp, round_ = (shape.curves[i] @ shape.points for i in (0, -1))
    corner = np.array([0.5, 0])
    assert np.hypot(*(sharp - corner).T).min() < 1e-5 < np.hypot(*(round_ - corner).T).min()
    np.testing.assert_allclose(sharp[[0, -1]], round_[[0, -1]], atol=1e-5)


def test_weights_add_up_to_one() -> None:
    assert cumulative_weights("7")[-1] == pytest.approx(1)


def test_a_careful_hand_keeps_to_the_usual_shapes() -> None:
    usual, careful = (np.diff(cumulative_weights("1", careful=each), prepend=0) for each in (False, True))
    np.testing.assert_allclose(careful, usual**2 / (usual**2).sum(), atol=1e-12)
    hand = replace(Writer.draw(np.random.default_rng(4)), constancy=0.0)
    drawn = [
        [
            choose_allograph(np.random.default_rng(seed), "1", replace(hand, careful=each)).weight
            for seed in range(200)
        ]
        for each in (False, True)
    ]
    assert np.mean(drawn[1]) > 1.2 * np.mean(drawn[0])


def test_characters_the_pen_does_not_know() -> None:
    with pytest.raises(KeyError):
        trace(np.random.default_rng(0), "@", Writer.draw(np.random.default_rng(0)))


def test_the_same_seed_gives_the_same_hand_and_the_same_path() -> None:
    one, other = (np.random.default_rng(5) for _ in range(2))
    first, second = Writer.draw(one), Writer.draw(other)
    np.testing.assert_array_equal(first.quirks, second.quirks)
    np.testing.assert_array_equal(trace(one, "5", first).points, trace(other, "5", second).points)


def test_a_constant_writer_writes_one_shape_and_writers_differ() -> None:
    rng = np.random.default_rng(2)
    chosen = set()
    for _ in range(200):
        writer = Writer.draw(rng)
        if writer.constancy > 0.995:
            assert len({choose_allograph(rng, "4", writer).name for _ in range(5)}) == 1
        chosen.add(choose_allograph(rng, "4", writer).name)
    assert len(chosen) >= 15


def test_writers_stay_within_what_hands_do() -> None:
    rng = np.random.default_rng(3)
    writers = [Writer.draw(rng) for _ in range(500)]
    lean = np.degrees(np.arctan([w.slant for w in writers]))
    assert -25.01 <= lean.min() < 0
    assert 30 < lean.max() <= 40.01
    assert {w.pen for w in writers} == set(PENS)
    assert all(0.04 <= w.pen_width <= 0.2 for w in writers)


def test_a_wider_pen_leaves_more_ink() -> None:
    path = Trace(np.array([[0, 0], [0, 1]], np.float32), np.ones(2, np.float32), (slice(0, 2),))
    rng = np.random.default_rng(0)
    writer = Writer.draw(rng)
    covered = []
    for width in (0.05, 0.1):
        object.__setattr__(writer, "pen_width", width)
        object.__setattr__(writer, "pen", "felt")
        covered.append(int(lay_ink(rng, path, writer, 100, (0, 0)).coverage.sum()))
    assert covered[1] == pytest.approx(2 * covered[0], rel=0.15)


def test_a_blot_is_cut_at_the_edges_of_the_page() -> None:
    blot = Blot(np.full((4, 6), 200, np.uint8), -2, 3)
    part = clip(blot, 5, 10)
    assert part is not None
    rows, columns, coverage = part
    assert (rows, columns, coverage.shape) == (slice(3, 5), slice(0, 4), (2, 4))
    assert clip(blot, 3, 10) is None
    assert ink_box(Blot(np.zeros((3, 3), np.uint8), 1, 1)).width == 0


def test_square_digits_are_written_by_square_hands_alone():
    rng = np.random.default_rng(4)
    hand = Writer.draw(rng)
    for square in (False, True):
        shapes = {
            choose_allograph(rng, "3", replace(hand, square=square, constancy=0.0)).name for _ in range(200)
        }
        assert len(shapes) >= 3
        assert {name.startswith("square") for name in shapes} == {square}
    assert choose_allograph(rng, "1", replace(hand, square=True)).name, (
        "who has no square 1 writes a plain one"
    )


def test_a_long_one_is_higher_by_its_share_and_reaches_below_the_baseline() -> None:
    writer = replace(Writer.draw(np.random.default_rng(2)), one_size=1.0, hang=0.0)
    longer = replace(writer, one_size=1.5, one_below=0.4)
    (stick,) = (shape for shape in allographs("1") if shape.name == "stick")
    usual, long = (
        trace(np.random.default_rng(3), "1", each, stick).points[:, 1] for each in (writer, longer)
    )
    assert np.ptp(long) == pytest.approx(1.5 * np.ptp(usual), rel=0.05)
    assert long.max() == pytest.approx(1 + 1.5 * (usual.max() - 1) + 0.4 * 0.5, abs=0.02)
    same = (trace(np.random.default_rng(3), "7", each).points for each in (writer, longer))
    np.testing.assert_array_equal(*same)


def test_some_writers_have_long_ones_and_most_hardly() -> None:
    sizes = [Writer.draw(np.random.default_rng(seed)).one_size for seed in range(300)]
    assert min(sizes) == 1.0
    assert 1.2 < max(sizes) <= 1.625
    assert np.median(sizes) < 1.05
