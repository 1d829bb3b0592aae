"""Boxes that were crossed out: what becomes of the values that they stand in."""

import pytest

from pipeline.document import Reason
from tests.pipeline.forms.fakes import DIGIT, Sevens, Told, read_member


def test_boxes_that_are_void_are_as_sure_as_the_least_sure(folder):
    network = Told((0.1, 0.9, 0.0), *[DIGIT] * 4, (0.2, 0.8, 0.0))
    crossed, digits = (
        read_member(folder, "X7777X", network),
        read_member(folder, " 7777 ", Told(*[DIGIT] * 4)),
    )
    assert (crossed.value, digits.value) == ("7777", "7777")
    assert crossed.reason is None
    assert crossed.confidence == pytest.approx(0.8 * digits.confidence)


def test_a_digit_that_may_be_crossed_out_is_as_sure_as_that_it_is_not(folder):
    network = Told((0.7, 0.0, 0.3), *[DIGIT] * 4, (0.5, 0.4, 0.1))
    doubtful, certain = (read_member(folder, "777777", each) for each in (network, Told(*[DIGIT] * 6)))
    assert (doubtful.value, doubtful.reason) == ("777777", None)
    assert doubtful.confidence == pytest.approx(0.35 * certain.confidence)


def test_the_value_without_a_box_that_may_be_void_is_an_alternative(folder):
    network = Told((0.7, 0.2, 0.1), *[DIGIT] * 5)
    doubtful = read_member(folder, "777777", network)
    others = dict(doubtful.alternatives)
    assert others["77777"] == pytest.approx(doubtful.confidence * 0.2 / 0.7)
    assert next(iter(others)) == "77777"
    assert "77777" not in dict(read_member(folder, "777777", Told(*[DIGIT] * 6)).alternatives)


def test_no_alternative_is_more_probable_than_the_reading(folder):
    doubtful = read_member(folder, "777777", Told(*[(0.5, 0.4, 0.1)] * 6))
    assert dict(doubtful.alternatives)["77777"] == doubtful.confidence


def test_a_digit_that_was_struck_sends_its_field_to_a_person(folder):
    network = Told(*[DIGIT] * 5, (0.4, 0.1, 0.5))
    got = read_member(folder, "777777", network)
    assert (got.value, got.reason) == ("77777", Reason.CROSSED_OUT)


@pytest.mark.parametrize(("void", "reason"), [(0.99, None), (0.9, Reason.CROSSED_OUT)])
def test_a_field_of_crosses_is_empty_where_that_is_sure(folder, void, reason):
    got = read_member(folder, "XX", Told((1.0 - void, void, 0.0), (0.0, 1.0, 0.0)))
    assert (got.value, got.empty, got.reason) == ("", reason is None, reason)


def test_without_a_network_that_looks_at_boxes_all_that_is_in_them_counts(folder):
    class Digits:
        predict_proba = Sevens.predict_proba

    assert read_member(folder, "X7777X", Digits()).value == "777777"
