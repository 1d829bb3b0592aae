"""Containers: what a file is, and whether all of it is there."""

import contextlib
import io
import struct

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from pipeline.document import Reason, ScanError
from pipeline.files.containers import Kind, check_container, cut_tiff, ends_in_zeros, jpeg_has_end, sniff

NOISE = np.random.default_rng(1).integers(0, 256, (40, 30), np.uint8)


def saved(form: str, **options: object) -> bytes:
    file = io.BytesIO()
    Pillow.fromarray(NOISE).save(file, form, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (saved("JPEG"), Kind.JPEG),
        (saved("PNG"), Kind.PNG),
        (saved("WEBP"), Kind.WEBP),
        (saved("BMP"), Kind.BMP),
        (saved("GIF"), Kind.GIF),
        (saved("PPM"), Kind.PNM),
        (b"P4\n# by a scanner\n16 1\n\0\0", Kind.PNM),
        (saved("TIFF"), Kind.TIFF),
        (b"MM\0*\0\0\0\x08", Kind.TIFF),
        (b"II+\0\x08\0\0\0", Kind.TIFF),
        (b"%PDF-1.4\n", Kind.PDF),
        (b"\x1b%-12345X@PJL\r\n%PDF-1.4\n", Kind.PDF),
        (b"BM is how this text begins, which is long enough", None),
        (b"P5 is a page number", None),
        (b"RIFF\0\0\0\0WAVEfmt ", None),
        (b"", None),
        (b"\0" * 100, None),
    ],
)
def test_sniff(head: bytes, kind: Kind | None) -> None:
    assert sniff(head) is kind


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"exif": b"Exif\0\0" + saved("JPEG")}])
def test_a_jpeg_has_its_end_or_has_not(options: dict[str, object]) -> None:
    data = saved("JPEG", **options)
    assert jpeg_has_end(data)
    assert jpeg_has_end(data + b"\0" * 100)
    assert jpeg_has_end(data + b"a movie that a telephone puts there")
    for end in (3, 30, len(data) // 2, len(data) - 2):
        assert not jpeg_has_end(data[:end])
        assert not jpeg_has_end(data[:end] + bytes(len(data) - end))


@given(st.binary(max_size=60))
def test_noise_after_the_picture_does_not_take_its_end_away(noise: bytes) -> None:
    picture = b"\xff\xd8\xff\xda\x00\x02" + noise.replace(b"\xff", b"")
    assert not jpeg_has_end(picture)
    assert jpeg_has_end(picture + b"\xff\xd9" + noise)


@given(st.binary(max_size=60))
def test_noise_has_an_end_only_where_an_end_marker_stands(noise: bytes) -> None:
    assert b"\xff\xd9" in noise or not jpeg_has_end(b"\xff\xd8\xff" + noise)


def reason_of(kind: Kind, data: bytes) -> Reason | None:
    try:
        check_container(kind, data)
    except ScanError as error:
        return error.reason
    return None


def test_a_png_is_checked_to_its_end() -> None:
    data = saved("PNG")
    assert reason_of(Kind.PNG, data) is None
    assert reason_of(Kind.PNG, data + b"rubbish") is None
    for end in range(8, len(data)):
        assert reason_of(Kind.PNG, data[:end]) is Reason.TRUNCATED_FILE
    assert reason_of(Kind.PNG, data[:500] + bytes(len(data) - 500)) is Reason.TRUNCATED_FILE
    wrong = data[:500] + bytes([data[500] ^ 1]) + data[501:]
    assert reason_of(Kind.PNG, wrong) is Reason.UNREADABLE_FILE


def test_a_damaged_remark_in_a_png_is_left_out() -> None:
    data = saved("PNG", dpi=(200, 200))
    assert check_container(Kind.PNG, data) == data
    place = data.index(b"pHYs")
    wrong = data[: place + 5] + bytes([data[place + 5] ^ 1]) + data[place + 6 :]
    assert check_container(Kind.PNG, wrong) == saved("PNG")


def test_webp_and_pdf_tell_their_end() -> None:
    webp = saved("WEBP", quality=100)
    assert reason_of(Kind.WEBP, webp) is None
    assert reason_of(Kind.WEBP, webp[:-2]) is Reason.TRUNCATED_FILE
    assert reason_of(Kind.WEBP, webp[:-600] + bytes(600)) is Reason.TRUNCATED_FILE
    pdf = b"%PDF-1.4\n%%EOF\n" + b"1 0 obj" * 1000
    assert reason_of(Kind.PDF, pdf) is Reason.TRUNCATED_FILE
    assert reason_of(Kind.PDF, pdf + b"startxref\n9\n%%EOF\n" + bytes(9000)) is None


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"x" * 600, False),
        (b"x" * 600 + bytes(511), False),
        (b"x" * 600 + bytes(512), True),
        (bytes(15), False),
        (bytes(16), True),
    ],
)
def test_ends_in_zeros(data: bytes, expected: bool) -> None:
    assert ends_in_zeros(data, 0, len(data)) is expected


def pages(data: bytes) -> int:
    with tifffile.TiffFile(io.BytesIO(data)) as tiff:
        return len(tiff.pages)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True])
def test_a_tiff_is_cut_before_the_page_that_is_not_there(order: str, big: bool) -> None:
    file = io.BytesIO()
    with tifffile.TiffWriter(file, byteorder=order, bigtiff=big) as writer:
        for _ in range(3):
            writer.write(NOISE, contiguous=False)
    data = file.getvalue()
    with tifffile.TiffFile(io.BytesIO(data)) as tiff:
        third = tiff.pages[2].offset
    assert cut_tiff(data) == (data, False)
    cut, was_cut = cut_tiff(data[: third + 20])
    assert (was_cut, pages(cut)) == (True, 2)
    cut, was_cut = cut_tiff(data[:third] + bytes(len(data) - third))
    assert (was_cut, pages(cut)) == (True, 2)


def test_a_tiff_whose_pages_go_round_in_a_circle_ends() -> None:
    data = bytearray(saved("TIFF"))
    first = struct.unpack_from("<I", data, 4)[0]
    entries = struct.unpack_from("<H", data, first)[0]
    struct.pack_into("<I", data, first + 2 + 12 * entries, first)
    assert cut_tiff(bytes(data)) == (data, False)


@given(st.binary(max_size=40))
def test_cut_tiff_gives_a_file_or_a_scan_error(noise: bytes) -> None:
    for head in (b"II*\0", b"MM\0+\0\x08\0\0"):
        with contextlib.suppress(ScanError):
            assert len(cut_tiff(head + noise)[0]) == len(head + noise)
