"""From a scan file to its pages, whatever it is called: the content decides."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pipeline.document import Page, Reason, ScanError
from pipeline.files.containers import Kind, check_container, damaged, sniff, truncated
from pipeline.files.discover import InputError, discover
from pipeline.files.pdf import decode_pdf
from pipeline.files.rasters import decode_raster

__all__ = ["InputError", "decode", "discover", "sha256"]

MAX_FILE_BYTES: Final = 2 << 30
_HASHED_BYTES: Final = 1 << 20


def decode(path: Path, name: str) -> Iterator[Page]:
    """The pages of a scan, decoded one by one as they are asked for.

    Reads JPEG, PNG, WebP, BMP, GIF, PNM (one page each), TIFF and PDF (many). Images are the way
    up a viewer shows them, on white paper, with square pixels: (H, W) uint8 where the file
    is grey, (H, W, 3) uint8 BGR where it has colours. A PDF is drawn at 300 dpi, in colour.

    name : what the pages are to be called.

    Raises ScanError: EMPTY_FILE, NOT_AN_IMAGE, TRUNCATED_FILE, TOO_LARGE, or UNREADABLE_FILE
    for anything else that is wrong with the file, locked ones included; pages before a bad one
    have been handed out by then. OSError where reading fails and a second try may help.
    """
    data = _read(path)
    kind = sniff(data)
    if kind is None:
        raise _unknown(data)
    data = check_container(kind, data)
    pages = decode_pdf(data) if kind is Kind.PDF else decode_raster(kind, data)
    number = 0
    for number, (image, dpi) in enumerate(pages, 1):
        yield Page(name, number, image, dpi)
    if number == 0:
        raise damaged(kind, "it has no pages")


def sha256(path: Path) -> str:
    """The file's SHA-256 as 64 hex digits, read piece by piece. Raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_HASHED_BYTES):
            digest.update(piece)
    return digest.hexdigest()


def _read(path: Path) -> bytes:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for ever
            raise ScanError(Reason.NOT_AN_IMAGE, "this is no file; take it out of the folder")
        if status.st_size > MAX_FILE_BYTES:
            raise ScanError(Reason.TOO_LARGE, "the file has more than 2 GiB; split it into smaller ones")
        data = path.read_bytes()
    except PermissionError:
        raise ScanError(
            Reason.UNREADABLE_FILE, "the file may not be read; give the reading user the right to"
        ) from None
    if not data:
        raise ScanError(Reason.EMPTY_FILE, "the file has 0 bytes; copy or scan it again")
    return data


def _unknown(data: bytes) -> ScanError:
    if not data.rstrip(b"\0"):  # space was set aside for a copy that never came
        return truncated()
    return ScanError(
        Reason.NOT_AN_IMAGE,
        "this is no picture and no PDF; save it as JPEG, PNG, TIFF or PDF, or take it out of the folder",
    )
