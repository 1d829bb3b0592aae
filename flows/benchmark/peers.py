"""Other ways to read a line of digits: the loop a user would write, Tesseract, RapidOCR."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

import cv2
import numpy as np

from models.classifier import SHIPPED
from models.network import Network
from pipeline.document import Image
from pipeline.paper.ink import to_grey

LineReader = Callable[[Sequence[Image]], list[str]]
"""Reads pictures, (H, W) uint8 or (H, W, 3) BGR, of one line of digits each; the digits that it read."""

LOOP, TESSERACT, RAPIDOCR, RAPIDOCR_LINE = "loop", "Tesseract", "RapidOCR", "RapidOCR, no search"
PEERS = (LOOP, TESSERACT, RAPIDOCR, RAPIDOCR_LINE)
_RAPIDOCR_PACKAGE = "rapidocr_onnxruntime"
_LEAST_INK = 12  # pixels of a contour that the loop takes for a digit


def missing(peer: str) -> str | None:
    """Why a peer cannot be measured here; None where it can."""
    if peer == TESSERACT and shutil.which("tesseract") is None:
        return "Tesseract is left out: there is no program `tesseract` (Debian: tesseract-ocr)"
    if peer == RAPIDOCR and importlib.util.find_spec(_RAPIDOCR_PACKAGE) is None:
        return f"RapidOCR is left out: there is no Python package {_RAPIDOCR_PACKAGE}"
    return missing(RAPIDOCR) if peer == RAPIDOCR_LINE else None


def open_peer(peer: str) -> LineReader:
    """A peer, loaded and on one thread."""
    if peer == LOOP:
        return _open_loop()
    return _read_by_tesseract if peer == TESSERACT else _open_rapidocr(search=peer == RAPIDOCR)


class _OneByOne(Network):
    batch = 1


def _open_loop() -> LineReader:
    """Otsu, contours, one call of the network for every contour: no cutting, nothing that is no digit."""
    network = _OneByOne(SHIPPED)

    def read(picture: Image) -> str:
        _, ink = cv2.threshold(to_grey(picture), 0, 255, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
        contours, _ = cv2.findContours(ink, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        boxes = sorted(tuple(map(int, cv2.boundingRect(each))) for each in contours)
        digits = []
        for x, y, w, h in boxes:
            if w * h >= _LEAST_INK and h >= 0.3 * ink.shape[0]:
                crop = _squared(np.asarray(ink[y : y + h, x : x + w], np.uint8))
                digits.append(int(network.predict_proba(crop[None])[0, :10].argmax()))
        return "".join(map(str, digits))

    return lambda pictures: [read(picture) for picture in pictures]


def _squared(ink: Image) -> Image:
    """Ink (h, w) as 28 x 28, its longer side 20 pixels, in the middle."""
    height, width = ink.shape
    scale = 20.0 / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(ink, size, interpolation=cv2.INTER_AREA)
    crop = np.zeros((28, 28), np.uint8)
    top, left = (28 - size[1]) // 2, (28 - size[0]) // 2
    crop[top : top + size[1], left : left + size[0]] = small
    return crop


def _read_by_tesseract(pictures: Sequence[Image]) -> list[str]:
    """All pictures by one Tesseract, each as one line of digits."""
    with tempfile.TemporaryDirectory() as folder:
        places = []
        for number, picture in enumerate(pictures):
            place = Path(folder) / f"{number}.png"
            cv2.imwrite(str(place), picture, [cv2.IMWRITE_PNG_COMPRESSION, 1])
            places.append(str(place))
        listing = Path(folder) / "list.txt"
        listing.write_text("\n".join(places) + "\n", encoding="utf-8")
        command = ["tesseract", str(listing), "stdout", "--psm", "7"]
        command += ["-c", "tessedit_char_whitelist=0123456789"]
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, env=os.environ | {"OMP_THREAD_LIMIT": "1"}
        )
    texts = done.stdout.split("\f")[: len(pictures)]
    return [_digits(text) for text in texts] + [""] * (len(pictures) - len(texts))


def _open_rapidocr(*, search: bool) -> LineReader:
    """RapidOCR as it is called by default; without `search` it takes a picture for one upright line."""
    engine = import_module(_RAPIDOCR_PACKAGE).RapidOCR(intra_op_num_threads=1, inter_op_num_threads=1)
    options = {} if search else {"use_det": False, "use_cls": False, "use_rec": True}

    def read(picture: Image) -> str:
        lines, _ = engine(picture, **options)
        return _digits("".join(line[1] if search else line[0] for line in lines or []))

    return lambda pictures: [read(picture) for picture in pictures]


def _digits(text: str) -> str:
    return "".join(c for c in text if c in "0123456789")
