"""What a file is by its first bytes, and whether all of it is there.

Decoders forgive: a JPEG that was cut off becomes a page whose lower half is grey, a damaged
PNG one with other pixels. Here the files themselves are asked, before anything is decoded.
"""

from __future__ import annotations

import re
import struct
import zlib
from enum import StrEnum
from typing import Final

from pipeline.document import Reason, ScanError


class Kind(StrEnum):
    """A file format that can be read; the value is what a person calls it."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WebP"
    BMP = "BMP"
    GIF = "GIF"
    PNM = "PNM"
    TIFF = "TIFF"
    PDF = "PDF"


_PATTERNS: Final = (
    (Kind.JPEG, re.compile(rb"\xff\xd8\xff")),
    (Kind.PNG, re.compile(rb"\x89PNG\r\n\x1a\n")),
    (Kind.TIFF, re.compile(rb"II[*+]\0|MM\0[*+]")),
    (Kind.WEBP, re.compile(rb"RIFF....WEBP", re.DOTALL)),
    (Kind.GIF, re.compile(rb"GIF8[79]a")),
    # Two letters also begin a text; what must follow them does not.
    (Kind.BMP, re.compile(rb"BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0", re.DOTALL)),
    (Kind.PNM, re.compile(rb"P[456]\s+(?:#[^\n]*\n\s*)*\d+\s")),
    (Kind.PDF, re.compile(rb".{0,1000}%PDF-\d", re.DOTALL)),  # printers put their commands first
)
_SNIFFED_BYTES: Final = 1024
_PDF_TAIL_BYTES: Final = 4096
# No format ends its compressed data with that many, and hardly a short strip is nothing else.
_ZEROS: Final = 512
_MIN_ZEROS: Final = 16
_JPEG_BARE_MARKERS: Final = frozenset({0x01, *range(0xD0, 0xD9)})  # without a length
_CRITICAL: Final = (b"IHDR", b"PLTE", b"IDAT", b"IEND")


def sniff(data: bytes) -> Kind | None:
    """The format by content, None where it is none that can be read."""
    head = data[:_SNIFFED_BYTES]
    return next((kind for kind, pattern in _PATTERNS if pattern.match(head)), None)


def check_container(kind: Kind, data: bytes) -> bytes:
    """The file as a decoder may have it: itself, less a PNG's damaged remarks.

    Raises ScanError where the file tells that a part of it is missing or damaged. A JPEG, TIFF,
    BMP or GIF does not tell up front: see `jpeg_has_end` and `cut_tiff`.
    """
    if kind is Kind.PNG:
        return _sound_png(data)
    if kind is Kind.WEBP:
        size = 8 + int.from_bytes(data[4:8], "little")
        if len(data) < size or ends_in_zeros(data, 12, size):
            raise truncated()
    elif kind is Kind.PDF:
        tail = data.rstrip(b"\0")[-_PDF_TAIL_BYTES:]
        if b"%%EOF" not in tail and b"startxref" not in tail:
            raise truncated()
    return data


def truncated() -> ScanError:
    """The error for a file of which the end is missing."""
    return ScanError(Reason.TRUNCATED_FILE, "the file is cut off, its end is missing; copy or scan it again")


def damaged(kind: Kind, detail: object) -> ScanError:
    """The error for a file that is all there and still cannot be decoded."""
    because = " ".join(str(detail).split()) or type(detail).__name__
    return ScanError(
        Reason.UNREADABLE_FILE,
        f"the {kind} file is damaged or of an unknown variant ({because}); scan it again",
    )


def ends_in_zeros(data: bytes, start: int, end: int) -> bool:
    """Whether the compressed data from start to end was never written to its end.

    Copying over a network often sets the space aside first: a copy that was broken off, or
    is not finished yet, has its full size and zeros where the rest should be.
    """
    return end - start >= _MIN_ZEROS and not any(data[max(start, end - _ZEROS) : end])


def jpeg_has_end(data: bytes) -> bool:
    """Whether the end marker of the picture itself follows its data.

    An embedded preview has an end marker too, and zeros may follow where a copy was broken
    off, so neither a search from the start nor a look at the last two bytes tells.
    """
    position = 2
    while (position := data.find(b"\xff", position)) >= 0 and position + 4 <= len(data):
        marker = data[position + 1]
        if marker == 0xFF:
            position += 1
        elif marker in _JPEG_BARE_MARKERS:
            position += 2
        else:
            position += 2 + int.from_bytes(data[position + 2 : position + 4])
            if marker == 0xDA:  # compressed data, in which FF never stands before D9
                return data.find(b"\xff\xd9", position) >= 0
    return False


def cut_tiff(data: bytes) -> tuple[bytes, bool]:
    """The TIFF file with its chain of pages ended before the first that is not all there.

    Returns the file and whether it had to be cut. Raises ScanError where no page is left.
    """
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\0", b"\0+")
    # Classic: 2 bytes count, 12 bytes an entry, 4 bytes link. Big: 8, 20, 8.
    count_format, entry_bytes, link_format = ("Q", 20, "Q") if big else ("H", 12, "I")
    count_bytes, link_bytes = struct.calcsize(count_format), struct.calcsize(link_format)
    link = first = 8 if big else 4
    seen = set()
    while link + link_bytes <= len(data):
        (offset,) = struct.unpack_from(order + link_format, data, link)
        if offset in seen or (offset == 0 and link != first):
            return data, False
        seen.add(offset)
        if not 0 < offset <= len(data) - count_bytes:
            break
        (count,) = struct.unpack_from(order + count_format, data, offset)
        end = offset + count_bytes + count * entry_bytes
        if count == 0 or end + link_bytes > len(data):
            break
        link = end
    if link == first:
        raise truncated()
    return data[:link] + bytes(link_bytes) + data[link + link_bytes :], True


def _sound_png(data: bytes) -> bytes:
    kept, position = [data[:8]], 8
    while position + 12 <= len(data):
        length = int.from_bytes(data[position : position + 4])
        name, end = data[position + 4 : position + 8], position + 12 + length
        if end > len(data):
            break
        if zlib.crc32(memoryview(data)[position + 4 : end - 4]) == int.from_bytes(data[end - 4 : end]):
            kept.append(data[position:end])
        elif name in _CRITICAL:
            if b"IEND" not in data[end:]:
                break
            raise damaged(Kind.PNG, "wrong checksum")
        if name == b"IEND":
            return b"".join(kept)
        position = end
    raise truncated()
