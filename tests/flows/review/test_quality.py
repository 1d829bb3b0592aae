from __future__ import annotations

import pytest

from flows.review.fields import Field
from flows.review.quality import Prospect, measure
from flows.verdict import Kind, Verdict
from pipeline.document import Status


def field(value: str, confidence: float, reason: str = "", *, verified: bool = False) -> Field:
    status = Status.REVIEW if reason or confidence < 0.9 else Status.ACCEPTED
    return Field((value, 1, "zip"), value, 0, value, confidence, status, reason, 0.0, verified)


def test_outlook_counts_what_a_threshold_accepts_and_how_much_of_it_is_wrong() -> None:
    fields = [field("1", 0.99), field("2", 0.95), field("3", 0.5), field("4", 0.99, "bad-format")]
    fields += [field("5", 0.97, verified=True), field("6", 0.96, verified=True)]
    verdicts = {("5", 1, "zip"): Verdict(Kind.VALUE, "5"), ("6", 1, "zip"): Verdict(Kind.VALUE, "9")}
    seen = Prospect(fields, verdicts).outlook(0.05, 0.9)
    assert (seen.accepted, seen.review) == (2, 2)
    assert seen.wrong == pytest.approx(0.06)
    assert (seen.checked, seen.mistaken) == (2, 1)


def test_threshold_by_confidences_keeps_the_foretold_error_below_the_target() -> None:
    fields = [field(str(number), 1 - number / 100) for number in range(1, 40)]
    assert Prospect(fields, {}).threshold(0.02) == pytest.approx(0.97)
    assert Prospect(fields, {}).threshold(0.001) > 1


def test_audit_measures_with_an_interval() -> None:
    right = [("1", Verdict(Kind.VALUE, "1"))] * 97
    wrong = [("1", Verdict(Kind.VALUE, "7")), ("1", Verdict(Kind.EMPTY))]
    audit = measure([*right, *wrong, ("1", Verdict(Kind.ILLEGIBLE)), ("1", None)])
    assert (audit.sample, audit.keyed, audit.judged, audit.wrong, audit.illegible) == (101, 100, 99, 2, 1)
    assert audit.error == pytest.approx(2 / 99)
    assert 0.005 < audit.low < 2 / 99 < audit.high < 0.075
    assert measure([("1", None)]).error is None
