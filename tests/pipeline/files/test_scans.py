"""Scans: names, hashes, and decoders that keep to themselves."""

import hashlib
import os
import struct
import sys
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from pipeline.files import rasters
from pipeline.files.scans import decode, sha256
from tests.pipeline.files.scan_files import (
    COLOUR,
    GREY,
    saved,
    tiff,
)


def test_pages_are_decoded_only_when_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded = []
    monkeypatch.setattr(rasters, "to_image", lambda *_, **__: decoded.append(1) or GREY)
    (tmp_path / "a").write_bytes(saved(GREY, "TIFF", save_all=True, append_images=[Pillow.fromarray(GREY)]))
    pages = decode(tmp_path / "a", "a")
    assert decoded == []
    next(pages)
    assert decoded == [1]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_a_name_that_is_not_utf_8(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\n.png"))
    path.write_bytes(saved(COLOUR, "JPEG"))
    (page,) = decode(path, r"\xff.png")
    assert page.scan == r"\xff.png"
    assert len(sha256(path)) == 64


def test_sha256(tmp_path: Path) -> None:
    data = b"scan" * 700_000
    (tmp_path / "a").write_bytes(data)
    assert sha256(tmp_path / "a") == hashlib.sha256(data).hexdigest()


def test_warnings_of_decoders_stay_inside_and_filters_as_they_were(tmp_path: Path) -> None:
    private, byte = 65000, 1
    entry = struct.pack("<HHI", private, byte, 900)
    data = tiff(GREY, extratags=[(private, byte, 900, b"x" * 900, True)])
    assert entry in data
    path = tmp_path / "warns"
    path.write_bytes(data.replace(entry, struct.pack("<HHI", private, byte, 90_000)))
    with pytest.warns(UserWarning, match="larger than file"):
        Pillow.open(path).load()
    before, limit, failures = list(warnings.filters), Pillow.MAX_IMAGE_PIXELS, []

    def work() -> None:
        try:
            for _ in range(20):
                assert np.array_equal(next(decode(path, "warns")).image, GREY)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert warnings.filters == before
    assert limit == Pillow.MAX_IMAGE_PIXELS
