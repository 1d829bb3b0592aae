from __future__ import annotations

from flows.review.votes import Keying, agreed, contradicts, is_doubtful
from flows.verdict import Kind, Verdict

A, B, C = (Verdict(Kind.VALUE, value) for value in "123")


def keyed(*verdicts: Verdict, needed: int = 1) -> list[Keying]:
    return [Keying(number, f"p{number}", verdict, needed) for number, verdict in enumerate(verdicts)]


def test_one_keying_settles_a_field() -> None:
    assert agreed(keyed(A)) == A
    assert agreed([]) is None


def test_two_people_must_agree_and_a_third_decides() -> None:
    assert agreed(keyed(A, needed=2)) is None
    assert agreed(keyed(A, A, needed=2)) == A
    assert agreed(keyed(A, B, needed=2)) is None
    assert agreed(keyed(A, B, B, needed=2)) == B
    assert agreed(keyed(A, B, C, needed=2)) is None


def test_a_keying_that_needs_a_second_waits_for_it_also_from_single_keyings() -> None:
    assert agreed([Keying(1, "p", A, needed=2), Keying(2, "p", B)]) is None
    assert agreed([Keying(1, "p", A, needed=2), Keying(2, "p", B), Keying(3, "q", A)]) == A


def test_a_correction_begins_afresh() -> None:
    assert agreed([*keyed(A, A, needed=2), Keying(9, "q", B, afresh=True)]) == B


def test_only_a_keying_against_a_certain_reading_contradicts() -> None:
    assert contradicts(A, "2", very_certain=True)
    assert contradicts(Verdict(Kind.EMPTY), "2", very_certain=True)
    assert not contradicts(A, "1", very_certain=True)
    assert not contradicts(A, "2", very_certain=False)


def test_one_keying_against_a_very_certain_reading_is_doubtful() -> None:
    assert is_doubtful(keyed(A), "2", very_certain=True)
    assert not is_doubtful(keyed(A), "2", very_certain=False)
    assert not is_doubtful(keyed(A), "1", very_certain=True)
    assert not is_doubtful([], "2", very_certain=True)


def test_two_equal_keyings_or_a_correction_are_not() -> None:
    assert not is_doubtful(keyed(A, A), "2", very_certain=True)
    assert not is_doubtful([*keyed(B), Keying(9, "q", A, afresh=True)], "2", very_certain=True)
