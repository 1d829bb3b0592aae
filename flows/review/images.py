"""The pictures that a browser gets: a field large, and its page. Scans are read here and nowhere else.

Only paths that the ledger names are opened, and only while the file still is what was read.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from flows.review.fields import Detail, Key
from pipeline.document import Box, Image, ScanError
from pipeline.files.scans import decode

FIELD_WIDTH, FIELD_HEIGHT = 1400, 500  # pixels at most
PAGE_SIDE = 2000
_MARGIN = 0.35  # of the field's height, so that cut-off strokes show
_ENLARGED = 4.0  # at most; beyond, pixels only grow
_QUALITY = 85
_PAGES_KEPT = 12


class PictureError(Exception):
    """A field that cannot be shown; one line for the reviewer."""


@dataclass(frozen=True, eq=False)
class PagePicture:
    """A page ready to be sent, and what is needed to cut fields out of it.

    image : as decoded; jpeg : at most PAGE_SIDE pixels a side.
    """

    image: Image
    jpeg: bytes

    def place(self, box: Box | None) -> dict[str, float] | None:
        """Where a field lies, in shares of the page's width and height."""
        if box is None:
            return None
        height, width = self.image.shape[:2]
        return {
            "x": box.x / width,
            "y": box.y / height,
            "width": box.width / width,
            "height": box.height / height,
        }


class Pictures:
    """Makes pictures and keeps the last ones; safe for many threads."""

    def __init__(self) -> None:
        self._pages: OrderedDict[tuple[str, int], PagePicture] = OrderedDict()
        self._busy: dict[tuple[str, int], threading.Lock] = {}
        self._lock = threading.Lock()

    def page(self, key: Key, detail: Detail) -> PagePicture:
        """The page of a field. Raises PictureError."""
        place = key[:2]
        with self._lock:
            busy = self._busy.setdefault(place, threading.Lock())
        with busy:  # the field's picture and its page's are asked for at once, and decoded once
            with self._lock:
                if place in self._pages:
                    self._pages.move_to_end(place)
                    return self._pages[place]
            made = _make_page(place, Path(os.fsdecode(detail.path)))
            with self._lock:
                self._pages[place] = made
                while len(self._pages) > _PAGES_KEPT:
                    self._busy.pop(self._pages.popitem(last=False)[0], None)
        return made

    def field(self, key: Key, detail: Detail) -> bytes:
        """The field as a JPEG with its surroundings, large; the page where no field was found."""
        page = self.page(key, detail)
        return _jpeg(cut_out(page.image, detail.box)) if detail.box else page.jpeg


def cut_out(image: Image, box: Box) -> Image:
    """The field with some surroundings, scaled to FIELD_WIDTH x FIELD_HEIGHT, enlarged fourfold at most."""
    margin = int(box.height * _MARGIN) + 4
    top, left = max(box.y - margin, 0), max(box.x - margin, 0)
    part = image[top : max(box.y + box.height + margin, 0), left : max(box.x + box.width + margin, 0)]
    return _scaled(part if part.size else image, FIELD_WIDTH, FIELD_HEIGHT, _ENLARGED)


def _make_page(place: tuple[str, int], path: Path) -> PagePicture:
    content, number = place
    try:
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != content:
                raise PictureError(f"{path.name} has changed since it was read; run nightsort again")
        image = next((page.image for page in decode(path, path.name) if page.number == number), None)
    except OSError as error:
        text = error.strerror or str(error)
        raise PictureError(f"{path.name} cannot be opened ({text}); put the scan back") from error
    except ScanError as error:
        raise PictureError(f"{path.name}: {error}") from error
    if image is None:
        raise PictureError(f"{path.name} has no page {number} any more; put the scan back")
    return PagePicture(image, _jpeg(_scaled(image, PAGE_SIDE, PAGE_SIDE, 1.0)))


def _scaled(image: Image, width: int, height: int, most: float) -> Image:
    scale = min(width / image.shape[1], height / image.shape[0], most)
    size = (max(round(image.shape[1] * scale), 1), max(round(image.shape[0] * scale), 1))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, size, interpolation=way), dtype=np.uint8)


def _jpeg(image: Image) -> bytes:
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    if not done:
        raise PictureError("the picture cannot be made; please report this scan")
    return data.tobytes()
