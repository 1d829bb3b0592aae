"""Crops from scans whose fields are known: each field is cut as reading cuts it, and labelled.

Of all ways to cut a field into as many digits as it has, the one that best reads the true value
is taken (forced alignment, as speech recognition calls it). So the labels are right and the crops
are what the segmenter makes; a field that no way reads is left out and counted.
"""

from __future__ import annotations

import csv
import logging
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from models.labelled import Crops, Cutter, DataError
from pipeline.cut import CutPage
from pipeline.document import Box, Image, Page, ScanError
from pipeline.envelopes.written import Spotter
from pipeline.files.scans import decode
from pipeline.forms.crossed import crossing_of
from pipeline.forms.cut import CutForm
from pipeline.forms.form import FormSet
from pipeline.layouts import Layout, Mixed
from pipeline.locate import locate_line
from pipeline.paper.kinds import PageClassifier
from pipeline.paper.turns import turn_back
from pipeline.plan import Try, plan_page
from pipeline.read import cut_ways
from pipeline.strings.classify import see_contents
from pipeline.strings.decode import align, score_runs, score_values
from pipeline.strings.lattice import Lattice, build_lattice
from pipeline.strings.segment import segment

log = logging.getLogger(__name__)

SAME_PLACE = 0.5  # overlap, shared area to covered area, from which two boxes are one field's
CHANCE = 1e-4  # probability that ink reads as a value that is not written there
SURE_WAY = 0.9  # probability of a page's way up, its value known, below which nothing is learned from it


@dataclass(frozen=True)
class Row:
    """A field whose value is known.

    box : where it is; None: the whole page is the field.
    layout : by which reading finds it on its page, under the name `field`; None: the box is the line.
    """

    scan: Path
    page: int
    value: str
    box: Box | None
    layout: Layout | FormSet | Mixed | None = None
    field: str = ""


@dataclass(frozen=True, eq=False)
class CutField:
    """The ink of a field, cut as reading cuts it.

    lattices : of a line of writing the one; of boxes with a digit each those that hold one, in order.
    """

    lattices: tuple[Lattice, ...]
    boxed: bool = False

    def parts(self, value: str) -> list[tuple[Lattice, str]]:
        """Each lattice with its part of the value: of a line all of it, of a box its digit."""
        return list(zip(self.lattices, value if self.boxed else (value,), strict=True))


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


def cut_rows(
    rows: Sequence[Row], cutter: Cutter, looks: PageClassifier | None = None
) -> Iterator[tuple[Row, CutField]]:
    """The rows with their fields, cut as reading cuts them; a line without ink has no runs.

    Combs with more or fewer digits than filled boxes, fields that their layout does not find again in
    their place, and those whose page may lie another way up are left out, and counted in a warning.

    cutter : finds codes among other writing, and tells which way up a value that is known can be read.
    looks : as for `pipeline.read.read_pages`; pages of several kinds need it.
    Raises DataError where a scan cannot be read or has no such page, OSError.
    """
    left_out = 0
    for page, group in pages_of(rows):
        regions: dict[Layout | FormSet | Mixed, list[_Region]] = {}
        for row in group:
            if row.layout is None:
                (dark, mask), *_ = locate_line(part(page.image, row.box)).strips
                yield row, CutField((build_lattice(segment(dark, mask)),))
                continue
            if row.layout not in regions:
                regions[row.layout] = _regions(page, row.layout, cutter, looks)
            field = _field(regions[row.layout], row, cutter)
            if field is None:
                left_out += 1
            else:
                yield row, field
    if left_out:
        log.warning(
            "%d of %d fields are left out: not found again in their place, or without a digit a box",
            left_out,
            len(rows),
        )


@dataclass(frozen=True, eq=False)
class _Region:
    """What a layout finds on a page. way : the try of the plan that found it."""

    field: str
    box: Box
    cut: CutField
    way: Try


def _regions(
    page: Page, layout: Layout | FormSet | Mixed, cutter: Cutter, looks: PageClassifier | None
) -> list[_Region]:
    parameters = cutter.parameters
    spotter = Spotter(cutter.classifier, parameters.weights, parameters.envelope.place_weights)
    plan = plan_page(page.image, layout, looks)
    cut = cut_ways(page, plan, spotter)
    regions = []
    for way, found in zip(plan.tries, cut.cuts, strict=True):
        regions += (
            _of_form(found, way, cutter) if isinstance(found, CutForm) else _of_page(found, way, cut.shape)
        )
    return regions


