"""Find a code that is written among the lines of an address, and lift it out for the reader.

All lines on which it may stand are cut and seen by the network; `spot` tells which stretch it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.document import Box, Image
from pipeline.envelopes import address
from pipeline.envelopes.address import Labels, TextLine
from pipeline.envelopes.blocks import Block, find_blocks
from pipeline.envelopes.ranking import plausibility
from pipeline.envelopes.spot import LEAST_WHITE, Context, SeenLine, Stretch, find_stretches, weigh_stretches
from pipeline.layouts import Country
from pipeline.locate import DIGIT_HEIGHT, PAGE_CONTRAST, Region, bounds_on_page, line_window
from pipeline.paper import deskew, ink
from pipeline.paper.ink import Mask
from pipeline.paper.shrink import shrink
from pipeline.strings.classify import Classifier
from pipeline.strings.decode import Weights
from pipeline.strings.lattice import build_lattice
from pipeline.strings.segment import Pieces, segment

# Longer side, pixels, at which the lines of a page are looked for, at most.
SEARCH_SIZE = 2000
MIN_SKEW = 0.4
FAINT_INK = 0.35  # darkness that counts for no less than black where faint writing is looked for
MAX_LINES = 5
SURE = 0.85  # probability of a line from which others are not looked at
# Stretches that are read, and the least probability of all but the best of them.
READ, LEAST_PROBABLE = 5, 0.01
MARGIN = 0.35  # around a line, in its heights


@dataclass(frozen=True, eq=False)
class Search:
    """A page's lines of text, on the page straightened and reduced.

    shape : of that. labels : (H, W) uint16 or int32, its components. lines : their slant still in them.
    back : (3, 3), from there to the page.
    """

    shape: tuple[int, ...]
    labels: Labels
    lines: list[TextLine]
    back: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Spotter:
    """What tells the code from other writing.

    weights : of the lattice's terms. places : (F,) float64, weights of `spot.FEATURES`.
    """

    classifier: Classifier
    weights: Weights
    places: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Found:
    """What may be the code on a page. grey : the page. lines : as the network saw them."""

    grey: Image
    search: Search
    lines: list[SeenLine]
    stretches: list[Stretch]

    def lift(self, stretch: Stretch, prior: float = 1.0) -> Region:
        """A stretch as a region of the page, cut and seen as the line in which it stands."""
        seen = self.lines[stretch.line]
        box = line_box(self.search, seen.line.part(stretch.begin, stretch.end), self.grey.shape)
        part, looks = seen.part(stretch.begin, stretch.end), tuple(stretch.features.tolist())
        return Region(box, (), prior=prior, lattices=(part,), looks=looks)


def find_codes(image: Image, country: Country, spotter: Spotter | None) -> list[Region]:
    """Regions that may be the country's code, the most probable first, which is their `prior`.

    image : (H, W) uint8 or (H, W, 3) BGR. spotter : without it all that are as wide as a code.
    """
    grey = ink.to_grey(image)
    search = search_lines(grey)
    if spotter is None:
        parts = [
            line.part(begin, end)
            for line in likely_lines(search, country)
            for begin, end in line.ends(country, LEAST_WHITE)
        ]
        return [lift_line(grey, search, part) for part in parts]
    found = look_for_codes(grey, search, country, spotter)
    shares = weigh_stretches(found.stretches, spotter.places)
    return [found.lift(found.stretches[index], float(shares[index])) for index in _best(found, shares)]


def _best(found: Found, shares: NDArray[np.float64]) -> list[int]:
    """The stretches that are read, most probable first, and the longest of the line on which that one is.

    What stands alone on its line has so many parts that they would crowd out the whole.
    """
    order = np.argsort(-shares, kind="stable")[:READ].tolist()
    best = [index for rank, index in enumerate(order) if rank == 0 or shares[index] >= LEAST_PROBABLE]
    if best:
        line = found.stretches[best[0]].line
        parts = [index for index, each in enumerate(found.stretches) if each.line == line]
        longest = max(parts, key=lambda index: found.stretches[index].end - found.stretches[index].begin)
        best += [longest] if longest not in best else []
    return best


def look_for_codes(
    grey: Image, search: Search, country: Country, spotter: Spotter, sure: float = SURE
) -> Found:
    """The stretches of the page's lines that may be the code, as the network sees them.

    The most plausible line is looked at first, and others until it is as probable as `sure` that
    the code stands on one of them; all are where that is more than 1.
    """
    lines = likely_lines(search, country)
    context = Context.of(lines, search.shape, blocks_of(search, country))
    seen: list[SeenLine] = []
    stretches: list[Stretch] = []
    for line in lines:
        seen.append(_see(grey, search, line, spotter.classifier))
        stretches += find_stretches(seen[-1], len(seen) - 1, country, spotter.weights, context)
        if _on_one_line(stretches, weigh_stretches(stretches, spotter.places)) >= sure:
            break
    return Found(grey, search, seen, stretches)


def _on_one_line(stretches: Sequence[Stretch], shares: NDArray[np.float64]) -> float:
    """How probable it is that the code stands on the line where it stands most probably."""
    return float(np.bincount([each.line for each in stretches], shares).max(initial=0.0))


def blocks_of(search: Search, country: Country) -> list[Block]:
    """The blocks of text of a page; none where the receiver's code stands above everything else."""
    return [] if country.boxes_in == "upper" else find_blocks(search.lines)


