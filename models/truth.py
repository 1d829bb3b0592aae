"""Crops from scans whose fields are known: each field is cut as reading cuts it, and labelled.

Of all ways to cut a field into as many digits as it has, the one that best reads the true value
is taken (forced alignment, as speech recognition calls it). So the labels are right and the crops
are what the segmenter makes; a field that no way reads is left out and counted.
"""

from __future__ import annotations

import csv
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.labelled import Crops, Cutter, DataError
from pipeline.decode import align
from pipeline.document import Box, Image, ScanError
from pipeline.lattice import Lattice, build_lattice
from pipeline.locate import locate_line
from pipeline.scans import decode
from pipeline.segment import segment

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Row:
    """A field whose value is known; `box` None: the whole page is the field."""

    scan: Path
    page: int
    value: str
    box: Box | None


def read_truth(path: Path) -> list[Row]:
    """The rows with digits of a truth.csv: scan, page, value, x, y, width, height.

    A scan is looked for below the file's folder, by its path or, where there is one alone, by its name.
    Raises DataError where a column, a number or a scan is missing, OSError.
    """
    rows = []
    by_name: dict[str, list[Path]] = {}
    for each in sorted(path.parent.rglob("*")):
        by_name.setdefault(each.name, []).append(each)
    with path.open(encoding="utf-8-sig", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), 2):
            try:
                value = "".join(c for c in row["value"] if c in "0123456789")
                place = [row.get(name) or "" for name in ("x", "y", "width", "height")]
                box = Box(*(round(float(text)) for text in place)) if all(place) else None
                if value:
                    scan = _find(path.parent / row["scan"], by_name)
                    rows.append(Row(scan, int(row.get("page") or 1), value, box))
            except DataError:
                raise
            except (KeyError, TypeError, ValueError) as error:
                raise DataError(
                    f"{path}, line {number}: {error}; the columns scan and value are needed, page, x, y, "
                    "width and height are whole numbers"
                ) from error
    return rows


def _find(place: Path, by_name: dict[str, list[Path]]) -> Path:
    named = by_name.get(place.name, [])
    if not place.exists() and len(named) != 1:
        raise DataError(f"{place}: no such scan, and {len(named)} of that name below the truth's folder")
    return place if place.exists() else named[0]


def cut_rows(rows: Sequence[Row]) -> Iterator[tuple[Row, Lattice]]:
    """Every row with the lattice of its field, cut as reading cuts it; a field without ink has no runs.

    Raises DataError where a scan cannot be read or has no such page, OSError.
    """
    open_page: tuple[Path, int] | None = None
    for row in rows:
        if open_page != (row.scan, row.page):
            open_page, image = (row.scan, row.page), _page(row)
        (dark, mask), *_ = locate_line(_part(image, row.box)).strips
        yield row, build_lattice(segment(dark, mask))


def cut_truth(path: Path, cutter: Cutter) -> Crops:
    """All digits of the fields of a truth.csv. Raises DataError, OSError."""
    crops: list[Image] = []
    labels: list[int] = []
    lost = 0
    rows = read_truth(path)
    for row, lattice in cut_rows(rows):
        proba = cutter.classifier.predict_proba(lattice.crops)
        way = align(lattice, proba, cutter.parameters.weights, row.value)
        if not way:
            lost += 1
            continue
        crops.append(lattice.crops[way])
        labels.extend(int(digit) for digit in row.value)
    if lost:
        log.warning("%s: %d of %d fields cannot be cut into their digits", path, lost, len(rows))
    if not crops:
        raise DataError(f"{path}: no field of it can be cut into digits; check the scans and the boxes")
    return Crops(np.concatenate(crops), np.array(labels, np.int64))


def _page(row: Row) -> Image:
    try:
        image = next((p.image for p in decode(row.scan, row.scan.name) if p.number == row.page), None)
    except ScanError as error:
        raise DataError(f"{row.scan}: {error}") from error
    if image is None:
        raise DataError(f"{row.scan}: has no page {row.page}; correct the truth")
    return image


def _part(image: Image, box: Box | None) -> Image:
    if box is None:
        return image
    x, y = max(box.x, 0), max(box.y, 0)
    return image[y : box.y + box.height, x : box.x + box.width]
