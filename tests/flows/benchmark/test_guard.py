"""Speed in CI: reading may cost so many times what decoding alone costs, whatever the machine.

Envelopes took 16 to 19 times, forms 43 to 50, strips 500 to 540 on a loaded machine; the bounds are three
times that. A search at a larger size, a wider beam or half-empty batches break them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import pytest

from flows.benchmark.contestants import decode_only, read_bare
from flows.benchmark.scan_sets import ScanSet, draw_envelopes, draw_forms, draw_strips

Draw = Callable[[Path, int, int], ScanSet]


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    yield
    cv2.setNumThreads(before)


@pytest.mark.parametrize(
    ("draw", "count", "bound"), [(draw_envelopes, 1, 50), (draw_forms, 1, 140), (draw_strips, 8, 1500)]
)
def test_reading_costs_no_more_than_so_many_times_decoding(
    draw: Draw, count: int, bound: float, tmp_path: Path
) -> None:
    scans = draw(tmp_path / "scans", count, 1)
    decoding = min(decode_only(scans.files).cpu_s for _ in range(5))
    timing = min((read_bare(scans) for _ in range(2)), key=lambda each: each.cpu_s)
    assert len(timing.values) == count
    assert timing.cpu_s / decoding < bound
