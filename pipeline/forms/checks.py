"""What a layout knows about its values besides their length: check digits, and sums that must hold.

Both are evidence and no proof. A number with a wrong check digit, or a total that is not the sum of its
parts, is more often misread than miswritten, so the readings that agree gain and those that do not lose;
where nothing agrees the value stays and goes to a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipeline.belief import believed, believing
from pipeline.document import Reading, Reason

# How often a form states a number with a wrong check digit, or a sum that is not one.
WRONG_CHECK, WRONG_SUM = 0.01, 0.05
# Different sums that are followed up, the most probable ones.
KEPT = 400


def luhn(value: str) -> bool:
    """Whether the last digit checks the others by Luhn's rule (ISO/IEC 7812): cards, many account numbers.

    >>> luhn("79927398713"), luhn("79927398731")
    (True, False)
    """
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(value))]
    return len(value) > 1 and sum(n - 9 if n > 9 else n for n in doubled) % 10 == 0


def mod10(value: str) -> bool:
    """Whether the digits, weighted 1, 3, 1, 3 ... from the right, sum to a multiple of 10 (EAN, ISBN-13).

    >>> mod10("4006381333931"), mod10("4006381333913")
    (True, False)
    """
    return (
        len(value) > 1 and sum(int(d) * (3 if i % 2 else 1) for i, d in enumerate(reversed(value))) % 10 == 0
    )


def mod11(value: str) -> bool:
    """Whether the digits, weighted 1, 2, 3 ... from the right, sum to a multiple of 11 (ISBN-10).

    >>> mod11("0306406152"), mod11("0306406125")
    (True, False)
    """
    return len(value) > 1 and sum(int(d) * (i + 1) for i, d in enumerate(reversed(value))) % 11 == 0


RULES = {"luhn": luhn, "mod10": mod10, "mod11": mod11}


def apply_check_digit(reading: Reading, rule: str) -> Reading:
    """The reading with its candidates weighed by a check digit; `check-digit` where none has a right one."""
    if not reading.value or reading.reason is not None:
        return reading
    belief = believed(reading)
    good = RULES[rule]
    if not any(good(value) for value in belief):
        return replace(reading, confidence=reading.confidence * WRONG_CHECK, reason=Reason.CHECK_DIGIT)
    # What is not among the candidates would have a right check digit by chance only.
    chance = 1.0 / (11.0 if rule == "mod11" else 10.0)
    rest = (1.0 - sum(belief.values())) * (chance * (1.0 - WRONG_CHECK) + WRONG_CHECK)
    weighed = {v: p * (1.0 - WRONG_CHECK if good(v) else WRONG_CHECK) for v, p in belief.items()}
    weighed_reading = believing(reading, weighed, rest)
    return (
        weighed_reading
        if good(weighed_reading.value)
        else replace(weighed_reading, reason=Reason.CHECK_DIGIT)
    )


def apply_sums(readings: Sequence[Reading], sums: Sequence[tuple[str, Sequence[str]]]) -> list[Reading]:
    """The readings of a page with their candidates weighed by the sums that must hold among them.

    sums : of each the field that states it, and the fields that are summed.

    For every sum the belief of each of its fields is multiplied by what the others say about it (one round
    of belief propagation on the sum; Pearl, 1988), an empty field counting as 0. A sum that does not hold
    even so gives `sum-differs` to its total and parts.
    """
    by_name = {reading.field: reading for reading in readings}
    heard = dict(by_name)
    messages: dict[str, list[dict[str, float]]] = {}
    weighed: list[tuple[str, Sequence[str]]] = []
    broken: set[str] = set()
    for total, parts in sums:
        names = [total, *parts]
        if any(by_name[name].reason is not None for name in names):
            continue
        said = _messages([believed(by_name[name]) for name in names])
        weighed.append((total, parts))
        if said is None:
            said = [dict.fromkeys(believed(by_name[name]), 0.0) for name in names]
        for name, message in zip(names, said, strict=True):
            messages.setdefault(name, []).append(message)
    for name, all_said in messages.items():
        heard[name] = _hearing(by_name[name], all_said)
    for total, parts in weighed:
        if sum(_number(heard[name].value) for name in parts) != _number(heard[total].value):
            broken.update([total, *parts])
    return [
        replace(reading, reason=Reason.SUM_DIFFERS)
        if reading.field in broken and reading.value and reading.reason is None
        else reading
        for reading in heard.values()
    ]


def _number(value: str) -> int:
    return int(value) if value else 0


def _messages(beliefs: list[dict[str, float]]) -> list[dict[str, float]] | None:
    """For every field (the total first) how probable the others make each of its candidates.

    None where no combination of candidates makes the sum true.
    """
    total, parts = beliefs[0], beliefs[1:]
    before: list[dict[int, float]] = [{0: 1.0}]
    for belief in parts:
        before.append(_added(before[-1], _numbers(belief)))
    after: list[dict[int, float]] = [{0: 1.0}]
    for belief in reversed(parts):
        after.append(_added(after[-1], _numbers(belief)))
    after.reverse()
    goal = _numbers(total)
    if not any(number in goal for number in before[-1]):
        return None
    said = [{value: before[-1].get(_number(value), 0.0) for value in total}]
    for index, belief in enumerate(parts):
        others = _added(before[index], after[index + 1])
        said.append(
            {
                value: sum(p * others.get(wanted - _number(value), 0.0) for wanted, p in goal.items())
                for value in belief
            }
        )
    return said


def _numbers(belief: Mapping[str, float]) -> dict[int, float]:
    numbers: dict[int, float] = {}
    for value, p in belief.items():
        numbers[_number(value)] = numbers.get(_number(value), 0.0) + p
    return numbers


def _added(left: Mapping[int, float], right: Mapping[int, float]) -> dict[int, float]:
    """Distribution of the sum of two independent numbers, its most probable values only."""
    sums: dict[int, float] = {}
    for a, p in left.items():
        for b, q in right.items():
            sums[a + b] = sums.get(a + b, 0.0) + p * q
    if len(sums) <= KEPT:
        return sums
    return dict(sorted(sums.items(), key=lambda entry: -entry[1])[:KEPT])


def _hearing(reading: Reading, messages: Sequence[Mapping[str, float]]) -> Reading:
    """The reading after what its sums say about it."""
    if not messages or not reading.value:
        return reading
    belief = believed(reading)
    rest = max(0.0, 1.0 - sum(belief.values()))
    chance = 10.0 ** -max(len(value) for value in belief)
    for said in messages:
        # A candidate that the sum does not confirm, or a value that is none of them, may still be meant.
        belief = {v: p * ((1.0 - WRONG_SUM) * said[v] + WRONG_SUM * chance) for v, p in belief.items()}
        rest *= chance
    return believing(reading, belief, rest)
