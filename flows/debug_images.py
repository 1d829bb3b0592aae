"""`--debug-images`: a picture of every page that a run reads, with every decision on it, in OUT/debug.

A reading process draws each page as it passes and names the picture for the content of the scan, which
is all it knows; in the end the night gives it the scan's name, made safe for every file system.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import cv2

from pipeline.document import Image, Page

log = logging.getLogger(__name__)

FOLDER = "debug"
_QUALITY = 88
_LONGEST_NAME = 80  # characters of a scan's name that are kept
_UNNAMED = re.compile(r"([0-9a-f]{64})-p(\d+)\.jpg")


def draw_passing(pages: Iterable[Page], draw: Callable[[Page], Image], folder: Path) -> Iterator[Page]:
    """The pages, each drawn into `folder` before it is handed on. No picture is worth a page's reading."""
    for page in pages:
        place = folder / f"{page.scan}-p{page.number:03d}.jpg"
        try:
            _write(place, draw(page))
        except Exception as error:  # a disk that is full, or whatever this page provokes
            log.warning("no picture of page %d of %s: %s", page.number, page.scan, error)
        yield page


def _write(place: Path, picture: Image) -> None:
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    if not done:
        raise ValueError("the picture cannot be encoded")
    written = place.with_suffix(".part")
    try:
        written.write_bytes(data.tobytes())
        written.replace(place)
    finally:
        written.unlink(missing_ok=True)


def name_pictures(folder: Path, names: Mapping[str, str]) -> int:
    """Name the pictures in `folder` for their scans; returns how many there are of this run.

    names : of scans by their content (SHA-256).
    """
    count = 0
    for place in sorted(folder.glob("*.jpg")):
        made = _UNNAMED.fullmatch(place.name)
        if made and made[1] in names:
            place.replace(folder / safe_name(names[made[1]], made[1], int(made[2])))
            count += 1
    return count


def safe_name(scan: str, content: str, page: int) -> str:
    """A file name that tells scan and page, for any name of a scan; contents keep like names apart."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", scan).strip("._-") or "scan"
    return f"{plain[-_LONGEST_NAME:].lstrip('._-') or 'scan'}-{content[:8]}-p{page:03d}.jpg"
