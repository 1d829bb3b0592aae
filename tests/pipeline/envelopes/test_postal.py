"""Postal codes weighed by the country's codes and by barcodes: what gains, and what goes to a person."""

import random
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.barcode import Barcode
from pipeline.document import Box, Reading, Reason
from pipeline.envelopes.postal import LISTS, exists, has_form, stated_codes, support, weigh_code
from pipeline.layouts import countries

US = countries()["us"]
KNOWN, OTHER_KNOWN, UNKNOWN = "02139", "02138", "02100"  # Cambridge, Cambridge, nowhere


def reading(value: str, confidence: float, *others: tuple[str, float]) -> Reading:
    return Reading("a.png", 1, "postal_code", value, confidence, others)


def barcode(routing: str) -> Barcode:
    return Barcode("imb", routing, Box(0, 0, 300, 20), False)


NOT_FOUND = Reading("a.png", 1, "postal_code", reason=Reason.NOT_FOUND)


def test_the_codes_of_these_tests_are_what_they_are_said_to_be():
    assert exists(KNOWN, US)
    assert exists(OTHER_KNOWN, US)
    assert exists(KNOWN + "4307", US)
    assert not exists(UNKNOWN, US)


def test_a_code_that_exists_gains_one_that_does_not_goes_to_a_person():
    gained = weigh_code(reading(KNOWN, 0.9), US)
    assert (gained.value, gained.reason) == (KNOWN, None)
    assert 0.9 < gained.confidence < 1
    lost = weigh_code(reading(UNKNOWN, 0.9), US)
    assert (lost.value, lost.reason) == (UNKNOWN, Reason.UNKNOWN_ZIP)
    assert lost.confidence < 0.3


def test_the_nearest_code_that_exists_takes_nobody_s_place():
    lost = weigh_code(reading(UNKNOWN, 0.9, (KNOWN, 0.09)), US)
    assert (lost.value, lost.reason) == (UNKNOWN, Reason.UNKNOWN_ZIP)
    assert lost.alternatives[0][0] == KNOWN
    assert lost.alternatives[0][1] > lost.confidence


def test_where_the_writing_itself_is_in_doubt_the_list_chooses_among_its_readings():
    chosen = weigh_code(reading(UNKNOWN, 0.45, (KNOWN, 0.4)), US)
    assert (chosen.value, chosen.reason) == (KNOWN, None)
    assert 0.7 < chosen.confidence < 0.95
    assert len(chosen.digit_confidences) == 5


def test_a_barcode_that_agrees_makes_a_doubtful_reading_sure():
    sure = weigh_code(reading(KNOWN, 0.5, (OTHER_KNOWN, 0.3)), US, [barcode("021394307")])
    assert (sure.value, sure.reason) == (KNOWN, None)
    assert sure.confidence > 0.99


def test_a_barcode_that_contradicts_replaces_nothing():
    for others in ((), ((OTHER_KNOWN, 0.05),)):
        torn = weigh_code(reading(KNOWN, 0.9, *others), US, [barcode("02138")])
        assert (torn.value, torn.reason) == (KNOWN, Reason.BARCODE_MISMATCH)
        assert torn.confidence < 0.3
        assert torn.alternatives[0][0] == "02138"


def test_a_barcode_settles_a_reading_that_is_in_doubt_among_its_own_candidates_only():
    settled = weigh_code(reading(KNOWN, 0.4, (OTHER_KNOWN, 0.35)), US, [barcode("02138")])
    assert (settled.value, settled.reason) == (OTHER_KNOWN, None)
    strange = weigh_code(reading(KNOWN, 0.4, (OTHER_KNOWN, 0.35)), US, [barcode("90210")])
    assert (strange.value, strange.reason) == (KNOWN, Reason.BARCODE_MISMATCH)
    assert "90210" in dict(strange.alternatives)


