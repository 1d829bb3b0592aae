"""Scans of every kind, as bytes, and the pages that they hold."""

import io
from collections.abc import Callable

import cv2
import numpy as np
import tifffile
from PIL import Image as Pillow

from pipeline.document import Page

GREY = np.random.default_rng(7).integers(0, 256, (60, 40), np.uint8)
COLOUR = np.random.default_rng(8).integers(0, 256, (60, 40, 3), np.uint8)  # BGR
BITS = np.where(GREY > 127, 255, 0).astype(np.uint8)
SMOOTH = cv2.GaussianBlur(cv2.resize(COLOUR, (160, 240)), (0, 0), 9)


def saved(image: np.ndarray, form: str, mode: str | None = None, **options: object) -> bytes:
    """The picture, (H, W) or (H, W, 3) BGR, as a file that Pillow writes."""
    made = Pillow.fromarray(image[..., ::-1] if image.ndim == 3 else image)
    file = io.BytesIO()
    (made.convert(mode) if mode else made).save(file, form, **options)
    return file.getvalue()


def tiff(image: np.ndarray, **options: object) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, image, **options)
    return file.getvalue()


def exif(orientation: int) -> Pillow.Exif:
    tags = Pillow.Exif()
    tags[274] = orientation
    return tags


def minimal_pdf(*pages: tuple[str, str], trailer: str = "") -> bytes:
    """A PDF whose pages are (entries of the page, drawing operators)."""
    kids = " ".join(f"{3 + 2 * i} 0 R" for i in range(len(pages)))
    objects = ["<</Type/Catalog/Pages 2 0 R>>", f"<</Type/Pages/Count {len(pages)}/Kids[{kids}]>>"]
    for i, (entries, drawing) in enumerate(pages):
        objects.append(f"<</Type/Page/Parent 2 0 R/Contents {4 + 2 * i} 0 R{entries}>>")
        objects.append(f"<</Length {len(drawing)}>>stream\n{drawing}\nendstream")
    text, offsets = "%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(text))
        text += f"{number} 0 obj{content}endobj\n"
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    return (
        f"{text}xref\n0 {size}\n0000000000 65535 f \n{table}"
        f"trailer<</Size {size}/Root 1 0 R{trailer}>>\nstartxref\n{len(text)}\n%%EOF\n"
    ).encode("latin-1")


Read = Callable[[bytes], list[Page]]


def only(pages: list[Page]) -> np.ndarray:
    assert [page.number for page in pages] == [1]
    image = pages[0].image
    assert image.dtype == np.uint8
    assert image.flags.c_contiguous
    assert image.flags.writeable
    return image


LOSSLESS = {
    "png": lambda image: saved(image, "PNG"),
    "webp": lambda image: saved(image, "WEBP", lossless=True),
    "bmp": lambda image: saved(image, "BMP"),
    "pnm": lambda image: saved(image, "PPM"),
    "tiff": lambda image: saved(image, "TIFF"),
    "tiff lzw": lambda image: saved(image, "TIFF", compression="tiff_lzw"),
    "tiff deflate": lambda image: saved(image, "TIFF", compression="tiff_adobe_deflate"),
    "tiff packbits": lambda image: saved(image, "TIFF", compression="packbits"),
    "tiff big-endian": lambda image: tiff(image[..., ::-1] if image.ndim == 3 else image, byteorder=">"),
    "tiff big": lambda image: tiff(image[..., ::-1] if image.ndim == 3 else image, bigtiff=True),
}


PDF_PAGE = ("/MediaBox[0 0 20 20]", "")
WHOLE = [
    *(make(GREY) for make in LOSSLESS.values()),
    *(make(COLOUR) for make in LOSSLESS.values()),
    saved(GREY, "JPEG"),
    saved(COLOUR, "JPEG", exif=exif(6), dpi=(300, 200)),
    saved(COLOUR, "JPEG", "CMYK", progressive=True),
    saved(GREY, "GIF"),
    saved(BITS, "TIFF", "1", compression="group4", dpi=(204, 98)),
    saved(BITS, "TIFF", "1", compression="group3"),
    saved(GREY, "TIFF", save_all=True, append_images=[Pillow.fromarray(GREY)]),
    minimal_pdf(PDF_PAGE, ("/MediaBox[0 0 72 144]/Rotate 90", "0 0 1 rg 10 70 30 20 re f")),
]
