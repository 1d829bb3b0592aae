"""What tests that call `nightsort` as somebody calls it begin with."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.flows.fakes import draw_scan


@pytest.fixture
def environment(prefect_harness: str) -> dict[str, str]:
    """Has the command use the session's Prefect server, which saves starting one every time."""
    return {**os.environ, "PREFECT_API_URL": prefect_harness}


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    for number in range(12):
        draw_scan(tmp_path / "in" / f"{number:02}.png", number)
    return tmp_path / "in"