def test_four_more_digits_are_compared_where_both_have_them():
    nine = KNOWN + "4307"
    assert weigh_code(reading(nine, 0.9), US, [barcode(KNOWN)]).reason is None
    assert weigh_code(reading(KNOWN, 0.9), US, [barcode(nine + "99")]).value == KNOWN
    assert weigh_code(reading(nine, 0.9), US, [barcode(KNOWN + "4308")]).reason is Reason.BARCODE_MISMATCH
    # Five digits say little about the last four.
    assert weigh_code(reading(nine, 0.5), US, [barcode(KNOWN)]).confidence < 0.8
    assert weigh_code(reading(nine, 0.5), US, [barcode(nine)]).confidence > 0.99


def test_barcodes_that_contradict_each_other_speak_for_nothing():
    torn = weigh_code(reading(KNOWN, 0.9), US, [barcode(KNOWN), barcode(OTHER_KNOWN)])
    assert torn.reason is Reason.BARCODE_MISMATCH
    assert weigh_code(NOT_FOUND, US, [barcode(KNOWN), barcode(OTHER_KNOWN)]) == NOT_FOUND


def test_without_a_written_code_the_barcode_s_is_an_alternative_to_none():
    got = weigh_code(NOT_FOUND, US, [barcode("021394307")])
    assert (got.value, got.confidence, got.reason) == ("", 0.0, Reason.NOT_FOUND)
    assert got.alternatives == ((KNOWN, 0.99),)
    assert weigh_code(NOT_FOUND, US, [barcode("")]) == NOT_FOUND


def test_a_reading_with_a_reason_is_left_alone():
    doubted = replace(reading(KNOWN, 0.9), reason=Reason.UNSURE_KIND)
    assert weigh_code(doubted, US, [barcode("02138")]) == doubted


def test_where_two_places_could_be_the_code_a_barcode_speaks_for_one():
    stated = stated_codes([barcode(""), barcode(KNOWN), barcode(KNOWN + "4307")])
    assert stated == [KNOWN + "4307", KNOWN]
    assert support(KNOWN, stated) > 100
    assert support(OTHER_KNOWN, stated) == support(KNOWN, []) == 1.0


codes = st.from_regex(r"[0-9]{5}([0-9]{4})?", fullmatch=True)


@settings(deadline=None)  # the list of codes loads at its first question
@given(codes, codes, st.floats(0.01, 0.99), st.floats(0, 1), st.none() | codes)
def test_probabilities_stay_probabilities_and_the_value_a_reading_of_the_writing(first, second, p, q, stated):
    others = ((second, q * (1 - p)),) if second != first else ()
    got = weigh_code(reading(first, p, *others), US, [barcode(stated)] if stated else [])
    assert got.value in (first, second)
    assert got.value == first or p < 0.5
    assert 0 <= got.confidence + sum(share for _, share in got.alternatives) <= 1 + 1e-6
    if got.reason is None:
        assert exists(got.value, US)


@pytest.mark.parametrize("country", countries().values(), ids=lambda country: country.code)
def test_countries_say_truly_what_share_of_digits_is_a_code(country):
    assert not country.codes or country.codes in LISTS
    assert set(country.barcodes) <= {"imb", "postnet"}
    draw = random.Random(1)
    tried = ["".join(draw.choices("0123456789", k=min(country.lengths))) for _ in range(2000)]
    real = sum(has_form(value, country) and exists(value, country) for value in tried) / len(tried)
    assert real == pytest.approx(country.share, abs=0.03)
    assert re.fullmatch(country.valid, "1" * min(country.lengths))


@pytest.mark.parametrize(
    ("country", "good", "bad"),
    [
        ("fr", "75001 20000 97110 98000", "96000 99123 7500"),
        ("de", "10115 01067 99998", "00100 05123 43210 62999"),
        ("hu", "1011 9999", "0123 10111"),
        ("jp", "1000001 0600000", "0001234 100000"),
        ("in", "110001 900099", "010001 11000"),
        ("br", "01310100 99990000", "00310100 0131010"),
        ("pl", "00001 99440", "0000 123456"),
        ("es", "01001 28013 52006", "00100 53000"),
        ("it", "00118 20121 98168", "99100 2012"),
    ],
)
def test_a_code_of_another_form_is_bad_format(country, good, bad):
    known = countries()[country]
    assert all(weigh_code(reading(value, 0.9), known).reason is None for value in good.split())
    assert all(weigh_code(reading(value, 0.9), known).reason is Reason.BAD_FORMAT for value in bad.split())
