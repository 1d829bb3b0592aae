"""Fixtures for the tests of files."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.document import Page
from pipeline.files.scans import decode


@pytest.fixture
def read(tmp_path: Path) -> Callable[[bytes], list[Page]]:
    """Decodes bytes as a file whose name tells nothing."""

    def decoded(data: bytes) -> list[Page]:
        path = tmp_path / "scan"
        path.write_bytes(data)
        return list(decode(path, "scan"))

    return decoded
