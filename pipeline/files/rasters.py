"""Picture files, from bytes to page images: one page each, or many in a TIFF."""

from __future__ import annotations

import io
import logging
import math
import struct
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import cv2
import numpy as np
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)
from PIL import Image as Pillow

from pipeline.document import Image, Reason, ScanError
from pipeline.files.containers import Kind, cut_tiff, damaged, ends_in_zeros, jpeg_has_end, truncated
from pipeline.files.pixels import square_pixels, to_image, upright

log = logging.getLogger(__name__)

# A4 at 1200 dpi has 139 million; Pillow itself refuses above 179.
MAX_PIXELS: Final = 175_000_000
MAX_SIDE: Final = 32_767  # OpenCV's warps count in 16 bits
BELIEVABLE_DPI: Final = (50.0, 1200.0)

# Named one by one: Pillow's own search would try formats that nobody scans to, and warn
# about large pages that are allowed here.
_READERS: Final[dict[Kind, type[ImageFile.ImageFile]]] = {
    Kind.JPEG: JpegImagePlugin.JpegImageFile,
    Kind.PNG: PngImagePlugin.PngImageFile,
    Kind.WEBP: WebPImagePlugin.WebPImageFile,
    Kind.BMP: BmpImagePlugin.BmpImageFile,
    Kind.GIF: GifImagePlugin.GifImageFile,
    Kind.PNM: PpmImagePlugin.PpmImageFile,
    Kind.TIFF: TiffImagePlugin.TiffImageFile,
}
_ORIENTATION: Final = 274
_NEW_SUBFILE_TYPE: Final = 254
_PHOTOMETRIC: Final = 262
_STRIP_TAGS: Final = ((273, 279), (324, 325))  # offsets and byte counts, of strips and of tiles
_UNCOMPRESSED: Final = ("raw", "packbits")  # zeros may be pixels, and a lack of them shows
_REDUCED_OR_MASK: Final = 0b101
_PIXELS_ARE_SQUARE: Final = 1.02
_PIXELS_ARE_NONSENSE: Final = 4.0


def decode_raster(kind: Kind, data: bytes) -> Iterator[tuple[Image, float | None]]:
    """The pages of a picture file as (image, dpi), decoded one by one as they are asked for.

    Images as in `Page`. Raises ScanError, after the pages before the one that cannot be read.
    """
    whole = True
    if kind is Kind.TIFF:
        data, cut = cut_tiff(data)
        whole = not cut
    elif kind is Kind.JPEG and not jpeg_has_end(data):
        # It may lack the end marker and nothing else. Zeros at the end would decode as grey;
        # the decoder looks 8 bytes ahead, and no further than these.
        data, whole = data.rstrip(b"\0") + b"\xff\0" * 8, False
    with _explaining(kind, whole):
        picture = _READERS[kind](io.BytesIO(data))
    index = 0
    while True:
        with _explaining(kind, whole):
            page = _page(kind, picture, data, whole) if index == 0 or _is_page(picture) else None
        if page is not None:
            yield page
        index += 1
        with _explaining(kind, whole):
            if kind is not Kind.TIFF or not _seek(picture, index):
                break
    if kind is Kind.TIFF and not whole:
        raise truncated()


def check_size(width: float, height: float) -> None:
    """Raise ScanError for a page that would not fit into memory, before it is decoded."""
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise ScanError(
            Reason.TOO_LARGE,
            f"the page has {width:.0f} x {height:.0f} pixels, more than can be read; "
            "scan it at 300 dots an inch",
        )


def believable(dpi: float) -> bool:
    """Whether it is a resolution of a scanner, and not a default that somebody never set."""
    return BELIEVABLE_DPI[0] <= dpi <= BELIEVABLE_DPI[1]


def _seek(picture: ImageFile.ImageFile, index: int) -> bool:
    for stale in ("dpi", "resolution"):  # Pillow would leave those of the page before
        picture.info.pop(stale, None)
    try:
        picture.seek(index)
    except EOFError:
        return False
    return True


def _is_page(picture: ImageFile.ImageFile) -> bool:
    """Not a small copy of another page, nor the mask of one."""
    kind = _tag(picture, _NEW_SUBFILE_TYPE, 0)
    return not (isinstance(kind, int) and kind & _REDUCED_OR_MASK)