def likely_lines(search: Search, country: Country) -> list[TextLine]:
    """The lines on which the code may stand, most plausible place first, cut to the part where it may."""
    lines = [line for line in search.lines if not address.are_bars(line.boxes)]
    lines = [line for line in lines if next(_near_end(line, country).ends(country, LEAST_WHITE / 2), None)]
    best = np.argsort(-plausibility(lines, search.shape), kind="stable")[:MAX_LINES]
    parts = [_near_end(address.upright(search.labels, lines[index]), country) for index in best.tolist()]
    return [line for line in parts if next(line.ends(country, LEAST_WHITE), None)]


def search_lines(grey: Image) -> Search:
    """The lines of text of a page (H, W) uint8."""
    small, scale = shrink(grey, SEARCH_SIZE)
    mask = _ink_mask(small)
    components = address.find_components(mask)
    skew = address.find_skew(components)
    turn = np.eye(3)
    if abs(skew) >= MIN_SKEW:
        turned, turn[:2] = deskew.rotate(mask, skew, paper=0)
        components = address.find_components(np.where(turned > 127, np.uint8(255), np.uint8(0)))
    middle = 0.5 / scale - 0.5  # of a pixel of the small page, on the large one
    back = np.array([[1.0 / scale, 0.0, middle], [0.0, 1.0 / scale, middle], [0.0, 0.0, 1.0]])
    lines = address.find_text_lines(components)
    return Search(small.shape, components.labels, lines, back @ np.linalg.inv(turn))


def _ink_mask(grey: Image) -> Mask:
    dark = ink.darkness_levels(grey)
    sample = np.ascontiguousarray(dark[::2, ::2])
    level, _ = cv2.threshold(sample, 0, 255, cv2.THRESH_OTSU)
    # Beside a black stamp faint writing would pass for paper.
    faint, _ = cv2.threshold(np.minimum(sample, np.uint8(FAINT_INK * 255)), 0, 255, cv2.THRESH_OTSU)
    limit = max(min(level, faint), 255.0 * max(ink.MIN_CONTRAST, PAGE_CONTRAST))
    return np.asarray(cv2.threshold(dark, limit, 255, cv2.THRESH_BINARY)[1], np.uint8)


def _near_end(line: TextLine, country: Country) -> TextLine:
    """The part of a line on which its code may stand, with a word beside it."""
    room = (address.WIDE_DIGIT * max(country.lengths) + 2.0) * line.height
    left, right = line.spans[:, 0], line.spans[:, 1]
    if country.where == "start":
        return line.part(0, int(np.flatnonzero(right - left.min() <= room).max(initial=0)) + 1)
    return line.part(int(np.flatnonzero(right.max() - left <= room).min(initial=len(left) - 1)), len(left))


def _see(grey: Image, search: Search, line: TextLine, classifier: Classifier) -> SeenLine:
    """A line cut as a whole, what the network says of it, and the first piece of every component."""
    (dark, mask), *_ = lift_line(grey, search, line).strips
    pieces = segment(dark, mask, slant=line.slant)
    lattice = build_lattice(pieces)
    starts = _starts(line, pieces, dark.shape[0])
    return SeenLine(line, pieces, lattice, classifier.predict_proba(lattice.crops), starts)


