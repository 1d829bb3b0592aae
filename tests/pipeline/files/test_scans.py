"""Scans: every format decodes to the pixels that went in, and what is no scan says so."""

import hashlib
import io
import os
import struct
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image as Pillow

from pipeline.document import Page, Reason, ScanError
from pipeline.files import pdf, rasters, scans
from pipeline.files.scans import decode, sha256

GREY = np.random.default_rng(7).integers(0, 256, (60, 40), np.uint8)
COLOUR = np.random.default_rng(8).integers(0, 256, (60, 40, 3), np.uint8)  # BGR
BITS = np.where(GREY > 127, 255, 0).astype(np.uint8)
SMOOTH = cv2.GaussianBlur(cv2.resize(COLOUR, (160, 240)), (0, 0), 9)


def saved(image: np.ndarray, form: str, mode: str | None = None, **options: object) -> bytes:
    """The picture, (H, W) or (H, W, 3) BGR, as a file that Pillow writes."""
    made = Pillow.fromarray(image[..., ::-1] if image.ndim == 3 else image)
    file = io.BytesIO()
    (made.convert(mode) if mode else made).save(file, form, **options)
    return file.getvalue()


def tiff(image: np.ndarray, **options: object) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, image, **options)
    return file.getvalue()


def exif(orientation: int) -> Pillow.Exif:
    tags = Pillow.Exif()
    tags[274] = orientation
    return tags


def minimal_pdf(*pages: tuple[str, str], trailer: str = "") -> bytes:
    """A PDF whose pages are (entries of the page, drawing operators)."""
    kids = " ".join(f"{3 + 2 * i} 0 R" for i in range(len(pages)))
    objects = ["<</Type/Catalog/Pages 2 0 R>>", f"<</Type/Pages/Count {len(pages)}/Kids[{kids}]>>"]
    for i, (entries, drawing) in enumerate(pages):
        objects.append(f"<</Type/Page/Parent 2 0 R/Contents {4 + 2 * i} 0 R{entries}>>")
        objects.append(f"<</Length {len(drawing)}>>stream\n{drawing}\nendstream")
    text, offsets = "%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(text))
        text += f"{number} 0 obj{content}endobj\n"
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    return (
        f"{text}xref\n0 {size}\n0000000000 65535 f \n{table}"
        f"trailer<</Size {size}/Root 1 0 R{trailer}>>\nstartxref\n{len(text)}\n%%EOF\n"
    ).encode("latin-1")


@pytest.fixture
def read(tmp_path: Path) -> Callable[[bytes], list[Page]]:
    """Decodes bytes as a file whose name tells nothing."""

    def decoded(data: bytes) -> list[Page]:
        path = tmp_path / "scan"
        path.write_bytes(data)
        return list(decode(path, "scan"))

    return decoded


Read = Callable[[bytes], list[Page]]


def only(pages: list[Page]) -> np.ndarray:
    assert [page.number for page in pages] == [1]
    image = pages[0].image
    assert image.dtype == np.uint8
    assert image.flags.c_contiguous
    assert image.flags.writeable
    return image


LOSSLESS = {
    "png": lambda image: saved(image, "PNG"),
    "webp": lambda image: saved(image, "WEBP", lossless=True),
    "bmp": lambda image: saved(image, "BMP"),
    "pnm": lambda image: saved(image, "PPM"),
    "tiff": lambda image: saved(image, "TIFF"),
    "tiff lzw": lambda image: saved(image, "TIFF", compression="tiff_lzw"),
    "tiff deflate": lambda image: saved(image, "TIFF", compression="tiff_adobe_deflate"),
    "tiff packbits": lambda image: saved(image, "TIFF", compression="packbits"),
    "tiff big-endian": lambda image: tiff(image[..., ::-1] if image.ndim == 3 else image, byteorder=">"),
    "tiff big": lambda image: tiff(image[..., ::-1] if image.ndim == 3 else image, bigtiff=True),
}


@pytest.mark.parametrize("form", LOSSLESS)
@pytest.mark.parametrize("image", [GREY, COLOUR], ids=["grey", "colour"])
def test_lossless_formats_give_the_pixels_back(read: Read, form: str, image: np.ndarray) -> None:
    decoded = only(read(LOSSLESS[form](image)))
    if form == "webp" and image.ndim == 2:  # which knows no grey
        image = np.dstack([image] * 3)
    assert np.array_equal(decoded, image)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    image=arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=9)),
    form=st.sampled_from(["png", "bmp", "tiff", "tiff lzw", "tiff deflate"]),
)
def test_any_grey_page_survives_lossless_formats(read: Read, image: np.ndarray, form: str) -> None:
    assert np.array_equal(only(read(LOSSLESS[form](image))), image)


