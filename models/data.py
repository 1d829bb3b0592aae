"""Labelled crops to train and to judge by: MNIST, npz files, IDX files, folders of pictures, scans."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.boxed import read_boxes
from models.idx import find_idx, read_idx
from models.labelled import CLASSES, Crops, Cutter, DataError, DataSet, divide
from models.mnist import load_mnist
from models.page_pictures import read_page_folders
from models.pictures import read_class_folders
from models.truth import cut_truth
from pipeline.strings.normalize import SIDE

TEST_SHARE = 0.2  # of data that brings no test part of its own


def load_dataset(
    spec: str, mnist: Path | None = None, seed: int = 0, cutter: Cutter | None = None, colour: bool = False
) -> DataSet:
    """Data to train with.

    spec : `mnist`, or the path of an npz file, of a folder with IDX files, of a folder with a folder
        of pictures for each class, or of a truth.csv. Data without a test part gives 20 % for one.
    mnist : MNIST's npz file; without it `mnist` is Keras's cache or download.
    cutter : needed for a truth.csv.
    colour : pictures of pages are wanted; `spec` is a folder with a folder for each class.

    Raises DataError.
    """
    if colour:
        return split(Path(spec).name, read_page_folders(Path(spec)), seed)
    if spec == "mnist":
        return _load_mnist(mnist)
    path = Path(spec)
    if path.suffix == ".npz" and {"x_train", "y_train", "x_test", "y_test"} <= _names(path):
        train, test = (_from_npz(path, f"x_{part}", f"y_{part}") for part in ("train", "test"))
        return DataSet(path.stem, train, test)
    if path.is_dir() and find_idx(path, 0) and find_idx(path, 1):
        return DataSet(path.name, _from_idx(path, 0), _from_idx(path, 1))
    return split(path.stem, load_crops(spec, cutter=cutter), seed)


def split(name: str, crops: Crops, seed: int) -> DataSet:
    """Crops with a fifth of them for the test, by the seed. Raises DataError where they are too few."""
    train, test = divide(crops, round(TEST_SHARE * len(crops)), seed)
    if not len(test):
        raise DataError(f"{name}: {len(train)} crops are too few to train and test with; give some hundreds")
    return DataSet(name, train, test)


def load_crops(spec: str, mnist: Path | None = None, cutter: Cutter | None = None) -> Crops:
    """Crops to judge by, from what `load_dataset` takes; of data with a test part that alone.

    Raises DataError.
    """
    if spec == "mnist":
        return _load_mnist(mnist).test
    path = Path(spec)
    try:
        if path.is_dir():
            part = 1 if find_idx(path, 1) else 0
            return _from_idx(path, part) if find_idx(path, part) else Crops(*read_class_folders(path))
        if path.suffix == ".npz":
            names = ("x_test", "y_test") if "x_test" in _names(path) else ("x", "y")
            return _from_npz(path, *names)
        if path.suffix == ".json":
            return read_boxes(path)
        if path.suffix == ".csv":
            return _from_truth(path, cutter)
    except OSError as error:
        raise _unreadable(path, error) from error
    except DataError:
        raise
    except ValueError as error:
        raise DataError(str(error)) from error
    if not path.exists():
        raise DataError(f"{path} does not exist; give `mnist`, a folder, an npz file or a truth.csv")
    raise DataError(f"{path} is no data to use: give `mnist`, a folder, an npz file or a truth.csv")


def _load_mnist(path: Path | None) -> DataSet:
    try:
        mnist = load_mnist(path)
    except OSError as error:
        raise _unreadable(path or "MNIST", error) from error
    except (ValueError, zipfile.BadZipFile) as error:
        raise DataError(f"{error}; give the npz file of MNIST") from error
    except Exception as error:
        # Keras wraps whatever its download meets in a plain Exception.
        raise DataError(f"MNIST cannot be fetched ({error}); give its npz file with --mnist") from error
    return DataSet("mnist", Crops(mnist.x_train, mnist.y_train), Crops(mnist.x_test, mnist.y_test))


def _unreadable(path: object, error: OSError) -> DataError:
    return DataError(f"{path} cannot be read ({error.strerror or error}); check --data")


def _names(path: Path) -> set[str]:
    """The arrays in an npz file."""
    try:
        with np.load(path) as archive:
            return set(archive.files)
    except OSError as error:
        raise _unreadable(path, error) from error
    except (ValueError, zipfile.BadZipFile, AttributeError) as error:
        raise DataError(f"{path}: not an npz file; write it with numpy.savez") from error


def _from_npz(path: Path, images: str, labels: str) -> Crops:
    if not {images, labels} <= (names := _names(path)):
        raise DataError(
            f"{path}: holds {', '.join(sorted(names))}; x (N, 28, 28) uint8 and y (N,) are needed"
        )
    with np.load(path) as archive:
        try:
            return _check(path, archive[images], archive[labels])
        except (ValueError, zipfile.BadZipFile) as error:
            raise error if isinstance(error, DataError) else DataError(f"{path}: {error}") from error


def _from_idx(folder: Path, part: int) -> Crops:
    places = find_idx(folder, part)
    if places is None:
        raise DataError(f"{folder}: MNIST's IDX files are not all there; add what is missing")
    try:
        return _check(folder, read_idx(places[0]), read_idx(places[1]))
    except OSError as error:
        raise _unreadable(folder, error) from error
    except ValueError as error:
        raise error if isinstance(error, DataError) else DataError(str(error)) from error


def _from_truth(path: Path, cutter: Cutter | None) -> Crops:
    if cutter is None:
        raise DataError(f"{path}: a model is needed to cut the fields into digits; give one with --model")
    return cut_truth(path, cutter)


def _check(path: Path, x: NDArray[np.generic], y: NDArray[np.generic]) -> Crops:
    """`x` and `y` as crops, if that is what they are."""
    if x.dtype != np.uint8:
        raise DataError(f"{path}: x is {x.dtype}; 28x28 crops of uint8, ink bright on black, are needed")
    if x.ndim == 4 and x.shape[3] == 1:
        x = x[..., 0]
    if x.ndim != 3 or x.shape[1:] != (SIDE, SIDE) or not len(x):
        raise DataError(f"{path}: x is {x.shape}; crops (N, 28, 28) are needed")
    if y.shape != (len(x),) or y.dtype.kind not in "iu":
        raise DataError(f"{path}: y is {y.shape} {y.dtype}; one whole number for each crop is needed")
    wide = y.astype(np.int64)
    if wide.min() < 0 or wide.max() >= len(CLASSES):
        raise DataError(f"{path}: y goes from {wide.min()} to {wide.max()}; 0 to 9, 10 for no digit")
    return Crops(x.astype(np.uint8, copy=False), wide)
