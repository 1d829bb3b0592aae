"""The reader's fit: gradient against differences, thresholds against counting, calibration against a coin."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.calibrate import calibration_error, fit_temperature
from models.lattice_weights import START, fit_weights, loss_and_gradient, make_sample, pack, unpack
from models.string_calibration import (
    Answers,
    answer,
    answer_boxes,
    confidences,
    find_thresholds,
    fit_box_pair,
    fit_calibration,
    fit_pair,
)
from pipeline.parameters import Pair, ReaderParameters, Trust
from pipeline.strings.classify import Seen
from pipeline.strings.lattice import DIGIT_FEATURES, JUNK_FEATURES, SHAPE_FEATURES, Lattice


def sample(seed: int, value: str, size: int = 4):
    rng = np.random.default_rng(seed)
    edges = [(a, b) for a in range(size) for b in range(a + 1, min(a + 3, size) + 1)]
    n = len(edges)
    lattice = Lattice(
        size,
        np.array(edges, np.int32),
        np.zeros((n, 28, 28), np.uint8),
        rng.random((n, len(DIGIT_FEATURES))).astype(np.float32),
        rng.random((n, len(SHAPE_FEATURES))).astype(np.float32),
        rng.random((n, len(JUNK_FEATURES))).astype(np.float32),
        np.zeros((n, 4), np.int32),
        np.zeros((32, 0), np.uint8),
    )
    return make_sample(lattice, rng.dirichlet(np.full(11, 0.3), n).astype(np.float32), value)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["7", "42", "000", "1234"]))
def test_gradient_agrees_with_differences(seed, value):
    one = sample(seed, value)
    vector = pack(START) + 0.3 * np.random.default_rng(seed).standard_normal(len(pack(START)))
    loss, gradient = loss_and_gradient(vector, one)
    assert loss >= 0
    for k in range(len(vector)):
        step = np.zeros_like(vector)
        step[k] = 1e-5
        above, below = (loss_and_gradient(vector + s, one)[0] for s in (step, -step))
        assert gradient[k] == pytest.approx((above - below) / 2e-5, abs=1e-4)


def test_a_value_that_no_way_reads_has_no_loss():
    assert loss_and_gradient(pack(START), sample(1, "12345")) is None


def test_weights_survive_packing():
    vector = np.arange(len(pack(START)), dtype=float)
    assert np.array_equal(pack(unpack(vector)), vector)


def test_fitting_lowers_the_loss():
    samples = [sample(seed, "42") for seed in range(12)]
    before = np.mean([loss_and_gradient(pack(START), each)[0] for each in samples])
    weights, _ = fit_weights(samples, iterations=15)
    after = np.mean([loss_and_gradient(pack(weights), each)[0] for each in samples])
    assert after < 0.8 * before


def test_calibration_finds_the_rate_of_a_biased_coin():
    rng = np.random.default_rng(0)
    path = rng.normal(2, 2, 5000)
    right = rng.random(5000) < 1 / (1 + np.exp(-(0.5 * path - 0.5)))
    rows = np.column_stack([np.ones(5000), path, np.zeros((5000, 3))])
    answers = Answers(rows, right)
    calibration = fit_calibration(answers)
    assert calibration.path == pytest.approx(0.5, abs=0.07)
    assert calibration.bias == pytest.approx(-0.5, abs=0.15)
    assert calibration_error(confidences(calibration, answers), right, bins=10) < 0.03


def test_thresholds_hold_what_they_promise_with_one_error_to_spare():
    confidence = np.linspace(1, 0, 1000)
    right = np.ones(1000, bool)
    right[500::10] = False  # the less certain half is wrong one time in ten
    found = dict(find_thresholds(confidence, right))
    assert 0.001 not in found  # a thousand strings cannot witness one error in a thousand
    for target, least in found.items():
        taken = confidence >= least
        assert (~right[taken]).sum() + 1 <= target * (taken.sum() + 1)
    assert found[0.01] > found[0.02]


def test_temperature_undoes_overconfidence():
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (4000, 11)).astype(np.float32)
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = np.array([rng.choice(11, p=p / p.sum()) for p in chances.astype(float)])
    assert fit_temperature(3 * logits, labels) == pytest.approx(3, rel=0.1)


def test_calibration_error_of_known_answers():
    right = np.array([True, True, False, False])
    assert calibration_error(np.full(4, 0.5), right) == pytest.approx(0.0)
    assert calibration_error(np.ones(4), right) == pytest.approx(0.5)


def seen_twice(seed: int, value: str, worth: float) -> Seen:
    """A line whose runs tell nothing, and whose frames say the value with some strength."""
    rng = np.random.default_rng(seed)
    count = len(value)
    edges = np.array([(k, k + 1) for k in range(count)], np.int32)
    lattice = Lattice(
        count,
        edges,
        np.zeros((count, 28, 28), np.uint8),
        np.zeros((count, len(DIGIT_FEATURES)), np.float32),
        np.zeros((count, len(SHAPE_FEATURES)), np.float32),
        np.zeros((count, len(JUNK_FEATURES)), np.float32),
        np.zeros((count, 4), np.int32),
        np.zeros((32, 8 * count), np.uint8),
    )
    logits = rng.normal(0, 1, (2 * count, 11))
    logits[1::2, 10] += 8
    logits[2 * np.arange(count), [int(c) for c in value]] += worth
    frames = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return Seen(lattice, rng.dirichlet(np.ones(11), count).astype(np.float32), frames.astype(np.float32))


def test_the_reader_that_knows_counts_for_more_unless_its_lead_is_given():
    values = [f"{k:03d}" for k in range(100, 140)]
    lines = [seen_twice(k, value, 5.0) for k, value in enumerate(values)]
    free = fit_pair(lines, values, ReaderParameters(), None)
    assert free.whole > 3 * free.cut
    tied = fit_pair(lines, values, ReaderParameters(), 2.0)
    assert tied.whole == pytest.approx(2.0 * tied.cut, rel=1e-3)
    assert answer(lines, values, ReaderParameters(lines=Trust(free))).right.mean() > 0.8
    alone = [Seen(seen.lattice, seen.proba) for seen in lines]
    assert fit_pair(alone, values, ReaderParameters(), 1.0) == Pair()


def test_boxes_whose_readers_are_right_are_believed_more():
    values = [f"{k % 10}{k // 10 % 10}" for k in range(60)]
    good, poor = (
        [
            [seen_twice(10 * k + box, digit, worth) for box, digit in enumerate(value)]
            for k, value in enumerate(values)
        ]
        for worth in (6.0, 1.0)
    )
    pairs = [fit_box_pair(combs, values, ReaderParameters()) for combs in (good, poor)]
    assert all(pair.cut == pytest.approx(pair.whole, rel=1e-3) for pair in pairs)
    assert pairs[0].whole > 1.5 * pairs[1].whole
    answers = [
        answer_boxes(combs, values, ReaderParameters(boxes=Trust(pair)))
        for combs, pair in zip((good, poor), pairs, strict=True)
    ]
    assert answers[0].right.mean() > 0.9 > answers[1].right.mean()
    assert all(each.evidence.shape == (60, 5) for each in answers)


def test_the_reader_that_sees_the_print_around_boxes_counts_as_much_as_both_others():
    values = [f"{k % 10}{k // 10 % 10}" for k in range(60)]
    combs = [
        [
            replace(seen_twice(10 * k + box, digit, 1.0), contents=sure_of(digit))
            for box, digit in enumerate(value)
        ]
        for k, value in enumerate(values)
    ]
    pair = fit_box_pair(combs, values, ReaderParameters())
    assert pair.box == pytest.approx(2.0 * pair.cut, rel=1e-3) == pytest.approx(2.0 * pair.whole, rel=1e-3)
    assert answer_boxes(combs, values, ReaderParameters(boxes=Trust(pair))).right.all()
    alone = [[replace(box, contents=None) for box in comb] for comb in combs]
    assert fit_box_pair(alone, values, ReaderParameters()).cut < pair.cut


def sure_of(digit: str) -> np.ndarray:
    """What such a reader says of a box."""
    contents = np.full(12, 0.01, np.float32)
    contents[int(digit)] = 0.89
    return contents