def _page(kind: Kind, picture: ImageFile.ImageFile, data: bytes, whole: bool) -> tuple[Image, float | None]:
    check_size(*picture.size)
    x_dpi, y_dpi = _resolution(picture)
    if kind is Kind.TIFF:
        _check_strips(picture, data)
        if _tag(picture, _ORIENTATION, 1) in (5, 6, 7, 8):
            x_dpi, y_dpi = y_dpi, x_dpi  # Pillow turns a TIFF while it loads it
        min_is_white = _tag(picture, _PHOTOMETRIC, 0) == 0
    else:
        min_is_white = False
    image = _fast_colour(picture, data) if kind is Kind.JPEG and whole else None
    if image is None:
        picture.load()
        image = to_image(picture, min_is_white=min_is_white)
    ratio = max(x_dpi / y_dpi, y_dpi / x_dpi)
    if ratio > _PIXELS_ARE_NONSENSE:
        x_dpi = y_dpi = 1
    elif ratio > _PIXELS_ARE_SQUARE:
        longest = max(x_dpi, y_dpi)
        check_size(image.shape[1] * longest / x_dpi, image.shape[0] * longest / y_dpi)
        image, x_dpi = square_pixels(image, x_dpi, y_dpi), longest
    # What Pillow has turned already no longer has the tag.
    image = upright(image, _orientation(picture))
    return image, x_dpi if believable(x_dpi) else None


def _fast_colour(picture: ImageFile.ImageFile, data: bytes) -> Image | None:
    """OpenCV's decoding of a colour JPEG: the same pixels in 60 % of the time."""
    if picture.mode != "RGB":
        return None
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    if image is None or image.shape[1::-1] != picture.size:
        return None
    return image.astype(np.uint8, copy=False)


def _orientation(picture: ImageFile.ImageFile) -> int:
    """The orientation tag of a loaded picture; 1 (as it is) where it has none."""
    try:
        orientation = picture.getexif().get(_ORIENTATION, 1)
    except (SyntaxError, ValueError, KeyError, TypeError, struct.error):
        return 1  # metadata that makes no sense is no reason to lose the page
    return orientation if isinstance(orientation, int) else 1


def _resolution(picture: ImageFile.ImageFile) -> tuple[float, float]:
    """Dots an inch along x and y as stored; (1, 1) where the file does not tell."""
    stated = picture.info.get("dpi") or picture.info.get("resolution") or (1, 1)
    try:
        x, y = (float(value) for value in stated)
    except (TypeError, ValueError, ZeroDivisionError):
        return 1.0, 1.0
    return (x, y) if math.isfinite(x * y) and x > 0 and y > 0 else (1.0, 1.0)


def _tag(picture: ImageFile.ImageFile, tag: int, default: object) -> object:
    return picture.tag_v2.get(tag, default) if isinstance(picture, TiffImagePlugin.TiffImageFile) else default


def _check_strips(picture: ImageFile.ImageFile, data: bytes) -> None:
    """Raise ScanError where compressed data is missing that the decoder would not miss."""
    if picture.info.get("compression") in _UNCOMPRESSED:
        return
    for offsets, counts in _STRIP_TAGS:
        for offset, count in zip(_numbers(picture, offsets), _numbers(picture, counts), strict=False):
            if offset + count > len(data) or ends_in_zeros(data, offset, offset + count):
                raise truncated()


def _numbers(picture: ImageFile.ImageFile, tag: int) -> tuple[int, ...]:
    value = _tag(picture, tag, ())
    values = value if isinstance(value, tuple) else (value,)
    return tuple(number for number in values if isinstance(number, int))


class _Quiet:
    """Keeps Pillow's warnings about metadata off stderr while any thread decodes.

    `warnings.catch_warnings` alone is not enough: two threads that overlap would restore each
    other's state and leave the last one's filter in place for good.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._saved = warnings.catch_warnings()

    def __enter__(self) -> None:
        with self._lock:
            self._users += 1
            if self._users == 1:
                self._saved = warnings.catch_warnings()
                self._saved.__enter__()
                warnings.filterwarnings("ignore", module=r"PIL\.")

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                self._saved.__exit__(None, None, None)


_quiet: Final = _Quiet()


@contextmanager
def _explaining(kind: Kind, whole: bool) -> Iterator[None]:
    """Turn whatever a decoder raises into a ScanError; `whole` tells if a part is known to lack."""
    try:
        with _quiet:
            yield
    except ScanError:
        raise
    except (MemoryError, Pillow.DecompressionBombError):
        raise ScanError(
            Reason.TOO_LARGE, "the page is larger than can be read; scan it at 300 dots an inch"
        ) from None
    # Decoders meet bytes that nobody foresaw and raise nearly every type there is. No file is
    # open here, so none of them can be a disk that a second try would find in order.
    except Exception as error:
        log.debug("decoding a %s file", kind, exc_info=True)
        if not whole or _ran_off_the_end(error):
            raise truncated() from error
        raise damaged(kind, error) from error


def _ran_off_the_end(error: Exception) -> bool:
    """Whether the decoder wanted more bytes than there are (Pillow wraps some such errors)."""
    return (
        isinstance(error, (EOFError, struct.error))
        or isinstance(error.__cause__, (EOFError, struct.error))
        or "truncated" in str(error).lower()
    )
