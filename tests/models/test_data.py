"""Loading: every kind of data gives the same crops, and what is wrong is told in one line."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from models.data import load_crops, load_dataset
from models.idx import PARTS, UNSIGNED_BYTE, read_idx
from models.labelled import Crops, DataError, divide
from models.pictures import lift_digit
from tests.models.samples import pen_digits


def write_idx(path: Path, array: NDArray[np.uint8]) -> None:
    """Write what `read_idx` reads."""
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, UNSIGNED_BYTE, array.ndim, *array.shape)
    path.write_bytes(header + np.ascontiguousarray(array, np.uint8).tobytes())


@given(array=arrays(np.uint8, array_shapes(max_dims=3, max_side=5)))
def test_idx_gives_back_what_was_written(
    array: NDArray[np.uint8], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("idx") / "a"
    write_idx(path, array)
    np.testing.assert_array_equal(read_idx(path), array)


@given(size=st.integers(1, 60), seed=st.integers(0, 9), data=st.data())
def test_divided_parts_are_the_whole(size: int, seed: int, data: st.DataObject) -> None:
    apart = data.draw(st.integers(0, size))
    crops = Crops(np.zeros((size, 28, 28), np.uint8), np.arange(size))
    kept, held = divide(crops, apart, seed)
    assert len(held) == apart
    assert sorted([*kept.y, *held.y]) == list(range(size))


def test_npz_with_x_and_y(tmp_path: Path) -> None:
    crops = pen_digits(50)
    np.savez(tmp_path / "d.npz", x=crops.x, y=crops.y)
    np.testing.assert_array_equal(load_crops(str(tmp_path / "d.npz")).x, crops.x)
    dataset = load_dataset(str(tmp_path / "d.npz"), seed=3)
    assert (len(dataset.train), len(dataset.test)) == (40, 10)
    assert dataset.name == "d"


def test_npz_like_mnist_keeps_its_test_part(tmp_path: Path) -> None:
    a, b = pen_digits(30), pen_digits(20, seed=1)
    np.savez(tmp_path / "m.npz", x_train=a.x, y_train=a.y, x_test=b.x, y_test=b.y)
    dataset = load_dataset(str(tmp_path / "m.npz"))
    assert (len(dataset.train), len(dataset.test)) == (30, 20)
    assert len(load_crops(str(tmp_path / "m.npz"))) == 20


def test_idx_files_also_packed(tmp_path: Path) -> None:
    crops = pen_digits(20)
    for images, labels in PARTS:
        write_idx(tmp_path / images, crops.x)
        write_idx(tmp_path / labels, crops.y.astype(np.uint8))
    packed = tmp_path / f"{PARTS[0][0]}.gz"
    packed.write_bytes(gzip.compress((tmp_path / PARTS[0][0]).read_bytes()))
    (tmp_path / PARTS[0][0]).unlink()
    dataset = load_dataset(str(tmp_path))
    np.testing.assert_array_equal(dataset.train.x, crops.x)
    np.testing.assert_array_equal(dataset.test.y, crops.y)


def test_folder_for_each_class_with_ink_of_either_brightness(tmp_path: Path) -> None:
    crops = pen_digits(20)
    for index, (crop, label) in enumerate(zip(crops.x, crops.y, strict=True)):
        (tmp_path / str(label)).mkdir(exist_ok=True)
        dark_on_light = index >= 10
        cv2.imwrite(str(tmp_path / str(label) / f"{index:02}.png"), 255 - crop if dark_on_light else crop)
    (tmp_path / "7" / "Thumbs.db").write_bytes(b"x")
    loaded = load_crops(str(tmp_path))
    assert loaded.y.tolist() == sorted(crops.y.tolist())
    for digit in range(10):
        np.testing.assert_array_equal(loaded.x[loaded.y == digit], crops.x[digit::10])


def test_digit_on_a_large_picture_becomes_a_crop() -> None:
    picture = np.full((300, 200), 240, np.uint8)
    cv2.line(picture, (100, 60), (100, 240), 20, 9)
    crop = lift_digit(picture)
    rows, columns = np.nonzero(crop > 100)
    assert rows.max() - rows.min() in (18, 19)
    assert 12 <= columns.mean() <= 15
    assert not lift_digit(np.full((40, 40), 200, np.uint8)).any()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.npz", {"x": np.zeros((2, 28, 28)), "y": np.zeros(2, int)}, "float64"),
        ("b.npz", {"x": np.zeros((2, 20, 28), np.uint8), "y": np.zeros(2, int)}, "(2, 20, 28)"),
        ("c.npz", {"x": np.zeros((2, 28, 28), np.uint8), "y": np.zeros(3, int)}, "y is (3,)"),
        ("d.npz", {"x": np.zeros((2, 28, 28), np.uint8), "y": np.array([0, 11])}, "0 to 11"),
        ("e.npz", {"images": np.zeros((2, 28, 28), np.uint8)}, "holds images"),
    ],
)
def test_unfit_arrays_are_told(
    tmp_path: Path, name: str, content: dict[str, NDArray[np.generic]], said: str
) -> None:
    np.savez(tmp_path / name, **content)  # type: ignore[arg-type]
    with pytest.raises(DataError) as caught:
        load_crops(str(tmp_path / name))
    assert said in str(caught.value)
    assert name in str(caught.value)


def test_what_is_no_data_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.npz").write_text("no archive")
    (tmp_path / "x.txt").write_text("text")
    (tmp_path / PARTS[1][0]).write_bytes(b"\0\0\x08\x01\0\0\0\x09abc")
    (tmp_path / PARTS[1][1]).write_bytes(b"\0\0\x08\x01\0\0\0\x01a")
    (tmp_path / "empty" / "3").mkdir(parents=True)
    for name in ("x.npz", "x.txt", "missing", "missing.npz", "empty", "."):
        with pytest.raises(DataError) as caught:
            load_crops(str(tmp_path / name))
        assert str(tmp_path / name) in str(caught.value)
    with pytest.raises(DataError, match="missing"):
        load_crops("mnist", tmp_path / "missing.npz")


def test_broken_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "3").mkdir()
    (tmp_path / "3" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n123")
    with pytest.raises(DataError, match=r"broken\.png"):
        load_crops(str(tmp_path))
