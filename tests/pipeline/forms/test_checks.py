"""Check digits and sums: what holds gains, what does not loses, and nothing is invented."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.belief import CEILING
from pipeline.document import Reading, Reason
from pipeline.forms.checks import RULES, apply_check_digit, apply_sums, luhn, mod10, mod11

digits = st.text("0123456789", min_size=1, max_size=12)


def reading(field: str, value: str, confidence: float, *others: tuple[str, float]) -> Reading:
    return Reading("s", 1, field, value, confidence, others, empty=not value)


def test_known_numbers_have_right_check_digits():
    assert luhn("4539578763621486")
    assert luhn("79927398713")
    assert mod10("4006381333931")
    assert mod10("9780306406157")
    assert mod11("0306406152")
    assert not luhn("79927398710")
    assert not mod10("4006381333932")
    assert not mod11("0306406153")
    assert not any(rule("") or rule("0") for rule in RULES.values())


@given(digits, st.sampled_from(sorted(RULES)))
def test_exactly_one_last_digit_is_right_or_none_where_it_would_be_ten(body, name):
    right = [d for d in "0123456789" if RULES[name](body + d)]
    assert len(right) == 1 or (name == "mod11" and not right)


@given(digits, st.integers(0, 11), st.integers(1, 9))
def test_luhn_sees_every_single_wrong_digit(body, place, change):
    number = next(body + d for d in "0123456789" if luhn(body + d))
    at = place % len(number)
    wrong = number[:at] + str((int(number[at]) + change) % 10) + number[at + 1 :]
    assert not luhn(wrong)


def test_the_candidate_with_the_right_check_digit_wins():
    got = apply_check_digit(reading("a", "79927398710", 0.6, ("79927398713", 0.35)), "luhn")
    assert got.value == "79927398713"
    assert 0.9 < got.confidence < 1
    assert got.reason is None
    assert got.alternatives[0][0] == "79927398710"


def test_a_wrong_check_digit_everywhere_goes_to_a_person():
    got = apply_check_digit(reading("a", "79927398710", 0.97), "luhn")
    assert (got.value, got.reason) == ("79927398710", Reason.CHECK_DIGIT)
    assert got.confidence < 0.1


def test_a_sum_that_holds_makes_its_fields_surer():
    page = [reading("a", "12", 0.8), reading("b", "30", 0.9), reading("t", "42", 0.7)]
    got = apply_sums(page, [("t", ["a", "b"])])
    assert [r.value for r in got] == ["12", "30", "42"]
    assert all(after.confidence > before.confidence for after, before in zip(got, page, strict=True))
    assert all(r.confidence <= CEILING and r.reason is None for r in got)


def test_a_sum_finds_the_reading_that_fits():
    page = [reading("a", "17", 0.6, ("11", 0.3)), reading("b", "", 0.0), reading("t", "11", 0.9)]
    got = apply_sums(page, [("t", ["a", "b"])])
    assert [r.value for r in got] == ["11", "", "11"]
    assert got[0].confidence > 0.9
    assert got[0].alternatives == (("17", pytest.approx(0, abs=0.1)),) or not got[0].alternatives


def test_a_sum_that_cannot_hold_is_said_of_all_its_fields():
    page = [reading("a", "1", 0.9), reading("b", "2", 0.9), reading("t", "4", 0.9), reading("x", "7", 0.9)]
    got = apply_sums(page, [("t", ["a", "b"])])
    assert [r.reason for r in got] == [Reason.SUM_DIFFERS] * 3 + [None]
    assert [r.value for r in got] == ["1", "2", "4", "7"]
    assert max(r.confidence for r in got[:3]) < 0.4


def test_a_field_that_has_a_reason_keeps_the_sum_out():
    page = [
        Reading("s", 1, "a", reason=Reason.NOT_FOUND),
        reading("b", "2", 0.9),
        reading("t", "4", 0.9),
    ]
    assert apply_sums(page, [("t", ["a", "b"])]) == page


values = st.integers(0, 999).map(str)


@given(
    st.lists(
        st.tuples(values, st.floats(0.02, 0.98), values), min_size=2, max_size=6, unique_by=lambda x: x[0]
    )
)
def test_probabilities_stay_probabilities(parts):
    page = [
        reading(f"f{i}", v, p, *([(w, (1 - p) * 0.7)] if w != v else [])) for i, (v, p, w) in enumerate(parts)
    ]
    for got in apply_sums(page, [("f0", [r.field for r in page[1:]])]):
        assert 0 <= got.confidence <= 1
        assert got.confidence + sum(p for _, p in got.alternatives) <= 1 + 1e-9
