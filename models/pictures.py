"""Digits as pictures: a folder for each class, and one picture as a crop."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.labelled import CLASSES
from pipeline.document import Image, ScanError
from pipeline.files.scans import decode
from pipeline.paper import ink
from pipeline.strings.normalize import SIDE, normalize

CLEAN_WHITE = 247  # paper from here on needs no cleaning


def lift_digit(image: Image) -> Image:
    """The one digit of a picture as MNIST would hold it: (28, 28) uint8, ink bright on black.

    image : (H, W) uint8 grey or (H, W, 3) BGR, ink of either brightness. A 28x28 picture on
    black is taken as it is; any other is cut to its ink and normalized.
    """
    grey = ink.to_grey(image)
    rim = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    on_black = bool(np.median(rim) < 128)
    if grey.shape == (SIDE, SIDE) and (on_black or np.median(rim) > CLEAN_WHITE):
        return grey.copy() if on_black else 255 - grey
    if on_black:
        grey = 255 - grey
    dark = ink.darkness(grey, window=max(24, max(grey.shape) // 2))
    mask = ink.binarize(dark)
    if not mask.any():
        return np.zeros((SIDE, SIDE), np.uint8)
    x, y, width, height = cv2.boundingRect(cv2.dilate(mask, np.ones((3, 3), np.uint8)))
    return normalize(ink.even_ink(dark, mask)[y : y + height, x : x + width])


def read_picture(path: Path) -> Image:
    """The first page of an image file as decoded. Raises ValueError: which file, and what is wrong."""
    try:
        return next(decode(path, path.name)).image
    except ScanError as error:
        raise ValueError(f"{path}: {error}") from error


def class_folders(folder: Path) -> dict[str, Path]:
    """The folders in `folder` that are named for a class, by class."""
    return {name: folder / name for name in CLASSES if (folder / name).is_dir()}


def read_class_folders(folder: Path) -> tuple[Image, NDArray[np.int64]]:
    """Crops (N, 28, 28) uint8 and labels (N,) of pictures sorted into folders 0 to 9 and not-a-digit.

    Raises ValueError where there is no such folder, or a file that is no picture.
    """
    crops, labels = [], []
    for name, place in class_folders(folder).items():
        for path in sorted(p for p in place.iterdir() if p.is_file() and not p.name.startswith(".")):
            if path.name != "Thumbs.db":
                crops.append(lift_digit(read_picture(path)))
                labels.append(CLASSES.index(name))
    if not crops:
        raise ValueError(
            f"{folder}: no pictures in folders named 0 to 9 or {CLASSES[-1]}; "
            "give a folder with one folder of pictures for each digit"
        )
    return np.stack(crops), np.array(labels, np.int64)
