"""When enough people agree on a field, and who is asked next where they do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from flows.verdict import Kind, Verdict

# Somebody who keyed against a very certain reading is asked again after so many other fields.
OTHERS_BETWEEN = 5


@dataclass(frozen=True)
class Keying:
    """What one person said about a field, once.

    needed : equal keyings that settle the field, as of this keying; 1, or 2 where it is double.
    afresh : earlier keyings do not count any more.
    """

    number: int
    reviewer: str
    verdict: Verdict
    needed: int = 1
    afresh: bool = False


def counted(keyings: Sequence[Keying]) -> list[Keying]:
    """Those that count, in their order: from the last one that begins afresh."""
    begin = max((i for i, keying in enumerate(keyings) if keying.afresh), default=0)
    return list(keyings[begin:])


def agreed(keyings: Sequence[Keying]) -> Verdict | None:
    """What the keyings say together, None where it needs another one."""
    counting = counted(keyings)
    needed = max((keying.needed for keying in counting), default=1)
    most = Counter(keying.verdict for keying in counting).most_common(1)
    return most[0][0] if most and most[0][1] >= needed else None


def contradicts(verdict: Verdict, value: str, *, very_certain: bool) -> bool:
    """Whether a keying differs from a reading so certain that a slip of the finger is likelier."""
    return very_certain and verdict != Verdict(Kind.VALUE, value)


def is_doubtful(keyings: Sequence[Keying], value: str, *, very_certain: bool) -> bool:
    """Whether what stands for a field is to be asked again: one keying alone, against such a reading.

    The reading may have come later, by a model that learned. Whoever opened a settled field to correct
    it has looked twice.
    """
    counting = counted(keyings)
    verdict = agreed(counting)
    if verdict is None or not contradicts(verdict, value, very_certain=very_certain):
        return False
    return not counting[0].afresh and sum(keying.verdict == verdict for keying in counting) < 2
