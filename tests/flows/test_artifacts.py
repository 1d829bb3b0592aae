"""The bar on the flow run's page."""

from __future__ import annotations

import uuid

import pytest

from flows import artifacts


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
