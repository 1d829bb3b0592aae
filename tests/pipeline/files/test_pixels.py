"""Pixels: every kind of pixel becomes grey or blue-green-red, worked out by hand."""

import numpy as np
import pytest
from PIL import Image as Pillow

from pipeline.files.pixels import scale_to_8_bits, square_pixels, to_image, upright


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([[0, 257, 32768, 65535]], np.uint16), [[0, 1, 128, 255]]),
        (np.array([[0, 4096]], np.uint16), [[0, 16]]),  # just too bright for 12 bits
        (np.array([[0, 2048, 4095]], np.uint16), [[0, 128, 255]]),  # 12 bits in 16
        (np.array([[0, 7, 255]], np.uint16), [[0, 7, 255]]),  # 8 bits in 16
        (np.array([[-5, 32768, 65535]], np.int32), [[0, 128, 255]]),
        (np.array([[0, 2**32 - 1]], np.uint32), [[0, 255]]),
        (np.array([[0.0, 0.5, 1.0, np.nan]], np.float32), [[0, 128, 255, 0]]),
        (np.array([[0.0, 7.4, 255.0, -np.inf]], np.float32), [[0, 7, 255, 0]]),
        (np.array([[0.0, 1e12]], np.float32), [[0, 255]]),
        (np.array([[0, 0]], np.uint16), [[0, 0]]),
        (np.zeros((0, 3), np.uint16), np.zeros((0, 3))),
    ],
)
def test_deep_pixels_are_scaled_by_their_range(values: np.ndarray, expected: list[list[int]]) -> None:
    scaled = scale_to_8_bits(values)
    assert scaled.dtype == np.uint8
    assert scaled.tolist() == np.asarray(expected).tolist()


def test_a_blank_page_of_ink_values_stays_blank() -> None:
    noise = np.array([[0, 200, 100]], np.uint16)
    assert scale_to_8_bits(noise, min_is_white=True).tolist() == [[255, 254, 255]]


STORED = np.array([[1, 2, 3], [4, 5, 6]], np.uint8)


@pytest.mark.parametrize(
    ("orientation", "shown"),
    [
        (1, [[1, 2, 3], [4, 5, 6]]),
        (2, [[3, 2, 1], [6, 5, 4]]),
        (3, [[6, 5, 4], [3, 2, 1]]),
        (4, [[4, 5, 6], [1, 2, 3]]),
        (5, [[1, 4], [2, 5], [3, 6]]),
        (6, [[4, 1], [5, 2], [6, 3]]),
        (7, [[6, 3], [5, 2], [4, 1]]),
        (8, [[3, 6], [2, 5], [1, 4]]),
        (0, [[1, 2, 3], [4, 5, 6]]),
        (9, [[1, 2, 3], [4, 5, 6]]),
    ],
)
def test_upright(orientation: int, shown: list[list[int]]) -> None:
    assert upright(STORED, orientation).tolist() == shown
    colour = upright(np.dstack([STORED, STORED + 10, STORED + 20]), orientation)
    assert colour[..., 1].tolist() == (np.array(shown) + 10).tolist()


def test_square_pixels_stretches_the_coarser_axis() -> None:
    fax = np.full((98, 204), 7, np.uint8)
    assert square_pixels(fax, 204, 98).shape == (204, 204)
    assert square_pixels(fax, 98, 204).shape == (98, 425)
    assert (square_pixels(fax, 204, 98) == 7).all()


def picture(mode: str, *pixels: object) -> Pillow.Image:
    made = Pillow.new(mode, (len(pixels), 1))
    made.putdata(pixels)
    return made


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (picture("1", 0, 1), [[0, 255]]),
        (picture("L", 3, 200), [[3, 200]]),
        (picture("RGB", (1, 2, 3)), [[[3, 2, 1]]]),
        (picture("RGBA", (10, 20, 30, 255), (10, 20, 30, 0)), [[[30, 20, 10], [255, 255, 255]]]),
        (picture("RGBA", (0, 100, 255, 51)), [[[255, 224, 204]]]),  # a fifth of the ink
        (picture("LA", (0, 255), (0, 0), (0, 51)), [[0, 255, 204]]),
        (picture("LA", (9, 0), (200, 0)), [[9, 200]]),  # invisible as a whole: no true alpha
        (picture("CMYK", (0, 0, 0, 0), (0, 0, 0, 255)), [[[255, 255, 255], [0, 0, 0]]]),
        (picture("CMYK", (0, 255, 255, 0)), [[[0, 0, 255]]]),
        (picture("LAB", (77, 3, 200)), [[77]]),
        (picture("I;16", 0, 65535), [[0, 255]]),
        (picture("F", 0.0, 1.0), [[0, 255]]),
    ],
)
def test_to_image(made: Pillow.Image, expected: list[list[object]]) -> None:
    image = to_image(made)
    assert image.dtype == np.uint8
    assert image.flags.c_contiguous
    assert image.flags.writeable
    assert image.tolist() == expected


def test_palettes() -> None:
    made = picture("P", 0, 1, 1)
    made.putpalette([9, 9, 9, 200, 200, 200])
    assert to_image(made).tolist() == [[9, 200, 200]]
    made.putpalette([9, 9, 9, 200, 100, 50])
    assert to_image(made).tolist() == [[[9, 9, 9], [50, 100, 200], [50, 100, 200]]]
    made.info["transparency"] = 0
    assert to_image(made).tolist() == [[[255, 255, 255], [50, 100, 200], [50, 100, 200]]]
