from __future__ import annotations

import multiprocessing
import sys
from pathlib import Path

import pytest

from flows import limits
from flows.limits import LEAST_BYTES, MOST_BYTES, limit_memory, memory_a_worker


def _take_more_than_allowed() -> None:
    limit_memory(1 << 30)
    try:
        bytearray(2 << 30)
    except MemoryError:
        sys.exit(17)


@pytest.mark.skipif(limits.resource is None, reason="Windows limits no memory")
def test_process_gets_no_more_than_it_may_have() -> None:
    process = multiprocessing.get_context("spawn").Process(target=_take_more_than_allowed)
    process.start()
    process.join(60)
    assert process.exitcode == 17


def test_container_with_little_memory_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = tmp_path / "memory.max"
    given.write_text(f"{6 << 30}\n")
    monkeypatch.setattr(limits, "_CGROUP", given)
    monkeypatch.setattr(limits.os, "sysconf", lambda name: 1 << 20)
    assert memory_a_worker(1) == 6 << 30
    assert memory_a_worker(2) == 4 << 30
    assert memory_a_worker(64) == LEAST_BYTES
    given.write_text("max\n")
    assert memory_a_worker(1) == MOST_BYTES
