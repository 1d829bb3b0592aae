"""What somebody is told at the end of a run whose pages are not what they said."""

from __future__ import annotations

from typing import Any

import pytest

from flows.summary import hint


def document(layout: str, **reasons: int) -> dict[str, Any]:
    counts = {name.replace("_", "-"): count for name, count in reasons.items()}
    return {"results": {"fields": 10, "reason": counts}, "settings": {"layout": layout}}


@pytest.mark.parametrize(
    ("layout", "reasons", "words"),
    [
        ("envelope", {"not_found": 6}, "--layout digits"),
        ("envelope", {"not_found": 5}, ""),
        ("digits", {"not_found": 9}, ""),
        ("tally.toml", {"not_registered": 6}, "layout check"),
        ("tally.toml", {"not_registered": 4, "low_confidence": 6}, ""),
    ],
)
def test_hint_where_most_pages_are_something_else(layout: str, reasons: dict[str, int], words: str) -> None:
    told = hint(document(layout, **reasons))
    assert words in told if words else told == ""
