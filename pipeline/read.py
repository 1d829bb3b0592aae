"""From pages to readings: locate and cut every page, classify all crops in one batch, decode."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from pipeline.cut import CutPage, cut_page
from pipeline.document import Page, Reading, Reason
from pipeline.envelopes.codes import read_code
from pipeline.envelopes.written import Spotter
from pipeline.forms.cut import CutForm, cut_form
from pipeline.forms.form import FormSet
from pipeline.forms.read import read_form
from pipeline.layouts import Layout, Mixed
from pipeline.paper.kinds import PageClassifier
from pipeline.paper.turns import turn_back, turn_upright
from pipeline.parameters import ReaderParameters
from pipeline.plan import Plan, Try, plan_page, settle
from pipeline.strings.classify import Classifier, Seen, see
from pipeline.strings.lattice import Lattice
from pipeline.strings.values import alternatives, read_line


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
        return [lattice for cut in self.cuts for lattice in cut.lattices]


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
    spotter = Spotter(classifier, parameters.weights, parameters.envelope.place_weights)
    cut = [cut_ways(page, plan_page(page.image, layout, looks), spotter) for page in pages]
    seen = iter(see([lattice for each in cut for lattice in each.lattices], classifier))
    return [reading for each in cut for reading in read_ways(each, seen, parameters)]


def cut_ways(page: Page, plan: Plan, spotter: Spotter | None = None) -> CutWays:
    """Cut a page in every way that its plan tries; spotter : as for `cut_page`."""
    cuts: list[CutPage | CutForm] = []
    for way in plan.tries:
        if isinstance(way.layout, FormSet):
            cuts.append(cut_form(page, way.layout.forms))
        else:
            upright = replace(page, image=turn_upright(page.image, way.turn))
            cuts.append(cut_page(upright, way.layout, spotter))
    bare = replace(page, image=np.zeros((0, 0), np.uint8))
    return CutWays(bare, page.image.shape, plan, tuple(cuts))


def read_ways(cut: CutWays, seen: Iterator[Seen], parameters: ReaderParameters) -> list[Reading]:
    """The readings of a page that was cut, from what the networks see of its lattices."""
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


def _read(cut: CutPage, layout: Layout, seen: Iterator[Seen], parameters: ReaderParameters) -> Reading:
    if layout.country is not None:
        return read_code(cut, layout, layout.country, seen, parameters)
    (line,) = cut.cuts
    reading = Reading(cut.scan, cut.number, layout.field, box=line.region.box)
    read = next(seen)
    candidates, digits = read_line(read, parameters, None, 0.0)
    if read.lattice.size == 0:
        return replace(reading, empty=True)
    if not candidates or not candidates[0].value:
        return replace(reading, reason=Reason.NOT_FOUND)
    confidence = parameters.lines.calibration.confidence(candidates, digits)
    return replace(
        reading,
        value=candidates[0].value,
        confidence=confidence,
        alternatives=alternatives(candidates, confidence),
    )
