"""Cut the regions of a page that may hold the field into lattices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.barcode import Barcode, read_barcodes
from pipeline.document import Box, Image, Page
from pipeline.envelopes.written import Spotter, find_codes
from pipeline.forms.box_ink import cut_box
from pipeline.layouts import Layout
from pipeline.locate import Region, locate
from pipeline.paper import ink
from pipeline.paper.page_in_scan import find_page
from pipeline.strings.lattice import Lattice, build_lattice
from pipeline.strings.segment import segment

RIM = 0.25  # of a row of empty boxes, taken out with it, in its heights


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
    barcodes: tuple[Barcode, ...] = ()

    @property
    def lattices(self) -> list[Lattice]:
        """All that is to be classified, in the order in which it is read."""
        return [lattice for cut in self.cuts for lattice in cut.lattices]


def cut_page(page: Page, layout: Layout, spotter: Spotter | None = None) -> CutPage:
    """Locate the regions of a page that may hold the field, and cut each into lattices.

    spotter : tells a code among lines of writing; without it all that are as wide as one are cut.
    """
    if layout.country is None:
        return CutPage(page.scan, page.number, _cut(locate(page.image, layout)[0]))
    found = find_page(page.image)
    image = page.image if found is None else found.image
    grey = ink.to_grey(image)
    regions, empty = locate(image, layout)
    regions = regions or find_codes(_without(grey, empty), layout.country, spotter)
    barcodes = read_barcodes(grey, layout.country.barcodes) if layout.country.barcodes else ()
    if found is not None:
        regions = [replace(each, box=found.place(each.box, page.image.shape)) for each in regions]
        barcodes = tuple(replace(each, box=found.place(each.box, page.image.shape)) for each in barcodes)
    return CutPage(page.scan, page.number, _cut(regions), barcodes)


def _without(grey: Image, places: Sequence[Box]) -> Image:
    """A page (H, W) uint8 with nothing but its paper at some places."""
    if not places:
        return grey
    bare = grey.copy()
    for box in places:
        rim = round(RIM * box.height)
        part = bare[
            max(box.y - rim, 0) : box.y + box.height + rim, max(box.x - rim, 0) : box.x + box.width + rim
        ]
        part[:] = np.median(part)
    return bare


def _cut(regions: Sequence[Region]) -> tuple[Cut, ...]:
    return tuple(
        Cut(
            region,
            region.lattices
            or tuple(map(cut_box, region.boxes))
            or tuple(build_lattice(segment(dark, mask)) for dark, mask in region.strips),
        )
        for region in regions
    )
