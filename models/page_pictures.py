"""Labelled pictures of pages: from a folder for each class, or drawn for it; and varied for training.

A class whose name ends in a number of degrees (`envelope-90`) is of pages that lie turned by so much;
every other class looks the same any way up.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.labelled import Crops, DataError
from models.pictures import read_picture
from models.thumbnail import SIDE, thumbnail
from pipeline.document import Image
from sample_scans.page_kinds import CLASSES, draw_classes

SHARD = 50  # pages that are drawn from one random stream
QUARTERS = 4
# Never taken for pictures.
COMPANIONS = {"Thumbs.db", "desktop.ini"}


def draw_pages(seed: int, count: int, workers: int) -> Crops:
    """`count` pages that this project draws, the same for any number of workers."""
    shards = [(seed, n, min(SHARD, count - n * SHARD)) for n in range(-(-count // SHARD))]
    with ProcessPoolExecutor(max(1, workers), mp_context=get_context("spawn")) as pool:
        parts = list(pool.map(_draw_shard, shards))
    return Crops(np.concatenate([x for x, _ in parts]), np.concatenate([y for _, y in parts]), CLASSES)


def _draw_shard(shard: tuple[int, int, int]) -> tuple[Image, NDArray[np.int64]]:
    seed, number, count = shard
    cv2.setNumThreads(1)
    drawn = draw_classes((seed, number), count)
    labels = [CLASSES.index(name) for _, name in drawn]
    return np.stack([thumbnail(page) for page, _ in drawn]), np.array(labels, np.int64)


def read_page_folders(folder: Path) -> Crops:
    """Pictures (N, 64, 64, 3) uint8 of a folder with a folder for each class, whatever they are called.

    Raises DataError where there are fewer than two such folders, or a file that is no picture.
    """
    if not folder.is_dir():
        raise DataError(
            f"{folder}: is no folder; give `pages`, or a folder with a folder of pictures for each class"
        )
    places = {
        p.name: _files(p) for p in sorted(folder.iterdir()) if p.is_dir() and not p.name.startswith(".")
    }
    places = {name: files for name, files in places.items() if files}
    if len(places) < 2:
        raise DataError(f"{folder}: {len(places)} folders with pictures; two classes at least are needed")
    pictures, labels = [], []
    for label, files in enumerate(places.values()):
        for path in files:
            try:
                pictures.append(thumbnail(read_picture(path)))
            except ValueError as error:
                raise DataError(f"{error}; take it out of --data") from error
            labels.append(label)
    return Crops(np.stack(pictures), np.array(labels, np.int64), tuple(places))


def _files(folder: Path) -> list[Path]:
    return sorted(
        p for p in folder.iterdir() if p.is_file() and not p.name.startswith(".") and p.name not in COMPANIONS
    )


def after_quarter(classes: Sequence[str]) -> NDArray[np.int64]:
    """The class of a picture of each class after a quarter turn clockwise; -1 where there is none."""
    known = {name: number for number, name in enumerate(classes)}
    after = []
    for number, name in enumerate(classes):
        found = re.fullmatch(r"(.*)-(0|90|180|270)", name)
        after.append(known.get(f"{found[1]}-{(int(found[2]) + 90) % 360}", -1) if found else number)
    return np.array(after, np.int64)


def vary(
    pictures: Image, labels: NDArray[np.int64], classes: Sequence[str], rng: np.random.Generator
) -> tuple[Image, NDArray[np.int64]]:
    """Pictures (N, 64, 64, 3) uint8 turned, flipped, moved and lit otherwise, with their labels then.

    Quarter turns change the label to that of the page so turned; a flip is done where any way up
    looks the same, for a mirrored letter is no letter.
    """
    after = after_quarter(classes)
    out, found = np.empty_like(pictures), labels.copy()
    for i, picture in enumerate(pictures):
        for _ in range(int(rng.integers(QUARTERS))):
            if after[found[i]] < 0:
                break
            picture, found[i] = np.rot90(picture, -1), after[found[i]]  # noqa: PLW2901
        if after[found[i]] == found[i] and rng.random() < 0.5:
            picture = picture[:, ::-1]  # noqa: PLW2901
        out[i] = _lit(_moved(np.ascontiguousarray(picture), rng), rng)
    return out, found


def _moved(picture: Image, rng: np.random.Generator) -> Image:
    """A little askew, larger or smaller, aside."""
    angle, zoom = float(np.clip(rng.normal(0, 2.5), -6, 6)), float(np.exp(rng.uniform(-0.12, 0.06)))
    matrix = cv2.getRotationMatrix2D(((SIDE - 1) / 2, (SIDE - 1) / 2), angle, zoom)
    matrix = matrix + np.pad(rng.uniform(-2, 2, (2, 1)), ((0, 0), (2, 0)))
    return np.asarray(cv2.warpAffine(picture, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR), np.uint8)


def _lit(picture: Image, rng: np.random.Generator) -> Image:
    """Other light, other contrast, other colour, noise; in grey one time in eight."""
    seen = picture.astype(np.float32)
    if rng.random() < 0.125:
        seen = np.repeat(seen.mean(axis=2, keepdims=True), 3, axis=2)
    seen *= np.float32(rng.uniform(0.7, 1.1)) * (1 + rng.normal(0, 0.05, 3)).astype(np.float32)
    bright = np.float32(seen.max())
    seen = bright - (bright - seen) * np.float32(rng.uniform(0.7, 1.2))
    seen[picture.max(axis=2) == 0] = 0.0  # what lies around the page stays black
    seen += rng.standard_normal(seen.shape, np.float32) * np.float32(rng.uniform(0, 5))
    return np.clip(seen, 0, 255).astype(np.uint8)
