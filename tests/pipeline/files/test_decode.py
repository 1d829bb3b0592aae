"""Every format decodes to the pixels that went in."""

import io

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image as Pillow

from tests.pipeline.files.scan_files import (
    BITS,
    COLOUR,
    GREY,
    LOSSLESS,
    SMOOTH,
    Read,
    only,
    saved,
    tiff,
)


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
