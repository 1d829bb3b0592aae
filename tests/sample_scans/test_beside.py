"""What stands beside a number or in its way: signs of currency, words, ruled paper, frames, stains."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sample_scans.beside import draw_beside
from sample_scans.pen import Writer, trace
from sample_scans.rulings import Ruling, draw_stain, draw_streak
from sample_scans.strip_style import StripStyle
from sample_scans.strips import compose_strip, draw_digit, draw_strip

SEEDS = st.integers(0, 2**32 - 1)


@settings(max_examples=80, deadline=None)
@given(SEEDS)
def test_beside_a_number_stands_no_digit_and_nothing_that_the_pen_does_not_know(seed: int) -> None:
    rng = np.random.default_rng(seed)
    before, after = draw_beside(rng)
    assert bool(before) != bool(after)
    assert not any(c.isdigit() for c in before + after)
    for c in (before + after).replace(" ", ""):
        assert len(trace(rng, c, Writer.draw(rng)).points)


def test_signs_are_drawn_and_no_part_of_the_value() -> None:
    strip = draw_strip(np.random.default_rng(2), "R$ 405 €")
    assert (strip.value, strip.places) == ("405", (3, 4, 5))
    assert {0, 1, 3, 4, 5, 7} <= set(strip.owner.ravel().tolist())


def test_a_space_parts_what_a_strip_is_composed_of() -> None:
    rng = np.random.default_rng(5)
    digit = draw_digit(rng, 8, height=40.0)
    nothing = np.zeros((0, 0), np.uint8)
    style = StripStyle.draw(rng)

    def room(*glyphs: tuple[np.ndarray, str]) -> int:
        boxes = compose_strip(np.random.default_rng(1), glyphs, style).boxes
        return boxes[1].x - boxes[0].x - boxes[0].width

    close, apart = room((digit, "8"), (digit, "8")), room((digit, "8"), (nothing, " "), (digit, "8"))
    assert apart > close + 0.4 * style.digit
    with pytest.raises(ValueError, match="no ink"):
        compose_strip(rng, [(nothing, "8")])


def test_ruled_paper_has_its_lines_at_even_distances() -> None:
    ground = np.full((60, 100), 200.0, np.float32)
    Ruling(across=20.0, down=25.0, begin=10, end=50, start=(0.5, 0.2), dark=0.25, width=1).lay(ground)
    assert np.flatnonzero(ground[:, 0] == 150).tolist() == [10, 30, 50]
    assert np.flatnonzero(ground[20] == 150).tolist() == [5, 30, 55, 80]
    assert (ground[[0, 5, 55]] == 200).all()


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_streaks_and_stains_darken_and_streaks_run_from_edge_to_edge(seed: int) -> None:
    rng = np.random.default_rng(seed)
    streaked, stained = (np.full((50, 180), 200.0, np.float32) for _ in range(2))
    draw_streak(rng, streaked)
    draw_stain(rng, stained)
    dark = streaked < 200
    assert dark.any(axis=0).all() or dark.any(axis=1).all()
    assert stained.max() <= 200.0 + 1e-3 >= streaked.max()
    assert min(streaked.min(), stained.min()) >= 80


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_harder_strips_change_in_one_way_and_can_be_drawn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    style = StripStyle.draw(rng)
    harder = style.harder(rng)
    rules = ["rule_above", "rule_below", "wall_left", "wall_right", "rule_grey", "rule_width"]
    rules += ["left", "right"]
    framed = any(getattr(style, name) != getattr(harder, name) for name in rules)
    assert framed or harder.ruling or harder.streaks or harder.stains
    same = {name: getattr(style, name) for name in rules}
    assert replace(harder, ruling=None, streaks=0, stains=0, **same) == style
    assert draw_strip(rng, "1.234", style=harder).value == "1234"
