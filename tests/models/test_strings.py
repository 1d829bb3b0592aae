"""Figures of whole fields, by hand."""

import numpy as np
import pytest

from models.strings import StringJudgement


@pytest.fixture
def judgement():
    """Ten fields: one not read, two wrong."""
    confidence = np.array([0.99, 0.98, 0.97, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.0])
    right = np.array([True, True, True, False, True, True, True, False, True, False])
    return StringJudgement(confidence, right, confidence >= 0.85)


def test_exact_counts_what_was_not_read(judgement):
    assert judgement.exact == 0.7
    low, high = judgement.interval
    assert low < 0.7 < high


def test_accepted_and_wrong_among_them(judgement):
    assert (judgement.accepted, judgement.accepted_wrong) == (4, 1)


def test_coverage_takes_the_most_certain_as_far_as_the_error_holds(judgement):
    assert judgement.coverage(0.0) == 0.3
    assert judgement.coverage(0.01) == 0.3
    assert judgement.coverage(0.15) == 0.7  # one wrong of seven, though one of four was too many
    assert judgement.coverage(0.3) == 0.9  # never what was not read


def test_risk_is_over_what_was_read(judgement):
    assert len(judgement.risk) == 9
    assert judgement.risk[-1] == pytest.approx(2 / 9)


def test_calibration_error_leaves_out_what_was_not_read(judgement):
    read = judgement.confidence > 0
    gaps = {9: 3 - 3.84 + 0.0}  # three of the four in the highest bin are right
    gaps |= {8: 1 - 0.8, 7: 1 - 0.7, 6: 1 - 0.6, 5: 0 - 0.5, 4: 1 - 0.4}
    expected = sum(map(abs, gaps.values())) / read.sum()
    assert judgement.calibration_error == pytest.approx(expected)


def test_the_logarithmic_score_is_that_of_what_proved_true():
    right = np.array([True, False, False])
    some = StringJudgement(np.array([0.5, 0.75, 0.0]), right, right)
    assert some.log_score == pytest.approx((np.log(0.5) + np.log(0.25) + 0.0) / 3)
    sure = StringJudgement(np.array([1.0, 1.0, 0.0]), right, right)
    assert sure.log_score == pytest.approx(np.log(1e-4) / 3)  # wrong and sure of it, but not without end


def test_nothing_read_at_all():
    nothing = StringJudgement(np.zeros(3), np.zeros(3, bool), np.zeros(3, bool))
    assert nothing.to_dict()["exact"] == 0
    assert nothing.coverage(0.5) == 0
