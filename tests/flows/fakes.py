"""A reader that needs no model, and scans that make it misbehave: for the reading processes too.

The grey level of a page's first pixel says what happens when it is read.
"""

from __future__ import annotations

import hashlib
import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from flows.errors import ModelUnavailableError
from flows.reader import Identity, Reader
from pipeline.document import Box, Page, Reading, Reason

GOOD, RAISES, KILLS, SLOW, EMPTY, NOT_FOUND, HANGS, NOTHING, HOGS, WAITS = range(0, 100, 10)
IDENTITY = Identity("digits", "1" * 16, "fake", "2" * 16, "digits")


def open_reader() -> Reader:
    """A reader as `flows.reader.open_reader` gives it."""
    return Reader(IDENTITY, read, threshold)


def open_other_reader() -> Reader:
    """The same with another model."""
    return Reader(Identity("digits", "1" * 16, "fake", "3" * 16, "digits"), read, threshold)


def open_no_reader() -> Reader:
    """A model that is missing."""
    raise ModelUnavailableError("no model there")


def open_mortal_reader() -> Reader:
    """A model whose loading ends the process, but not the parent's."""
    if os.environ.get("FAKES_PARENT") != str(os.getpid()):
        os._exit(7)
    return open_reader()


def threshold(target_error: float) -> float:
    """The surer the stricter."""
    return 1.0 - target_error


def read(pages: Iterable[Page]) -> list[Reading]:
    """What the page's pixels say, the same every time."""
    return [reading for page in pages for reading in _read(page)]


def _read(page: Page) -> list[Reading]:
    level = int(page.image.reshape(page.image.shape[0], page.image.shape[1], -1)[0, 0, 0])
    if level == RAISES:
        raise ValueError("this page\nis poison")
    if level == KILLS:
        os.kill(os.getpid(), signal.SIGKILL)
    if level == HANGS:
        time.sleep(600)
    while level == WAITS and not Path(os.environ["FAKES_GATE"]).exists():
        time.sleep(0.05)
    if level == HOGS:
        np.ones(1 << 32, np.uint8)
    if level == SLOW:
        time.sleep(0.2)
    if level == NOTHING:
        return []
    if level == EMPTY:
        return [Reading(page.scan, page.number, "digits", empty=True)]
    if level == NOT_FOUND:
        return [Reading(page.scan, page.number, "digits", reason=Reason.NOT_FOUND)]
    number = int.from_bytes(hashlib.sha256(page.image.tobytes()).digest()[:4])
    confidence = np.float32(number % 997 / 997)
    return [
        Reading(
            page.scan,
            page.number,
            "digits",
            value=f"{number % 100_000:05d}",
            confidence=confidence,
            alternatives=(("00000", (1 - confidence) / 2),),
            box=Box(2, 2, 20, 10),
        )
    ]


def draw_scan(path: Path, seed: int, level: int = GOOD, pages: int = 1) -> Path:
    """Write a small page of noise, several of them as a TIFF."""
    images = []
    for page in range(pages):
        image = np.random.default_rng((seed, page)).integers(0, 255, (24, 32), np.uint8)
        image[0, 0] = level
        images.append(image)
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwritemulti(str(path), images) if pages > 1 else cv2.imwrite(str(path), images[0])
    return path


def open_for(layout: str, postal: str, model: Path | None, debug: Path | None = None) -> Reader:
    """In the place of `flows.reader.open_reader`."""
    return open_reader()
