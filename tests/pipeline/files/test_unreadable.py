"""What is no scan, or only half of one, says so."""

import io
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image as Pillow

from pipeline.document import Reason, ScanError
from pipeline.files import scans
from pipeline.files.scans import decode
from tests.pipeline.files.scan_files import (
    BITS,
    COLOUR,
    GREY,
    PDF_PAGE,
    SMOOTH,
    Read,
    minimal_pdf,
    only,
    saved,
    tiff,
)

LOCKED = "/Encrypt<</Filter/Standard/V 1/R 2/P -4/O<" + "00" * 32 + ">/U<" + "11" * 32 + ">>>/ID[<00><00>]"


@pytest.mark.parametrize(
    ("data", "reason", "message"),
    [
        (b"", Reason.EMPTY_FILE, "0 bytes"),
        (bytes(5000), Reason.TRUNCATED_FILE, "cut off"),
        (b"Dear Sir or Madam", Reason.NOT_AN_IMAGE, "no picture"),
        (b"PK\3\4 an archive", Reason.NOT_AN_IMAGE, "no picture"),
        (b"\xff\xd8\xff", Reason.TRUNCATED_FILE, "cut off"),
        (b"GIF89a", Reason.TRUNCATED_FILE, "cut off"),
        (b"II*\0\0\0\0\0", Reason.TRUNCATED_FILE, "cut off"),
        (saved(SMOOTH, "GIF", "L")[:-900], Reason.TRUNCATED_FILE, "cut off"),
        (saved(SMOOTH, "BMP")[:-900], Reason.TRUNCATED_FILE, "cut off"),
        (saved(SMOOTH, "PPM")[:-900], Reason.TRUNCATED_FILE, "cut off"),
        (saved(SMOOTH, "TIFF")[:-900], Reason.TRUNCATED_FILE, "cut off"),
        (minimal_pdf(PDF_PAGE)[:200], Reason.TRUNCATED_FILE, "cut off"),
        (b"%PDF-1.4\nstartxref\n9\n%%EOF", Reason.UNREADABLE_FILE, "PDF file is damaged"),
        (minimal_pdf(), Reason.UNREADABLE_FILE, "PDF file is damaged"),
        (minimal_pdf(PDF_PAGE, trailer=LOCKED), Reason.UNREADABLE_FILE, "locked with a password"),
        (minimal_pdf(("/MediaBox[0 0 9000 9]", "")), Reason.TOO_LARGE, "no sheet of paper"),
        (tiff(GREY.astype(np.float64)), Reason.UNREADABLE_FILE, "unknown variant"),
        (b"P5 60000 60000 255 ", Reason.TOO_LARGE, "60000 x 60000 pixels"),
        (b"P5 40000 1 255 ", Reason.TOO_LARGE, "40000 x 1 pixels"),
    ],
)
def test_what_cannot_be_read_says_why(read: Read, data: bytes, reason: Reason, message: str) -> None:
    with pytest.raises(ScanError, match=message) as caught:
        read(data)
    assert caught.value.reason is reason
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("filled", [False, True])
def test_half_a_picture_is_no_page(
    read: Read, form: str, mode: str, filled: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    data = saved(cv2.resize(COLOUR, (200, 300)), form, mode, quality=95)
    for part in (0.3, 0.6, 0.9):
        end = int(len(data) * part)
        with pytest.raises(ScanError) as caught:
            read(data[:end] + (bytes(len(data) - end) if filled else b""))
        assert caught.value.reason is Reason.TRUNCATED_FILE
    assert capfd.readouterr() == ("", "")


def test_a_jpeg_that_lacks_only_its_end_marker_is_read(read: Read) -> None:
    data = saved(SMOOTH, "JPEG")
    assert data.endswith(b"\xff\xd9")
    assert np.array_equal(only(read(data[:-2])), only(read(data)))


def test_pages_before_the_cut_are_handed_out(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    others = [Pillow.fromarray(BITS).convert("1")] * 2
    data = saved(BITS, "TIFF", "1", compression="group4", save_all=True, append_images=others)
    path = tmp_path / "three.tif"
    path.write_bytes(data[: int(len(data) * 0.8)])
    pages = decode(path, "three")
    assert [next(pages).number, next(pages).number] == [1, 2]
    with pytest.raises(ScanError, match="cut off"):
        next(pages)
    assert capfd.readouterr() == ("", "")


def test_fax_data_that_was_never_copied(read: Read) -> None:
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:  # writes its directory first, as scanners do
        writer.write(GREY, compression="zlib", rowsperstrip=60)
    data = file.getvalue()
    with pytest.raises(ScanError, match="cut off"):
        read(data[:-1500] + bytes(1500))


def test_a_missing_file_may_be_tried_again(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        next(decode(tmp_path / "gone.png", "gone.png"))


def test_a_forbidden_file_is_a_scan_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    (tmp_path / "a").write_bytes(b"x")
    monkeypatch.setattr(Path, "read_bytes", forbidden)
    with pytest.raises(ScanError, match="may not be read") as caught:
        next(decode(tmp_path / "a", "a"))
    assert caught.value.reason is Reason.UNREADABLE_FILE


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ScanError, match="no file"):
        next(decode(tmp_path / "pipe", "pipe"))


def test_a_file_too_large_for_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scans, "MAX_FILE_BYTES", 10)
    (tmp_path / "a").write_bytes(b"x" * 11)
    with pytest.raises(ScanError) as caught:
        next(decode(tmp_path / "a", "a"))
    assert caught.value.reason is Reason.TOO_LARGE


def test_a_file_without_pages_is_no_success(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scans, "decode_pdf", lambda _: iter(()))
    with pytest.raises(ScanError, match="no pages"):
        read(minimal_pdf(PDF_PAGE))
