"""Whatever a file holds, it gives pages or a reason in one line."""

from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.document import ScanError
from pipeline.files.scans import decode
from tests.pipeline.files.scan_files import WHOLE


def readable_or_scan_error(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    try:
        for page in decode(path, "fuzz"):
            assert page.image.dtype == np.uint8
            assert page.image.ndim in (2, 3)
            assert page.dpi is None or 50 <= page.dpi <= 1200
    except ScanError as error:
        assert str(error).isprintable()  # noqa: PT017 (no error is fine as well)


fuzzing = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@fuzzing
@given(head=st.sampled_from([b"", *(data[:16] for data in WHOLE)]), noise=st.binary(max_size=300))
def test_noise_never_crashes(tmp_path: Path, head: bytes, noise: bytes) -> None:
    readable_or_scan_error(tmp_path / "noise", head + noise)


@fuzzing
@given(
    data=st.sampled_from(WHOLE),
    places=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=5),
    cut=st.floats(0, 1) | st.just(1.0),
)
def test_damaged_files_never_crash(
    tmp_path: Path, data: bytes, places: list[tuple[float, int]], cut: float
) -> None:
    changed = bytearray(data)
    for place, value in places:
        changed[int(place**3 * len(data))] = value  # more often where the headers are
    readable_or_scan_error(tmp_path / "damaged", bytes(changed[: round(cut * len(data))]))
