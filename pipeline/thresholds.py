"""From which confidence on readings are accepted."""

from __future__ import annotations

from collections.abc import Iterable

NEVER = 2.0  # a threshold that no confidence reaches

Thresholds = tuple[tuple[float, float], ...]
"""Pairs of a target error and the least confidence that held to it, by rising target."""


def least_confidence(thresholds: Iterable[tuple[float, float]], target_error: float) -> float:
    """Least confidence to accept so that at most `target_error` of the accepted are wrong.

    Of the targets that were measured the loosest that is no looser than this one; `NEVER`, which
    accepts nothing, where all of them are looser.

    >>> measured = ((0.01, 0.95), (0.05, 0.7))
    >>> [least_confidence(measured, target) for target in (0.05, 0.02, 0.005)]
    [0.7, 0.95, 2.0]
    """
    fitting = [least for target, least in thresholds if target <= target_error]
    return fitting[-1] if fitting else NEVER
