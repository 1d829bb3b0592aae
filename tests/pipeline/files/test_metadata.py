"""What a file says about its pages: which way up, at what resolution, which are pages at all."""

import io

import numpy as np
import pytest
import tifffile

from pipeline.files import pdf, rasters
from tests.pipeline.files.scan_files import (
    BITS,
    GREY,
    Read,
    exif,
    minimal_pdf,
    only,
    saved,
)


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
