"""Crops from scans whose digits have boxes: each is cut where its box says, not where reading would cut."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from models.labelled import Crops, DataError
from models.pictures import read_picture
from pipeline.document import Box, Image
from pipeline.locate import locate_line
from pipeline.paper import deskew
from pipeline.strings.normalize import SIDE, normalize
from pipeline.strings.segment import segment


def read_boxes(path: Path) -> Crops:
    """The digits of a JSON file {scan: [{"digit": "7", "x": 1, "y": 2, "width": 20, "height": 30}, ...]}.

    A scan is looked for below the file's folder, by its path or else by its name; x and y are pixels.
    Raises DataError where the file is not of that form, a scan is missing or a box is outside it.
    """
    crops: list[Image] = []
    labels: list[int] = []
    try:
        document = json.loads(path.read_text("utf-8"))
        for name, boxes in document.items():
            image = read_picture(_find(path, name))
            places = [Box(*(round(box[side]) for side in ("x", "y", "width", "height"))) for box in boxes]
            crops.extend(cut_boxes(image, places))
            labels.extend("0123456789".index(box["digit"]) for box in boxes)
    except DataError:
        raise
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{path}: {error}; scans with their digits are needed, each with digit, x, y, width and height"
        ) from error
    if not crops:
        raise DataError(f"{path}: holds no digit; give one with boxes")
    return Crops(np.stack(crops), np.array(labels, np.int64))


def _find(path: Path, name: str) -> Path:
    if (path.parent / name).exists():
        return path.parent / name
    named = sorted(path.parent.rglob(Path(name).name))
    if len(named) != 1:
        raise DataError(
            f"{path}: {name}: {len(named)} scans of that name below its folder; there must be one"
        )
    return named[0]


def cut_boxes(image: Image, boxes: Sequence[Box]) -> list[Image]:
    """The ink of each box of a line of digits as MNIST would hold it, (28, 28) uint8.

    The line is cleaned and cut into pieces as for reading. To a box belong the pieces that lie in it
    for the most part, and the one that fills most of it; so neighbours' ends stay out.
    Raises ValueError where a box lies outside the image.
    """
    region = locate_line(image)
    ((dark, mask),), within = region.strips, region.box
    pieces = segment(dark, mask, slant=0.0)
    slant = deskew.estimate_slant(np.where(pieces.labels > 0, np.uint8(255), np.uint8(0)))
    scale = dark.shape[0] / within.height, dark.shape[1] / within.width
    whole = np.bincount(pieces.labels.ravel(), minlength=len(pieces) + 1)
    # The soft edge of a stroke lies outside the binary piece.
    labels = np.where(pieces.labels > 0, pieces.labels, cv2.dilate(pieces.labels, np.ones((3, 3), np.uint8)))
    found = []
    for box in boxes:
        x, y = box.x - within.x, box.y - within.y
        rows = slice(max(round(y * scale[0]), 0), max(round((y + box.height) * scale[0]), 0))
        columns = slice(max(round(x * scale[1]), 0), max(round((x + box.width) * scale[1]), 0))
        inside = np.bincount(pieces.labels[rows, columns].ravel(), minlength=len(whole))
        if not inside.any():
            raise ValueError(f"a box at {box.x}, {box.y} lies outside its scan")
        own = inside > 0.5 * whole
        inside[0] = 0
        own[int(inside.argmax())] = True
        own[0] = False
        glyph = np.where(own[labels[rows, columns]], pieces.ink[rows, columns], np.uint8(0))
        found.append(_upright(glyph, slant))
    return found


def _upright(glyph: Image, slant: float) -> Image:
    """A glyph (H, W) uint8 without its line's slant, normalized; black where it has no ink."""
    glyph = deskew.shear(glyph, slant) if slant else glyph
    left, top, across, down = cv2.boundingRect((glyph > 0).astype(np.uint8))
    if not across:
        return np.zeros((SIDE, SIDE), np.uint8)
    return normalize(glyph[top : top + down, left : left + across])