def _of_form(found: CutForm, way: Try, cutter: Cutter) -> list[_Region]:
    return [
        _Region(
            each.field.name,
            each.box,
            _filled(each.lattices, cutter) if each.field.boxes else CutField(each.lattices),
            way,
        )
        for each in found.fields
        if each.box is not None and each.lattices
    ]


def _filled(comb: Sequence[Lattice], cutter: Cutter) -> CutField:
    """The boxes of a comb that hold ink and are not crossed out."""
    seen = zip(comb, see_contents(comb, cutter.classifier), strict=True)
    return CutField(
        tuple(box for box, shares in seen if box.size and not crossing_of(shares).emptied), boxed=True
    )


def _of_page(found: CutPage, way: Try, shape: tuple[int, ...]) -> list[_Region]:
    assert isinstance(way.layout, Layout)
    return [
        _Region(
            way.layout.field,
            turn_back(each.region.box, way.turn, shape),
            CutField(tuple(lattice for lattice in each.lattices if lattice.size), boxed=True)
            if each.region.boxed
            else CutField(each.lattices),
            way,
        )
        for each in found.cuts
    ]


def _field(regions: Sequence[_Region], row: Row, cutter: Cutter) -> CutField | None:
    """The row's field, None where it is not found again, may lie another way up, or cannot hold the value.

    What is found upside down has the same place; how well each reads the value that is known tells.
    """
    own = [each for each in regions if each.field == row.field and overlap(each.box, row.box) >= SAME_PLACE]
    own = [each for each in own if not each.cut.boxed or len(each.cut.lattices) == len(row.value)]
    closest = {each.way: each for each in sorted(own, key=lambda each: overlap(each.box, row.box))}
    if not closest:
        return None
    likeliest = max(closest.values(), key=lambda each: each.way.prior)
    if likeliest.way.prior >= SURE_WAY:
        return likeliest.cut
    shares = [each.way.prior * _fit(each.cut, row.value, cutter) for each in closest.values()]
    best = int(np.argmax(shares))
    return list(closest.values())[best].cut if shares[best] >= SURE_WAY * (sum(shares) + CHANCE) else None


def _fit(field: CutField, value: str, cutter: Cutter) -> float:
    """How probable a value is by the lattice alone; 0 where there is none."""
    fit = 1.0
    for lattice, part_of_it in field.parts(value):
        if not lattice.size:
            return 0.0
        proba = cutter.classifier.predict_proba(lattice.crops)
        fit *= math.exp(score_values(score_runs(lattice, proba, cutter.parameters.weights), [part_of_it])[0])
    return fit


def overlap(one: Box, other: Box | None) -> float:
    """Area that two boxes share, against the area they cover together, 0..1; 1 where one is anywhere."""
    if other is None:
        return 1.0
    width = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    height = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    shared = max(width, 0) * max(height, 0)
    return shared / max(one.width * one.height + other.width * other.height - shared, 1)


def cut_truth(path: Path, cutter: Cutter) -> Crops:
    """All digits of the fields of a truth.csv. Raises DataError, OSError."""
    crops: list[Image] = []
    labels: list[int] = []
    lost = 0
    rows = read_truth(path)
    for row, field in cut_rows(rows, cutter):
        for lattice, value in field.parts(row.value):
            proba = cutter.classifier.predict_proba(lattice.crops)
            way = align(score_runs(lattice, proba, cutter.parameters.weights), value)
            if not way:
                lost += 1
                continue
            crops.append(lattice.crops[way])
            labels.extend(int(digit) for digit in value)
    if lost:
        log.warning("%s: %d of %d fields cannot be cut into their digits", path, lost, len(rows))
    if not crops:
        raise DataError(f"{path}: no field of it can be cut into digits; check the scans and the boxes")
    return Crops(np.concatenate(crops), np.array(labels, np.int64))


def pages_of(rows: Sequence[Row]) -> Iterator[tuple[Page, list[Row]]]:
    """The pages that rows which follow each other share, each decoded once. Raises DataError, OSError."""
    for (scan, number), group in groupby(rows, key=lambda row: (row.scan, row.page)):
        try:
            page = next((page for page in decode(scan, scan.name) if page.number == number), None)
        except ScanError as error:
            raise DataError(f"{scan}: {error}") from error
        if page is None:
            raise DataError(f"{scan}: has no page {number}; correct the truth")
        yield page, list(group)


def part(image: Image, box: Box | None) -> Image:
    """The field's part of its page."""
    if box is None:
        return image
    x, y = max(box.x, 0), max(box.y, 0)
    return image[y : box.y + box.height, x : box.x + box.width]