@pytest.mark.parametrize("form", ["PNG", "BMP", "TIFF", "PPM"])
def test_one_bit_pages_are_black_and_white(read: Read, form: str) -> None:
    assert np.array_equal(only(read(saved(BITS, form, "1"))), BITS)


@pytest.mark.parametrize("compression", ["group3", "group4", "tiff_ccitt"])
def test_fax_tiff(read: Read, compression: str) -> None:
    assert np.array_equal(only(read(saved(BITS, "TIFF", "1", compression=compression))), BITS)


@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
def test_photometric_of_a_tiff(read: Read, photometric: str) -> None:
    shown = GREY if photometric == "minisblack" else 255 - GREY
    assert np.array_equal(only(read(tiff(GREY, photometric=photometric))), shown)
    deep = GREY.astype(np.uint16) * 257
    for compression in (None, "zlib"):
        assert np.array_equal(only(read(tiff(deep, photometric=photometric, compression=compression))), shown)


def test_sixteen_bits(read: Read) -> None:
    deep = np.arange(0, 65536, 16, np.uint16).reshape(64, 64)
    expected = np.rint(deep / 257)
    assert np.array_equal(only(read(tiff(deep))), expected)
    assert np.array_equal(only(read(tiff(deep, byteorder=">"))), expected)
    assert np.array_equal(only(read(saved(deep, "PNG"))), expected)
    colour = COLOUR.astype(np.uint16) * 256 + 200
    assert np.array_equal(only(read(tiff(colour[..., ::-1], photometric="rgb"))), COLOUR)
    assert np.array_equal(only(read(cv2.imencode(".png", colour)[1].tobytes())), COLOUR)


def test_palette_files(read: Read) -> None:
    few = COLOUR // 128 * 255
    for form in ("PNG", "GIF", "TIFF", "BMP"):
        assert np.array_equal(only(read(saved(few, form, "P"))), few), form
    assert np.array_equal(only(read(saved(GREY, "GIF"))), GREY)


def test_only_the_first_picture_of_a_gif_is_read(read: Read) -> None:
    second = Pillow.fromarray(255 - GREY)
    assert np.array_equal(only(read(saved(GREY, "GIF", save_all=True, append_images=[second]))), GREY)


def test_transparent_paper_is_white(read: Read) -> None:
    made = Pillow.fromarray(np.dstack([GREY, GREY, GREY, BITS]))
    for form in ("PNG", "WEBP", "TIFF"):
        file = io.BytesIO()
        made.save(file, form, lossless=True)
        expected = np.where(BITS == 0, 255, GREY)
        assert np.array_equal(only(read(file.getvalue()))[..., 1], expected), form


def test_cmyk(read: Read) -> None:
    white, red = np.full((16, 16, 3), 255, np.uint8), np.full((16, 16, 3), (0, 0, 255), np.uint8)
    image = np.hstack([white, red])
    assert np.array_equal(only(read(saved(image, "TIFF", "CMYK"))), image)
    decoded = only(read(saved(image, "JPEG", "CMYK", quality=100))).astype(int)
    assert np.abs(decoded - image).max() <= 4


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}, {"optimize": True}])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_jpeg_decodes_as_pillow_does(read: Read, mode: str, options: dict[str, object]) -> None:
    data = saved(SMOOTH, "JPEG", mode, **options)
    expected = np.asarray(Pillow.open(io.BytesIO(data)))
    decoded = only(read(data))
    assert np.array_equal(decoded, expected if mode == "L" else expected[..., ::-1])


