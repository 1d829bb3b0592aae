"""PDF files, from bytes to page images: every page drawn as it would be printed."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Iterator
from typing import Final

import numpy as np
import pypdfium2

from pipeline.document import Image, Reason, ScanError
from pipeline.files.containers import Kind, damaged
from pipeline.files.rasters import believable

log = logging.getLogger(__name__)

RENDER_DPI: Final = 300
# A2 at 300 dpi. A page that claims to be larger (a scan whose pixels were taken for points,
# mostly) is drawn coarser and loses nothing.
MAX_RENDERED_PIXELS: Final = 36_000_000
_POINTS_PER_INCH: Final = 72
_MAX_ASPECT: Final = 100

# PDFium is not made for threads: one call at a time in the whole process.
_pdfium: Final = threading.Lock()


def decode_pdf(data: bytes) -> Iterator[tuple[Image, float | None]]:
    """The pages of a PDF as (image (H, W, 3) BGR uint8, dpi), drawn one by one as they are asked for.

    Raises ScanError, after the pages before the one that cannot be drawn.
    """
    with _pdfium:
        document = _open(data)
        count = len(document)
    try:
        for index in range(count):
            with _pdfium:
                page = _render(document, index)
            yield page
    finally:
        with _pdfium:
            document.close()


def _open(data: bytes) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise ScanError(
                Reason.UNREADABLE_FILE, "the PDF is locked with a password; save it without one"
            ) from error
        raise damaged(Kind.PDF, error) from error


def _render(document: pypdfium2.PdfDocument, index: int) -> tuple[Image, float | None]:
    try:
        page = document[index]
        try:
            scale = _scale(*page.get_size())
            bitmap = page.render(scale=scale)
            try:
                image = bitmap.to_numpy().copy()  # the bitmap's memory goes when it is closed
            finally:
                bitmap.close()
        finally:
            page.close()
    except (pypdfium2.PdfiumError, ValueError, MemoryError) as error:
        log.debug("drawing page %d of a PDF", index + 1, exc_info=True)
        raise damaged(Kind.PDF, error) from error
    dpi = scale * _POINTS_PER_INCH
    return np.asarray(image, np.uint8), dpi if believable(dpi) else None


def _scale(width: float, height: float) -> float:
    """Pixels a point for a page of that many points."""
    if not (math.isfinite(width * height) and width > 0 and height > 0):
        raise damaged(Kind.PDF, "a page without a size")
    if max(width / height, height / width) > _MAX_ASPECT:
        raise ScanError(
            Reason.TOO_LARGE, "the PDF has a page that is no sheet of paper; print it to PDF again"
        )
    return min(RENDER_DPI / _POINTS_PER_INCH, math.sqrt(MAX_RENDERED_PIXELS / (width * height)))
