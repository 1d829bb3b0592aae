"""How sure each digit of a value is, from how sure the value and the others that were proposed are."""

from __future__ import annotations

from collections.abc import Sequence


def digit_marginals(
    value: str, confidence: float, alternatives: Sequence[tuple[str, float]]
) -> tuple[float, ...]:
    """Probability that each digit of `value` is right where it stands, never less than `confidence`.

    confidence : probability of `value`. alternatives : other values with theirs; together at most 1.

    The marginals of what is believed about the field: every value counts for the digits that it shares.
    What is left to values that nobody proposed is taken to err in one digit, any of them.

    >>> [round(sure, 3) for sure in digit_marginals("417", 0.6, [("411", 0.3)])]
    [0.967, 0.967, 0.667]
    """
    if not value:
        return ()
    unsaid = max(0.0, 1.0 - confidence - sum(share for _, share in alternatives))
    sure = [confidence + unsaid * (1.0 - 1.0 / len(value))] * len(value)
    for other, share in alternatives:
        sure = [p + share if same else p for p, same in zip(sure, _shared(value, other), strict=True)]
    return tuple(min(p, 1.0) for p in sure)


def _shared(value: str, other: str) -> list[bool]:
    """Which digits of `value` stand in `other` too: those before and behind what differs.

    Where `other` has digits more and else the same, the digit before the gap (the first one, if the gap
    comes before all) stands for more than one and is not shared.
    """
    least = min(len(value), len(other))
    before = 0
    while before < least and value[before] == other[before]:
        before += 1
    behind = 0
    while behind < least - before and value[-1 - behind] == other[-1 - behind]:
        behind += 1
    if before + behind == len(value) < len(other):
        before, behind = (before - 1, behind) if before else (0, behind - 1)
    return [place < before or place >= len(value) - behind for place in range(len(value))]
