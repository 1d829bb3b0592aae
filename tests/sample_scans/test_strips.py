"""Strips: what is written, where each character's ink lies, and what the picture looks like."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sample_scans.amounts import draw_amount
from sample_scans.paper import PATTERNS, security_print
from sample_scans.pen import Writer
from sample_scans.strip_style import StripStyle
from sample_scans.strips import NOBODY, Strip, compose_strip, draw_digit, draw_strip

TEXTS = st.text("0123456789.,-=/$*# ab", min_size=1, max_size=9)
SEEDS = st.integers(0, 2**32 - 1)


def clean(style: StripStyle) -> StripStyle:
    """White paper, black ink, nothing else, and room for all of it."""
    return replace(
        style, height=90, digit=36.0, baseline=58.0, left=8, right=8, paper=255.0, ink=0.0, contrast=0.0,
        fade=0.0, rule_above=None, rule_below=None, wall_left=None, wall_right=None, underline=None,
        rubbish=0, light=0.0, grain=0.0, blur=0.0, noise=0.0, jpeg=None,
    )  # fmt: skip


def check(strip: Strip) -> None:
    """What holds for every strip."""
    height, width = strip.image.shape
    assert strip.image.dtype == np.uint8
    assert strip.owner.shape == (height, width)
    assert strip.owner.dtype == np.int16
    assert strip.value == "".join(c for c in strip.text if c.isdigit())
    assert len(strip.boxes) == len(strip.places) == len(strip.value)
    assert "".join(strip.text[i] for i in strip.places) == strip.value
    assert strip.owner.min() >= NOBODY
    assert strip.owner.max() < len(strip.text)
    for place, box in zip(strip.places, strip.boxes, strict=True):
        assert box.x >= 0 <= box.y
        assert box.x + box.width <= width
        assert box.y + box.height <= height
        rows, columns = np.nonzero(strip.owner == place)
        if len(rows):
            assert box.x <= columns.min() <= columns.max() < box.x + box.width
            assert box.y <= rows.min() <= rows.max() < box.y + box.height


@settings(max_examples=60, deadline=None)
@given(TEXTS, SEEDS)
def test_owners_boxes_and_value_agree_for_any_text(text: str, seed: int) -> None:
    check(draw_strip(np.random.default_rng(seed), text))


@settings(max_examples=15, deadline=None)
@given(TEXTS, SEEDS)
def test_the_same_seed_gives_the_same_pixels(text: str, seed: int) -> None:
    one, other = (draw_strip(np.random.default_rng(seed), text) for _ in range(2))
    np.testing.assert_array_equal(one.image, other.image)
    np.testing.assert_array_equal(one.owner, other.owner)
    assert one.boxes == other.boxes


@settings(max_examples=20, deadline=None)
@given(SEEDS)
def test_ink_has_owners_and_owners_have_ink(seed: int) -> None:
    rng = np.random.default_rng(seed)
    writer = replace(Writer.draw(rng), climb=0.0, hang=0.0, pen="felt")
    strip = draw_strip(rng, "31.508", writer, clean(StripStyle.draw(rng)))
    assert (strip.image[strip.owner >= 0] < 215).all()
    assert (strip.image[strip.owner == NOBODY] > 175).all()
    assert all(box.width > 0 < box.height for box in strip.boxes)


def test_characters_stand_in_the_order_of_the_text() -> None:
    rng = np.random.default_rng(4)
    for _ in range(30):
        strip = draw_strip(rng, "8 0 8 0", None, clean(StripStyle.draw(rng)))
        middles = [box.x + box.width / 2 for box in strip.boxes]
        assert middles == sorted(middles)


def test_tightness_brings_digits_together() -> None:
    rng = np.random.default_rng(0)
    writer, style = replace(Writer.draw(rng), gap=0.1), clean(StripStyle.draw(rng))
    wide, tight = (
        draw_strip(np.random.default_rng(1), "888888", writer, replace(style, tightness=t)).image.shape[1]
        for t in (0.2, -0.2)
    )
    assert tight < wide


@pytest.mark.parametrize("text", ["", " ", "-"])
def test_a_strip_without_digits_has_no_value(text: str) -> None:
    strip = draw_strip(np.random.default_rng(0), text)
    check(strip)
    assert strip.boxes == ()


def test_joined_zeros_share_the_joining_stroke() -> None:
    rng = np.random.default_rng(6)
    style = clean(StripStyle.draw(rng))
    joined = replace(Writer.draw(rng), join=1.0, gap=0.25, climb=0.0)
    strip = draw_strip(np.random.default_rng(2), "000", joined, style)
    apart = draw_strip(np.random.default_rng(2), "000", replace(joined, join=0.0), style)
    assert (strip.owner >= 0).sum() > (apart.owner >= 0).sum()
    check(strip)


def test_coiled_zeros_lie_over_each_other() -> None:
    rng = np.random.default_rng(6)
    style = clean(StripStyle.draw(rng))
    joined = replace(Writer.draw(rng), join=1.0, gap=0.1, climb=0.0, coil=0.0)
    plain, coiled, other = (
        draw_strip(np.random.default_rng(2), text, writer, style)
        for text, writer in (("000", joined), ("000", replace(joined, coil=0.3)), ("080", joined))
    )
    moved = [before.x - after.x for before, after in zip(plain.boxes, coiled.boxes, strict=True)]
    step = 0.3 * style.digit
    assert moved == pytest.approx([0, step, 2 * step], abs=2)
    check(coiled)
    same = draw_strip(np.random.default_rng(2), "080", replace(joined, coil=0.3), style)
    assert same.boxes == other.boxes  # no zero beside a zero


@settings(max_examples=25, deadline=None)
@given(
    SEEDS,
    st.lists(
        st.tuples(st.integers(8, 40), st.integers(4, 40), st.sampled_from("0123456789-")),
        min_size=1,
        max_size=6,
    ),
)
def test_given_glyphs_are_placed_with_their_owners(seed: int, sizes: list[tuple[int, int, str]]) -> None:
    glyphs = []
    for rows, columns, label in sizes:
        ink = np.zeros((rows, columns), np.uint8)
        ink[1:-1, 1:-1] = 255
        glyphs.append((ink, label))
    strip = compose_strip(np.random.default_rng(seed), glyphs)
    check(strip)
    assert strip.text == "".join(label for _, label in glyphs)


def test_a_glyph_without_ink_is_refused() -> None:
    with pytest.raises(ValueError, match="no ink"):
        compose_strip(np.random.default_rng(0), [(np.zeros((28, 28), np.uint8), "3")])


@pytest.mark.parametrize("digit", range(10))
def test_single_digits_are_cut_close_and_as_high_as_asked(digit: int) -> None:
    rng = np.random.default_rng(digit)
    heights = []
    for _ in range(20):
        ink = draw_digit(rng, digit, height=60)
        assert ink.dtype == np.uint8
        assert ink[2:-2, 2:-2].max() > 100
        assert not ink[:2].any()
        assert not ink[:, -2:].any()
        heights.append(len(ink) - 4)
    assert 36 < np.median(heights) < 80


def test_styles_show_all_grounds() -> None:
    rng = np.random.default_rng(0)
    styles = [StripStyle.draw(rng) for _ in range(300)]
    assert {style.pattern for style in styles} == set(PATTERNS)
    assert all(28 <= style.height <= 90 for style in styles)
    assert all(style.ink < style.paper - 15 for style in styles)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_grounds_keep_within_their_ink(pattern: str) -> None:
    ground = security_print(np.random.default_rng(0), 40, 120, pattern)
    assert ground.shape == (40, 120)
    assert ground.dtype == np.float32
    assert 0 <= ground.min() <= ground.max() <= 1.21
    assert (ground.std() > 0.05) == (pattern != "plain")


def test_amounts_begin_with_a_one_more_often_than_with_a_nine() -> None:
    rng = np.random.default_rng(3)
    first = [next(c for c in draw_amount(rng) if c.isdigit()) for _ in range(2000)]
    assert 0.25 < first.count("1") / 2000 < 0.36
    assert 0.02 < first.count("9") / 2000 < 0.08
    assert "0" not in first


@settings(max_examples=50, deadline=None)
@given(SEEDS, st.one_of(st.none(), st.integers(2, 9)))
def test_amounts_hold_the_digits_asked_for(seed: int, digits: int | None) -> None:
    text = draw_amount(np.random.default_rng(seed), digits)
    figures = [c for c in text if c.isdigit()]
    assert figures[0] != "0"
    assert len(figures) == digits if digits else 2 <= len(figures) <= 8
