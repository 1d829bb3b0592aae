"""What the flow run's page shows."""

from __future__ import annotations

import uuid
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from flows import artifacts
from flows.history import History
from flows.results import Tally
from flows.summary import RunFigures
from pipeline.document import Status


def test_bar_moves_now_and_then_and_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    now, moves = 0.0, []
    monkeypatch.setattr("time.monotonic", lambda: now)
    monkeypatch.setattr(artifacts, "create_progress_artifact", lambda *_, **__: uuid.uuid4())
    monkeypatch.setattr(artifacts, "update_progress_artifact", lambda _, progress: moves.append(progress))
    bar = artifacts.ReadingProgress(planned=200)
    for read in (10, 20, 21, 200, 200):
        now += 1.5
        bar.update(read)
    assert moves == [10.0, 100.0]
    assert artifacts.ReadingProgress(planned=0).update(0) is None


def test_summary_has_shares_rate_and_what_is_unusual() -> None:
    statuses = Counter({Status.FAILED: 1, Status.ACCEPTED: 6, Status.REVIEW: 1})
    night: Any = SimpleNamespace(
        tally=Tally(fields=8, statuses=statuses),
        figures=RunFigures(tried=8, failed=1, pages=8, seconds={"reading": 2.0}),
        history=History(alarms=("skew: 3 tonight",)),
        settings=SimpleNamespace(out=Path("/out")),
    )
    lines = artifacts.summary(night).splitlines()
    assert lines[0] == "8 scans read, 0 read before, 1 failed."
    assert "**Unusual:** skew: 3 tonight" in lines
    table = [line for line in lines if line.startswith("|")][2:]
    assert table == ["| accepted | 6 | 75.0 % |", "| review | 1 | 12.5 % |", "| failed | 1 | 12.5 % |"]
    assert "4.0 pages a second." in lines
