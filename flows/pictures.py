"""Small pictures of the fields that wait for a person, cut out of the scans again."""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import cv2
import numpy as np

from flows.results import Settled
from pipeline.document import Box, Image, ScanError
from pipeline.files.scans import decode

log = logging.getLogger(__name__)

WIDTH, HEIGHT = 480, 160  # pixels at most; a phone's width, and a line of writing on it
_MARGIN = 0.35  # of the field's height, so that cut-off strokes show
_JPEG_QUALITY = 80


@dataclass(frozen=True)
class Picture:
    """A field and how it looks.

    data_uri : a JPEG as a `data:` address, None where the scan cannot be shown any more.
    """

    settled: Settled
    data_uri: str | None


def take_pictures(fields: Iterable[Settled]) -> list[Picture]:
    """A picture of every field, in the order of the fields; no scan's trouble is another's."""
    wanted = list(fields)
    by_path = sorted(range(len(wanted)), key=lambda i: (wanted[i].line.path, wanted[i].reading.page))
    pictures: dict[int, Picture] = {}
    for path, group in groupby(by_path, lambda i: wanted[i].line.path):
        numbers = list(group)
        pages = _pages(path, {wanted[i].reading.page for i in numbers})
        for i in numbers:
            page = pages.get(wanted[i].reading.page)
            uri = None if page is None else _data_uri(crop(page, wanted[i].reading.box))
            pictures[i] = Picture(wanted[i], uri)
    return [pictures[i] for i in range(len(wanted))]


def crop(image: Image, box: Box | None) -> Image:
    """The field with some surroundings, the whole page without a box, no larger than WIDTH x HEIGHT."""
    if box is not None:
        margin = int(box.height * _MARGIN) + 4
        top, left = max(box.y - margin, 0), max(box.x - margin, 0)
        part = image[top : box.y + box.height + margin, left : box.x + box.width + margin]
        image = part if part.size else image
    height, width = image.shape[:2]
    scale = min(WIDTH / width, HEIGHT / height, 1.0)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _pages(path: Path, numbers: set[int]) -> dict[int, Image]:
    """The pages asked for, as far as the file still gives them."""
    images: dict[int, Image] = {}
    try:
        for page in _decode_up_to(path, max(numbers)):
            if page[0] in numbers:
                images[page[0]] = page[1]
    except (ScanError, OSError) as error:
        log.debug("no picture of %s: %s", path, error)
    except Exception:  # a decoder's bug costs a picture, not the report
        log.debug("no picture of %s", path, exc_info=True)
    return images


def _decode_up_to(path: Path, last: int) -> Iterator[tuple[int, Image]]:

    for page in decode(path, path.name):
        yield page.number, page.image
        if page.number >= last:
            return


def _data_uri(image: Image) -> str | None:
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return f"data:image/jpeg;base64,{base64.b64encode(data.tobytes()).decode()}" if done else None
