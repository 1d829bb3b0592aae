"""How probable a reading is, and weighing it anew when something else speaks for or against it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from pipeline.document import Reading

# Nothing makes a reading surer than this.
CEILING = 0.9995
# Log-odds beyond which nothing becomes more probable.
CERTAIN = 30.0
# Less than this is no alternative worth a person's look.
LEAST = 5e-5


def logistic(log_odds: float) -> float:
    """Probability of what has these log-odds; never quite 0 or 1.

    >>> logistic(0.0), round(logistic(-math.log(3.0)), 6), logistic(1e9) < 1.0
    (0.5, 0.25, True)
    """
    return 1.0 / (1.0 + math.exp(-max(-CERTAIN, min(CERTAIN, log_odds))))


def believed(reading: Reading) -> dict[str, float]:
    """The candidates of a reading with their probabilities; an empty field is certainly empty."""
    if reading.empty or not reading.value:
        return {"": 1.0}
    return {reading.value: reading.confidence, **dict(reading.alternatives)}


def believing(
    reading: Reading, weighed: Mapping[str, float], rest: float, value: str | None = None
) -> Reading:
    """The reading with new weights of its candidates, `rest` that of all other values: best first, sum 1.

    By Bayes' rule.

    value : the candidate that stays the reading's value, whatever its weight; None: the weightiest.
    """
    whole = sum(weighed.values()) + rest
    if whole <= 0.0:
        return reading
    order = sorted(weighed.items(), key=lambda entry: (-entry[1], entry[0]))
    if value is None:
        value = order[0][0]
    best = min(weighed[value] / whole, CEILING)
    room = 1.0 - best
    others = [(v, min(p / whole, room)) for v, p in order if v and v != value and p / whole >= LEAST]
    return replace(reading, value=value, confidence=best, alternatives=tuple(others))
