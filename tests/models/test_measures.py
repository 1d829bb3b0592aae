"""Judging: figures worked out by hand on a few crops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from models.measures import judge, reject, wilson


def sure_of(*digits: int) -> NDArray[np.float32]:
    """Probabilities of a network that is 91 % sure of these classes."""
    proba = np.full((len(digits), 11), 0.009, np.float32)
    proba[np.arange(len(digits)), digits] = 0.91
    return proba


def test_figures_of_five_crops() -> None:
    judgement = judge(sure_of(4, 9, 9, 9, 10), np.array([4, 9, 9, 4, 10]))
    assert judgement.accuracy == 0.75
    assert judgement.size == 4
    assert judgement.confusion[4, 9] == 1
    assert judgement.confusion.sum() == 4
    of_four, of_nine = judgement.per_class
    assert (of_four.recall, of_four.precision) == (0.5, 1.0)
    assert (of_nine.recall, of_nine.precision) == (1.0, pytest.approx(2 / 3))
    assert judgement.scraps == 1
    assert judgement.scraps_called_digits == 0.0
    assert judgement.calibration_error == pytest.approx(0.91 / 0.991 - 0.75, abs=1e-3)


def test_no_digit_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="no digit"):
        judge(sure_of(10), np.array([10]))


def test_interval_of_wilson() -> None:
    assert wilson(95, 100) == (pytest.approx(0.8882, abs=1e-4), pytest.approx(0.9785, abs=1e-4))
    assert wilson(10, 10)[1] == 1.0


@given(st.integers(1, 2_000), st.data())
def test_interval_holds_the_share(size: int, data: st.DataObject) -> None:
    right = data.draw(st.integers(0, size))
    low, high = wilson(right, size)
    assert 0.0 <= low <= right / size + 1e-12
    assert right / size - 1e-12 <= high <= 1.0


def test_rejecting_takes_the_least_confident() -> None:
    confidence = np.array([0.9, 0.5, 0.8, 0.7])
    right = np.array([True, False, True, False])
    assert reject(confidence, right, 0.0) == 0.5
    assert reject(confidence, right, 0.25) == pytest.approx(1 / 3)
    assert reject(confidence, right, 0.5) == 0.0
    assert reject(confidence, right, 1.0) == 0.0


@given(arrays(np.float32, (12, 11), elements=st.floats(0.0, 1.0, width=32)))
def test_any_probabilities_can_be_judged(proba: NDArray[np.float32]) -> None:
    judgement = judge(proba, np.arange(12) % 11)
    assert 0.0 <= judgement.accuracy <= 1.0
    assert 0.0 <= judgement.calibration_error <= 1.0
    assert judgement.confusion.sum() == judgement.size == 11
    assert sum(b.size for b in judgement.reliability) == 11