def test_a_jpeg_inside_a_tiff(read: Read) -> None:
    data = saved(SMOOTH, "TIFF", compression="jpeg", quality=95)
    assert np.abs(only(read(data)).astype(int) - SMOOTH).mean() < 2


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "TIFF", "TIFF lzw"])
def test_orientation_is_applied_once(read: Read, form: str, orientation: int) -> None:
    half = np.full((16, 16), 255, np.uint8)
    stored = np.vstack([np.hstack([half * 0, half, half]), np.hstack([half // 2, half, half])])
    options = {"compression": "tiff_lzw"} if form == "TIFF lzw" else {}
    mode = "RGB" if orientation % 2 else "L"  # the fast way for colour JPEGs, and the other
    data = saved(stored, form.split(maxsplit=1)[0], mode, exif=exif(orientation), **options)
    turned = rasters.upright(stored, orientation)
    decoded = only(read(data))
    decoded = decoded[..., 0] if decoded.ndim == 3 else decoded
    assert decoded.shape == turned.shape
    assert np.abs(decoded[4::8, 4::8].astype(int) - turned[4::8, 4::8]).max() < 8


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("nonsense", [b"Exif\0\0", b"Exif\0\0MM\0*\0\0\0\x08\0", b"Exif\0\0rubbish"])
def test_nonsense_in_the_metadata_costs_no_page(read: Read, form: str, nonsense: bytes) -> None:
    assert only(read(saved(GREY, form, exif=nonsense))).shape[:2] == GREY.shape


def test_pages_of_a_tiff_each_have_their_own_size_orientation_and_resolution(read: Read) -> None:
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        writer.write(GREY, resolution=(300, 300), resolutionunit=2, extratags=[(274, 3, 1, 6, True)])
        writer.write(GREY[:10], photometric="miniswhite")
        writer.write(GREY[:, :10], resolution=(200, 200), resolutionunit=2)
        writer.write(BITS > 0, photometric="minisblack", resolution=(100, 100), resolutionunit=3)
    pages = read(file.getvalue())
    assert [page.number for page in pages] == [1, 2, 3, 4]
    assert [page.dpi for page in pages] == [300, None, 200, 254]
    expected = [np.rot90(GREY, -1), 255 - GREY[:10], GREY[:, :10], BITS]
    for page, image in zip(pages, expected, strict=True):
        assert np.array_equal(page.image, image)


def test_previews_are_no_pages(read: Read) -> None:
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        for subfile in (0, 1, 2):
            writer.write(GREY, subfiletype=subfile, contiguous=False)
    assert [page.number for page in read(file.getvalue())] == [1, 2]


@pytest.mark.parametrize(
    ("dpi", "shape", "told"),
    [
        ((300, 300), (60, 40), 300),
        ((204, 98), (125, 40), 204),
        ((100, 200), (60, 80), 200),
        ((204, 196), (62, 40), 204),
        ((1, 1), (60, 40), None),
        ((4800, 4800), (60, 40), None),
        ((600, 2), (60, 40), None),
    ],
)
@pytest.mark.parametrize("form", ["TIFF", "JPEG"])
def test_resolution(
    read: Read, form: str, dpi: tuple[int, int], shape: tuple[int, int], told: int | None
) -> None:
    (page,) = read(saved(GREY, form, dpi=dpi))
    assert page.image.shape == shape
    assert page.dpi == told


def test_a_fax_on_its_side(read: Read) -> None:
    data = saved(BITS, "TIFF", "1", compression="group4", dpi=(204, 98), exif=exif(6))
    (page,) = read(data)
    assert page.image.shape == (40, 125)
    assert page.dpi == 204


def test_png_resolution(read: Read) -> None:
    (page,) = read(saved(GREY, "PNG", dpi=(200, 200)))
    assert page.dpi == pytest.approx(200, abs=0.01)


def test_pdf_pages_are_drawn_at_300_dpi(read: Read) -> None:
    mark = "0 0 1 rg 10 70 30 20 re f"  # points, from the lower left corner
    pages = read(minimal_pdf(("/MediaBox[0 0 72 144]", mark), ("/MediaBox[0 0 72 144]/Rotate 90", mark)))
    assert [(page.number, page.dpi, page.image.shape) for page in pages] == [
        (1, 300, (600, 300, 3)),
        (2, 300, (300, 600, 3)),
    ]
    upright_page = np.full((600, 300, 3), 255, np.uint8)
    upright_page[225:308, 42:166] = (255, 0, 0)
    for page, expected in zip(pages, (upright_page, np.rot90(upright_page, -1)), strict=True):
        assert (page.image != expected).any(axis=2).mean() < 0.01  # the mark's soft edges


def test_a_huge_pdf_page_is_drawn_coarser(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "MAX_RENDERED_PIXELS", 90_000)
    (page,) = read(minimal_pdf(("/MediaBox[0 0 144 144]", "")))
    assert page.image.shape == (300, 300, 3)
    assert page.dpi == 150


PDF_PAGE = ("/MediaBox[0 0 20 20]", "")
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


def test_pages_are_decoded_only_when_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded = []
    monkeypatch.setattr(rasters, "to_image", lambda *_, **__: decoded.append(1) or GREY)
    (tmp_path / "a").write_bytes(saved(GREY, "TIFF", save_all=True, append_images=[Pillow.fromarray(GREY)]))
    pages = decode(tmp_path / "a", "a")
    assert decoded == []
    next(pages)
    assert decoded == [1]


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


WHOLE = [
    *(make(GREY) for make in LOSSLESS.values()),
    *(make(COLOUR) for make in LOSSLESS.values()),
    saved(GREY, "JPEG"),
    saved(COLOUR, "JPEG", exif=exif(6), dpi=(300, 200)),
    saved(COLOUR, "JPEG", "CMYK", progressive=True),
    saved(GREY, "GIF"),
    saved(BITS, "TIFF", "1", compression="group4", dpi=(204, 98)),
    saved(BITS, "TIFF", "1", compression="group3"),
    saved(GREY, "TIFF", save_all=True, append_images=[Pillow.fromarray(GREY)]),
    minimal_pdf(PDF_PAGE, ("/MediaBox[0 0 72 144]/Rotate 90", "0 0 1 rg 10 70 30 20 re f")),
]


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
