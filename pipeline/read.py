"""From pages to readings: locate and cut every page, classify all crops in one batch, decode."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from pipeline.classify import Classifier, Seen, see
from pipeline.decode import Candidate, align
from pipeline.document import Box, Page, Reading, Reason
from pipeline.forms.cut import CutForm, cut_form
from pipeline.forms.layout import FormSet
from pipeline.forms.read import read_form
from pipeline.kinds import PageClassifier
from pipeline.lattice import Lattice, build_lattice
from pipeline.layouts import Layout, Mixed
from pipeline.locate import Region, locate
from pipeline.parameters import ReaderParameters
from pipeline.plan import Plan, Try, plan_page, settle
from pipeline.segment import segment
from pipeline.turns import turn_back, turn_upright
from pipeline.values import alternatives, read_boxes, read_line

# A postal code of another length than its country's: that unlikely, before the writing is seen.
OFF_LENGTH = 0.05
# A code written without the dash that it has in its country: that unlikely against one with it.
NO_DASH = 0.4


@dataclass(frozen=True, eq=False)
class Cut:
    """A region cut into lattices: one for a line of writing, one for every printed box."""

    region: Region
    lattices: tuple[Lattice, ...]


@dataclass(frozen=True, eq=False)
class CutPage:
    """A page of which only what will be classified is kept."""

    scan: str
    number: int
    cuts: tuple[Cut, ...]


def cut_page(page: Page, layout: Layout) -> CutPage:
    """Locate the regions of a page that may hold the field, and cut each into lattices."""
    cuts = [
        Cut(
            region,
            tuple(
                # A single digit has too few strokes to tell slant from shape.
                build_lattice(segment(dark, mask, slant=0.0 if region.boxed else None))
                for dark, mask in region.strips
            ),
        )
        for region in locate(page.image, layout)
    ]
    return CutPage(page.scan, page.number, tuple(cuts))


@dataclass(frozen=True, eq=False)
class CutWays:
    """A page cut in every way that is tried. shape : of its picture; page : with a picture of no size."""

    page: Page
    shape: tuple[int, ...]
    plan: Plan
    cuts: tuple[CutPage | CutForm, ...]

    @property
    def lattices(self) -> list[Lattice]:
        """All that is to be classified, in the order in which it is read."""
        parts = [cut.cuts if isinstance(cut, CutPage) else cut.fields for cut in self.cuts]
        return [lattice for part in parts for each in part for lattice in each.lattices]


def read_pages(
    pages: Iterable[Page],
    layout: Layout | FormSet | Mixed,
    classifier: Classifier,
    parameters: ReaderParameters,
    looks: PageClassifier | None = None,
) -> list[Reading]:
    """Read the layout's fields from every page: at least one reading a page, in the order of the pages.

    Pages are taken one at a time and let go once cut; the crops of all of them go through the
    classifier together. What the iterator raises passes through.

    looks : tells kinds of pages and their way up; without it they are read the way up they come.
    """
    cut = [_cut_ways(page, plan_page(page.image, layout, looks)) for page in pages]
    seen = iter(see([lattice for each in cut for lattice in each.lattices], classifier))
    return [reading for each in cut for reading in _read_ways(each, seen, parameters)]


def _cut_ways(page: Page, plan: Plan) -> CutWays:
    cuts: list[CutPage | CutForm] = []
    for way in plan.tries:
        if isinstance(way.layout, FormSet):
            cuts.append(cut_form(page, way.layout.forms))
        else:
            cuts.append(cut_page(replace(page, image=turn_upright(page.image, way.turn)), way.layout))
    bare = replace(page, image=np.zeros((0, 0), np.uint8))
    return CutWays(bare, page.image.shape, plan, tuple(cuts))


def _read_ways(cut: CutWays, seen: Iterator[Seen], parameters: ReaderParameters) -> list[Reading]:
    found = []
    for way, part in zip(cut.plan.tries, cut.cuts, strict=True):
        if isinstance(part, CutForm):
            found.append(read_form(part, seen, parameters))
        else:
            found.append([_read_way(part, way, cut.shape, seen, parameters)])
    return settle(cut.plan, cut.page, found)


def _read_way(
    cut: CutPage,
    way: Try,
    shape: tuple[int, ...],
    seen: Iterator[Seen],
    parameters: ReaderParameters,
) -> Reading:
    """The field of a page that was turned upright, its place on the page as decoded."""
    assert isinstance(way.layout, Layout)
    reading = _read(cut, way.layout, seen, parameters)
    return replace(reading, box=reading.box and turn_back(reading.box, way.turn, shape))


@dataclass(frozen=True)
class _Read:
    """One region as read: the candidates, and the best one's digit probabilities."""

    region: Region
    candidates: list[Candidate]
    digits: tuple[float, ...]
    confidence: float
    empty: bool


