"""How sure each digit is, where the values that were proposed are known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.marginals import digit_marginals

VALUES = st.text("0123456789", min_size=1, max_size=6)


@pytest.mark.parametrize(
    ("value", "other", "expected"),
    [
        ("4174", "4114", [1.0, 1.0, 0.75, 1.0]),
        ("4174", "5184", [0.75, 0.75, 0.75, 1.0]),  # all between the first and the last that differ
        ("4174", "417", [1.0, 1.0, 1.0, 0.75]),
        ("4174", "174", [0.75, 1.0, 1.0, 1.0]),
        ("1000", "100", [1.0, 1.0, 1.0, 0.75]),
        ("417", "4174", [1.0, 1.0, 0.75]),  # its last digit may stand for two
        ("417", "9417", [0.75, 1.0, 1.0]),
        ("7", "77", [0.75]),
    ],
)
def test_a_digit_is_as_sure_as_the_values_that_share_it(value, other, expected):
    assert digit_marginals(value, 0.75, [(other, 0.25)]) == pytest.approx(expected)


def test_what_nobody_proposed_errs_in_one_digit():
    assert digit_marginals("2139", 0.6, []) == pytest.approx([0.9] * 4)
    assert digit_marginals("7", 0.6, []) == pytest.approx([0.6])


def test_nothing_read_has_no_digits():
    assert digit_marginals("", 0.0, [("7", 0.4)]) == ()


@given(VALUES, st.lists(st.tuples(VALUES, st.floats(0.0, 1.0)), max_size=5), st.floats(0.0, 1.0))
def test_no_digit_is_less_sure_than_the_value_nor_surer_than_sure(value, others, confidence):
    marginals = digit_marginals(value, confidence, others)
    assert len(marginals) == len(value)
    assert all(confidence <= sure <= 1.0 for sure in marginals)


@given(VALUES, VALUES)
def test_another_value_takes_from_at_least_one_digit(value, other):
    marginals = digit_marginals(value, 0.5, [(other, 0.5)])
    assert (min(marginals) < 1.0) == (value != other)
