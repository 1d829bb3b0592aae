"""Reading frames: against a sum over every way to fill them, and on frames with a known answer."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.strings.ctc import BLANK, peaks, read_frames, score_values, squeeze


def frames_of(*rows: dict[int, float]) -> np.ndarray:
    """Frames with these probabilities, the rest shared among the other classes."""
    proba = np.empty((len(rows), 11), np.float32)
    for row, given_ in zip(proba, rows, strict=True):
        row[:] = (1.0 - sum(given_.values())) / (11 - len(given_))
        for symbol, p in given_.items():
            row[symbol] = p
    return np.log(proba)


def brute_force(frames: np.ndarray, symbols: tuple[int, ...]) -> dict[str, float]:
    """Probability of every value, over the ways that use these symbols only."""
    totals: dict[str, float] = {}
    for way in itertools.product(symbols, repeat=len(frames)):
        merged = [s for k, s in enumerate(way) if k == 0 or s != way[k - 1]]
        value = "".join(str(s) for s in merged if s != BLANK)
        score = float(np.exp(sum(float(frames[t, s]) for t, s in enumerate(way))))
        totals[value] = totals.get(value, 0.0) + score
    return totals


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 5))
def test_scores_are_the_sum_over_all_ways(seed, count):
    logits = np.random.default_rng(seed).normal(0, 2, (count, 11))
    frames = (logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))).astype(np.float32)
    totals = brute_force(frames, (3, 7, BLANK))
    values = sorted(totals)
    np.testing.assert_allclose(np.exp(score_values(frames, values)), [totals[v] for v in values], rtol=1e-5)


def test_a_value_too_long_for_its_frames_has_no_chance():
    frames = frames_of({1: 0.9}, {1: 0.9})
    assert score_values(frames, ["11", "1"])[0] == -np.inf
    assert score_values(frames, []).shape == (0,)


def test_the_same_digit_twice_needs_a_blank_between():
    apart = frames_of({1: 0.9}, {BLANK: 0.9}, {1: 0.9})
    joined = frames_of({1: 0.9}, {1: 0.9}, {1: 0.9})
    assert read_frames(apart)[0][0] == "11"
    assert read_frames(joined)[0][0] == "1"


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_beam_finds_the_best_value_of_confident_frames(seed):
    logits = np.random.default_rng(seed).normal(0, 4, (6, 11))
    logits[:, [0, 1, 2, 4, 5, 6, 8, 9]] -= 40
    frames = (logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))).astype(np.float32)
    totals = brute_force(frames, (3, 7, BLANK))
    value, score = read_frames(frames, best=1)[0]
    assert totals[value] > 0.8 * max(totals.values())
    assert np.exp(score) <= totals[value] * 1.001 + 1e-6


def test_squeezing_keeps_what_is_read():
    blank = {BLANK: 1.0 - 1e-5}
    frames = frames_of(blank, blank, {4: 0.8}, blank, blank, blank, {4: 0.7}, {BLANK: 0.6}, blank)
    short = squeeze(frames)
    assert len(short) == 5
    values = ["44", "4"]
    np.testing.assert_allclose(score_values(short, values), score_values(frames, values), atol=0.01)


def test_peaks_are_each_digits_own():
    frames = frames_of({5: 0.6}, {5: 0.9}, {BLANK: 0.9}, {2: 0.7}, {BLANK: 0.9})
    assert peaks(frames, "52") == pytest.approx((0.9, 0.7), abs=1e-5)
    assert peaks(frames, "") == ()


def test_where_no_digit_was_seen_none_is_sure():
    blank = squeeze(np.full((6, 11), -30.0, np.float32) + 30.0 * (np.arange(11) == BLANK))
    assert len(blank) == 0
    assert peaks(blank, "52") == (0.0, 0.0)
    assert read_frames(blank)[0][0] == ""
    assert score_values(blank, ["", "5"]).tolist() == [0.0, -np.inf]