def _read(
    page: CutPage,
    layout: Layout,
    seen: Iterator[Seen],
    parameters: ReaderParameters,
) -> Reading:
    found = _without_parts([_read_cut(cut, layout, seen, parameters) for cut in page.cuts])
    if not found:
        return Reading(page.scan, page.number, layout.field, reason=Reason.NOT_FOUND)
    best = max(found, key=lambda read: (read.confidence * read.region.prior, read.region.prior))
    box = best.region.box
    if best.empty and layout.country is None:
        return Reading(page.scan, page.number, layout.field, box=box, empty=True)
    if not best.candidates or not best.candidates[0].value:
        return Reading(page.scan, page.number, layout.field, box=box, reason=Reason.NOT_FOUND)
    return _reading(page, layout, best, box)


def _parted(lattice: Lattice, way: list[int], place: int) -> bool:
    """Whether a dash may stand before digit `place` of a way: a piece left out, or the widest white."""
    boxes = lattice.boxes[way]
    white = boxes[1:, 0] - boxes[:-1, 2]
    left_out = lattice.edges[way[place - 1], 1] < lattice.edges[way[place], 0]
    return bool(left_out or white[place - 1] == white.max())


def _without_parts(found: list[_Read]) -> list[_Read]:
    """Less confidence for a value that is the end or the beginning of a longer one on the same ink."""
    weighed = []
    for read in found:
        whole = max(
            (other.confidence for other in found if other is not read and _holds(other, read)), default=0.0
        )
        weighed.append(replace(read, confidence=read.confidence * (1.0 - whole)))
    return weighed


def _holds(whole: _Read, part: _Read) -> bool:
    if not whole.candidates or not part.candidates:
        return False
    longer, shorter = whole.candidates[0].value, part.candidates[0].value
    if len(longer) <= len(shorter) or not (longer.endswith(shorter) or longer.startswith(shorter)):
        return False
    a, b = whole.region.box, part.region.box
    return (
        a.x - 2 <= b.x
        and b.x + b.width <= a.x + a.width + 2
        and a.y < b.y + b.height
        and b.y < a.y + a.height
    )


def _reading(page: CutPage, layout: Layout, best: _Read, box: Box) -> Reading:
    return Reading(
        page.scan,
        page.number,
        layout.field,
        value=best.candidates[0].value,
        confidence=best.confidence,
        digit_confidences=best.digits,
        alternatives=alternatives(best.candidates, best.confidence),
        box=box,
    )


def _read_cut(cut: Cut, layout: Layout, seen: Iterator[Seen], parameters: ReaderParameters) -> _Read:
    lines = [next(seen) for _ in cut.lattices]
    if cut.region.boxed:
        candidates, digits = read_boxes(lines, parameters)
    else:
        lengths = layout.country.lengths if layout.country else None
        candidates, digits = read_line(lines[0], parameters, lengths, OFF_LENGTH)
    confidence = parameters.calibration.confidence(candidates, digits)
    if layout.country and not cut.region.boxed and candidates:
        dashes = layout.country.dashes(len(candidates[0].value))
        value = candidates[0].value
        way = align(cut.lattices[0], lines[0].proba, parameters.weights, value) if dashes else []
        confidence *= NO_DASH ** sum(not _parted(cut.lattices[0], way, place) for place in dashes)
    empty = all(lattice.size == 0 for lattice in cut.lattices)
    return _Read(cut.region, candidates, digits, confidence, empty)