def _starts(line: TextLine, pieces: Pieces, rows: int) -> NDArray[np.intp]:
    """The first piece behind the white before each component, in a strip of so many rows."""
    left, top, _, bottom = _frame(line)
    scale = DIGIT_HEIGHT / max(line.height, 1.0)
    reached = np.maximum.accumulate(line.spans[:, 1])
    white = np.concatenate([[-np.inf], (line.spans[1:, 0] + reached[:-1]) / 2, [np.inf]])
    # From the line's upright coordinates to those of the strip that `segment` made upright.
    moved = line.slant * ((top + bottom) / 2 - line.middle) + left
    on_strip = (white - moved) * scale + deskew.shear_margin(rows, line.slant)
    middles = (pieces.boxes[:, 0] + pieces.boxes[:, 2]) / 2
    starts = (
        np.searchsorted(np.maximum.accumulate(middles), on_strip) if len(middles) else np.zeros_like(white)
    )
    return np.asarray(starts, np.intp)


def _frame(line: TextLine) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of a line with a margin."""
    margin = MARGIN * line.height
    left, top = line.boxes[:, :2].min(axis=0) - margin
    right, bottom = line.boxes[:, 2:].max(axis=0) + margin
    return float(left), float(top), float(right), float(bottom)


def lift_line(grey: Image, search: Search, line: TextLine, prior: float = 1.0) -> Region:
    """A line's own ink at a digit height that suits the segmenter, straight from the full page."""
    left, top, right, bottom = _frame(line)
    scale = DIGIT_HEIGHT / max(line.height, 1.0)
    size = (max(8, int((right - left) * scale)), max(8, int((bottom - top) * scale)))
    place = np.array([[1 / scale, 0.0, left], [0.0, 1 / scale, top], [0.0, 0.0, 1.0]])
    dark = ink.darkness(_sample(grey, search.back @ place, size), window=line_window(size[1]))
    x0, y0 = max(int(left), 0), max(int(top), 0)
    near = search.labels[y0 : int(bottom) + 1, x0 : int(right) + 1]
    inked = np.zeros(int(near.max(initial=0)) + 1, np.uint8)
    inked[line.numbers[line.numbers < len(inked)]] = 255
    own = inked[near]
    own = np.asarray(cv2.dilate(own, np.ones((3, 3), np.uint8)), np.uint8)
    place[:2, 2] -= [x0, y0]
    allowed = cv2.warpAffine(own, place[:2], size, flags=cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR) > 127
    limit = ink.ink_threshold(dark[allowed].reshape(1, -1)) if allowed.any() else 1.0
    mask = np.where(allowed & (dark > limit), np.uint8(255), np.uint8(0))
    return Region(line_box(search, line, grey.shape), ((dark, mask),), prior=prior)


def line_box(search: Search, line: TextLine, shape: tuple[int, ...]) -> Box:
    """A line with its margin on a page of `shape`."""
    return _on_page(search, _frame(line), shape)


def block_box(search: Search, block: Block, shape: tuple[int, ...]) -> Box:
    """A block of lines on a page of `shape`."""
    return _on_page(search, block.corners, shape)


def _on_page(search: Search, frame: tuple[float, float, float, float], shape: tuple[int, ...]) -> Box:
    left, top, right, bottom = frame
    corners = np.array([[left, top, 1], [right, top, 1], [left, bottom, 1], [right, bottom, 1]])
    return bounds_on_page((corners @ search.back.T)[:, :2], shape)


def _sample(grey: Image, place: NDArray[np.float64], size: tuple[int, int]) -> Image:
    """`grey` seen through `place` ((3, 3), from the sample to the page), smoothed where that shrinks it."""
    finer = max(1, round(float(np.sqrt(abs(np.linalg.det(place[:2, :2]))))))
    step = np.diag([1.0 / finer, 1.0 / finer, 1.0])
    whole = cv2.warpAffine(
        grey,
        (place @ step)[:2],
        (size[0] * finer, size[1] * finer),
        flags=cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA) if finer > 1 else whole, np.uint8)
