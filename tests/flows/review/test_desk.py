from __future__ import annotations

import time

import pytest

from flows.review.desk import LEASE_S, Desk, Filter
from flows.review.fields import Field, entropy
from pipeline.document import Reason, Status


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def field(
    number: int, confidence: float = 0.5, *, bits: float = 0.0, reason: str = "low-confidence"
) -> Field:
    status = Status.REVIEW if reason else Status.ACCEPTED
    return Field((f"{number}", 1, "zip"), f"{number:04}", 0, "12", confidence, status, reason, bits)


def desk_of(*fields: Field, **options: float) -> tuple[Desk, Clock]:
    clock = Clock()
    desk = Desk(clock=clock, **options)  # type: ignore[arg-type]
    desk.reload(fields)
    return desk, clock


def names(fields: list[Field]) -> list[str]:
    return [each.scan for each in fields]


def test_least_certain_comes_first_and_what_was_not_found_last() -> None:
    desk, _ = desk_of(field(1, 0.0, reason=Reason.NOT_FOUND), field(2, 0.7), field(3, 0.2))
    assert names(desk.take("s", "p", Filter(), number=9)) == ["0003", "0002", "0001"]
    assert names(desk.take("s", "p", Filter("scan"), number=9)) == ["0001", "0002", "0003"]


def test_by_value_a_choice_between_likely_readings_comes_first() -> None:
    sure, hopeless = entropy(0.99, [("1", 0.01)]), entropy(0.05, [])
    open_choice = entropy(0.5, [("1", 0.45)])
    desk, _ = desk_of(field(1, bits=sure), field(2, bits=open_choice), field(3, bits=hopeless))
    assert names(desk.take("s", "p", Filter("value"), number=1)) == ["0002"]


def test_filters_hold() -> None:
    desk, _ = desk_of(field(1), field(2, reason="bad-format"), field(3))
    assert names(desk.take("s", "p", Filter(reason="bad-format"))) == ["0002"]
    assert names(desk.take("s", "p", Filter(scan="03"))) == ["0003"]
    assert desk.take("s", "p", Filter(field="amount")) == []
    assert desk.remaining(Filter(scan="000")) == 3


def test_few_fields_of_a_kind_are_looked_for_once_among_many(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    takes = Filter.takes
    monkeypatch.setattr(Filter, "takes", lambda wish, each: looked.append(each.scan) or takes(wish, each))
    rare = [field(number, reason="bad-format") for number in (500, 700, 900)]
    desk, _ = desk_of(*(field(number) for number in range(400)), *rare)
    wish = Filter(reason="bad-format")
    while fields := desk.take("s", "p", wish, number=1):
        desk.settle(fields[0], "p", verified=True)
    assert desk.remaining(wish) == 0
    assert desk.verified() == len(rare)
    assert len(looked) == 403 + len(rare)  # once each, and once more when it is settled


def test_nobody_gets_what_another_has_until_the_lease_ends() -> None:
    desk, clock = desk_of(field(1), field(2), field(3))
    assert names(desk.take("s", "p", Filter())) == ["0001", "0002"]
    assert names(desk.take("t", "q", Filter())) == ["0003"]
    assert not desk.hold("t", desk.take("s", "p", Filter())[0])
    clock.now = LEASE_S + 1
    assert names(desk.take("t", "q", Filter())) == ["0001", "0002"]
    desk.leave("t")
    assert names(desk.take("s", "p", Filter())) == ["0001", "0002"]


def test_what_is_put_off_comes_when_nothing_else_is_left() -> None:
    desk, _ = desk_of(field(1), field(2))
    first, second = desk.take("s", "p", Filter())
    desk.skip("s", first)
    assert names(desk.take("s", "p", Filter())) == ["0002"]
    desk.settle(second, "p", verified=True)
    assert names(desk.take("s", "p", Filter())) == ["0001"]


def test_double_entry_never_asks_the_same_person_twice() -> None:
    desk, _ = desk_of(field(1), double=True)
    (only,) = desk.take("s", "p", Filter())
    assert desk.blind(only)
    desk.settle(only, "p", verified=False)
    assert desk.take("s", "p", Filter()) == []
    assert desk.take("t", "q", Filter()) == [only]


def test_a_slip_is_asked_again_later_and_at_once_where_nothing_else_is_left() -> None:
    fields = [field(number) for number in range(8)]
    desk, _ = desk_of(*fields)
    desk.settle(fields[0], "p", verified=False)
    asked = []
    while found := desk.take("s", "p", Filter(), number=1):
        asked.append(found[0].scan)
        desk.settle(found[0], "p", verified=True)
    assert asked.index("0000") == 5
    assert len(asked) == 8


def test_audited_fields_are_strewn_into_the_queue() -> None:
    review = [field(number, 0.1 + number / 1000) for number in range(200)]
    accepted = [field(number, 0.99, reason="") for number in range(200, 1200)]
    desk, _ = desk_of(*review, *accepted, audit=0.1)
    queue = desk.take("s", "p", Filter(), number=2000)
    audited = [place for place, each in enumerate(queue) if each.status is Status.ACCEPTED]
    assert 70 < len(audited) < 130
    assert audited[0] < 30
    assert sum(place < len(queue) / 2 for place in audited) > len(audited) / 3
    assert all(desk.blind(queue[place]) for place in audited)
    assert desk.take("t", "q", Filter(reason="low-confidence"), number=2000) == []


def test_undone_field_comes_back() -> None:
    desk, _ = desk_of(field(1))
    (only,) = desk.take("s", "p", Filter())
    desk.settle(only, "p", verified=True)
    assert (desk.verified(), desk.remaining(Filter())) == (1, 0)
    desk.reopen(only, verified=False, keyers=())
    assert (desk.verified(), desk.remaining(Filter())) == (0, 1)


def test_of_100_000_fields_the_next_one_is_at_hand() -> None:
    desk, _ = desk_of(*(field(number, number % 997 / 1000) for number in range(100_000)))
    times = []
    for _ in range(20):
        begin = time.perf_counter()
        first, _second = desk.take("s", "p", Filter())
        desk.settle(first, "p", verified=True)
        assert desk.remaining(Filter()) == 100_000 - len(times) - 1
        times.append(time.perf_counter() - begin)
    assert sorted(times)[10] < 0.2


def test_a_wish_that_nothing_fulfils_does_not_walk_the_queue_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Field] = []

    def takes(self: Filter, field: Field) -> bool:
        asked.append(field)
        return field.reason == self.reason

    monkeypatch.setattr(Filter, "takes", takes)
    desk, _ = desk_of(*(field(number) for number in range(50)))
    wish = Filter(reason="bad-format")
    assert desk.take("s", "p", wish) == []
    assert len(asked) == 50
    assert desk.take("s", "p", wish) == []
    assert len(asked) == 50
