"""Labelled pictures of pages: from a folder for each class, or drawn for it; and varied for training."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.labelled import Crops, DataError
from models.material import each_shard
from models.page_turns import QUARTERS, after_quarter
from models.pictures import read_picture
from models.thumbnail import SIDE, thumbnail
from pipeline.document import Image
from sample_scans.page_kinds import CLASSES, draw_classes

PAGES = "pages"  # the data: rendered pages of every kind
SHARD = 50  # pages that are drawn from one random stream
JUDGED_SEED, JUDGED = 1_000_000_007, 2_000  # pages to judge by: no training's seed is so large
GREY = 0.125  # share of the varied pictures that are without colour
NOISES = 8  # pictures of noise for a batch
# Never taken for pictures.
COMPANIONS = {"Thumbs.db", "desktop.ini"}


def draw_pages(seed: int, count: int, workers: int) -> Crops:
    """`count` pages that this project draws, the same for any number of workers."""
    shards = [(seed, n, min(SHARD, count - n * SHARD)) for n in range(-(-count // SHARD))]
    parts = each_shard(_draw_shard, shards, workers)
    return Crops(np.concatenate([x for x, _ in parts]), np.concatenate([y for _, y in parts]), CLASSES)


def _draw_shard(shard: tuple[int, int, int]) -> tuple[Image, NDArray[np.int64]]:
    seed, number, count = shard
    cv2.setNumThreads(1)
    drawn = draw_classes((seed, number), count)
    labels = [CLASSES.index(name) for _, name in drawn]
    return np.stack([thumbnail(page) for page, _ in drawn]), np.array(labels, np.int64)


def load_pages(spec: str) -> Crops:
    """Pictures of pages to judge by: `pages`, drawn for it, or a folder as `read_page_folders` takes it.

    Raises DataError.
    """
    if spec == PAGES:
        return draw_pages(JUDGED_SEED, JUDGED, os.cpu_count() or 1)
    return read_page_folders(Path(spec))


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


def vary(
    pictures: Image, labels: NDArray[np.int64], classes: Sequence[str], rng: np.random.Generator
) -> tuple[Image, NDArray[np.int64]]:
    """Pictures (N, 64, 64, 3) uint8 turned, flipped, moved and lit otherwise, with their labels then.

    Quarter turns change the label to that of the page so turned; a flip is done where any way up
    looks the same, for a mirrored letter is no letter.
    """
    turned, found = _turned(pictures, labels, classes, rng)
    noise = rng.standard_normal((NOISES, *pictures.shape[1:]), np.float32)
    strengths, which = rng.uniform(-3, 5, len(turned)), rng.integers(NOISES, size=len(turned))
    out = np.empty_like(pictures)
    for i, (picture, light) in enumerate(zip(turned, _lights(len(turned), rng), strict=True)):
        grey = cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
        seen = cv2.LUT(_moved(grey if rng.random() < GREY else picture, rng), light[None])
        if strengths[i] > 0:
            seen = np.clip(seen + np.float32(strengths[i]) * noise[which[i]], 0, 255)
        out[i] = seen
    return out, found


def _turned(
    pictures: Image, labels: NDArray[np.int64], classes: Sequence[str], rng: np.random.Generator
) -> tuple[Image, NDArray[np.int64]]:
    """Copies turned by quarters and, where that changes nothing, flipped; and their labels."""
    after = after_quarter(classes)
    quarters, flipped = rng.integers(QUARTERS, size=len(labels)), rng.random(len(labels)) < 0.5
    out, found = pictures.copy(), labels.copy()
    for _ in range(QUARTERS - 1):
        due = (quarters > 0) & (after[found] >= 0)
        out[due], found[due] = np.rot90(out[due], -1, axes=(1, 2)), after[found[due]]
        quarters -= 1
    flipped &= after[found] == found
    out[flipped] = out[flipped, :, ::-1]
    return out, found


def _moved(picture: Image, rng: np.random.Generator) -> Image:
    """A little askew, larger or smaller, aside."""
    angle, zoom = min(6.0, max(-6.0, 2.5 * rng.standard_normal())), math.exp(rng.uniform(-0.12, 0.06))
    matrix = cv2.getRotationMatrix2D(((SIDE - 1) / 2, (SIDE - 1) / 2), angle, zoom)
    matrix[0, 2] += rng.uniform(-2, 2)
    matrix[1, 2] += rng.uniform(-2, 2)
    return np.asarray(cv2.warpAffine(picture, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR), np.uint8)


def _lights(count: int, rng: np.random.Generator) -> Image:
    """Tables (count, 256, 3) uint8 from a level to another: other light, contrast and colour.

    0 stays 0, for what lies around the page stays black.
    """
    bright = rng.uniform(0.7, 1.1, (count, 1, 1)) * (1 + rng.normal(0, 0.05, (count, 1, 3)))
    levels = np.arange(256.0)[None, :, None]
    tables = bright * (255.0 - (255.0 - levels) * rng.uniform(0.7, 1.2, (count, 1, 1)))
    tables[:, 0] = 0.0
    return np.clip(tables, 0, 255).astype(np.uint8)
