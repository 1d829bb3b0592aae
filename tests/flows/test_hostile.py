"""The hostile files of the study (`benchmarks/hostile.py`), the quick ones, decoded one by one."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.hostile_files import crafted, mutated, sound_scans, tiff_of_pages, write_named
from pipeline.document import ScanError
from pipeline.files.scans import decode, discover

_SLOW = ("form-loop", "bomb-below", "10000", "text-bomb")
_SCANS = sound_scans()


def decode_bytes(folder: Path, data: bytes) -> int:
    """The number of pages; a ScanError is the only error there may be."""
    path = folder / "scan"
    path.write_bytes(data)
    pages = 0
    try:
        for page in decode(path, "scan"):
            assert page.image.size
            pages += 1
    except ScanError as error:
        if "\n" in str(error):
            raise
    return pages


@pytest.mark.parametrize("name", sorted(_SCANS))
def test_sound_scan_is_read(tmp_path: Path, name: str) -> None:
    assert decode_bytes(tmp_path, _SCANS[name]) == {"pages.tif": 3, "big.tif": 2}.get(name, 1)


def test_crafted_files_give_pages_or_a_reason(tmp_path: Path) -> None:
    quick = [(name, data) for name, data in crafted() if not any(word in name for word in _SLOW)]
    assert len(quick) > 80
    for _, data in quick:
        decode_bytes(tmp_path, data)


def test_mutated_files_give_pages_or_a_reason(tmp_path: Path) -> None:
    files = list(mutated(7))
    for _, data in random.Random(0).sample(files, 100):
        decode_bytes(tmp_path, data)


def test_thousand_pages_are_a_thousand_pages(tmp_path: Path) -> None:
    assert decode_bytes(tmp_path, tiff_of_pages(1000)) == 1000


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(_SCANS)), st.integers(0, 400), st.binary(max_size=16), st.integers(0, 4000))
def test_bytes_in_the_place_of_others_give_pages_or_a_reason(
    tmp_path: Path, name: str, at: int, replacement: bytes, end: int
) -> None:
    data = bytearray(_SCANS[name])
    data[at : at + len(replacement)] = replacement
    decode_bytes(tmp_path, bytes(data[: max(end, at)]))


def test_names_and_links_stay_in_the_folder(tmp_path: Path) -> None:
    write_named(tmp_path / "in")
    scans = discover([tmp_path / "in"])
    assert len(scans) >= 20
    assert all(scan.name.isprintable() for scan in scans)
    inside = (tmp_path / "in").resolve()
    assert all(scan.path.resolve().is_relative_to(inside) for scan in scans)
    assert not {"out.png", "up.png", "device.png", "pipe.png", "loop.png"} & {scan.name for scan in scans}
