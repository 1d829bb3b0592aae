"""Every decision on a page as one picture: outline, lines, candidates, cuts, digits, and how sure they are.

magenta   the page in its scan
grey      lines of text
brown     blocks of such lines: a code above and to the left of another block may be the sender's
blue      those on which the code may stand, numbered as they were looked at: the last line of a block first
purple    barcodes, with the code that they state
orange    candidates, numbered, with the probability that the field is there
green     what was read, with its confidence; of a form with the field's name, beside it where there is room

Below the page every candidate as it was cut, digit by digit with the caution of both readers, and what they
say of its values: the share of all readings, and the log-probability by the cuts and by the whole line, of
printed boxes also by the network that sees the print around them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from pipeline.cut import CutPage
from pipeline.document import Box, Image, Page, Reading
from pipeline.envelopes.written import Spotter, block_box, blocks_of, likely_lines, line_box, search_lines
from pipeline.forms.cut import CutForm
from pipeline.forms.form import FormSet
from pipeline.layouts import Layout, Mixed
from pipeline.overlay_strips import FONT, GREEN, INK, WHITE, Colour, draw_strips, put_label
from pipeline.paper import ink
from pipeline.paper.kinds import PageClassifier
from pipeline.paper.page_in_scan import FoundPage, find_page
from pipeline.paper.turns import turn_back, turn_upright
from pipeline.parameters import ReaderParameters
from pipeline.plan import Try, plan_page
from pipeline.read import CutWays, cut_ways, read_ways
from pipeline.strings.classify import Classifier, Seen, see

SIZE, LEAST = 1400, 600  # longer side of the page in the picture, pixels, at most and at least
MAGENTA, BLUE, ORANGE = (200, 40, 200), (220, 140, 60), (0, 130, 240)
GREY, PURPLE, BROWN = (170, 170, 170), (160, 40, 90), (60, 110, 170)
MOST_STRIPS = 14  # candidates that are shown as cut


def draw_page(
    page: Page,
    layout: Layout | FormSet | Mixed,
    classifier: Classifier,
    parameters: ReaderParameters,
    looks: PageClassifier | None = None,
) -> Image:
    """Read a page as `read_pages` does and draw every decision: (H, W, 3) uint8 BGR."""
    spotter = Spotter(classifier, parameters.weights, parameters.envelope.place_weights)
    cut = cut_ways(page, plan_page(page.image, layout, looks), spotter)
    seen = see(cut.lattices, classifier)
    readings = read_ways(cut, iter(seen), parameters)
    canvas, scale = _pale(page.image)
    likeliest = max((way.prior for way in cut.plan.tries), default=0.0)
    for way, part in zip(cut.plan.tries, cut.cuts, strict=True):
        if isinstance(way.layout, Layout) and way.layout.country is not None and way.prior >= likeliest:
            assert isinstance(part, CutPage)
            boxed = any(each.region.boxed for each in part.cuts)  # then nobody looked for lines
            _draw_search(canvas, scale, page.image, way, lines=not boxed)
    for place, code in _barcodes(cut):
        _frame(canvas, place, scale, PURPLE, 2)
        put_label(
            canvas, f"barcode {code or 'without a code'}", (place.x * scale, place.y * scale - 6), PURPLE
        )
    for number, (place, label) in enumerate(_candidates(cut)):
        _frame(canvas, place, scale, ORANGE, 1)
        below = (place.y + place.height) * scale + 14 * (
            1 + number % 5
        )  # those of one line one below the other
        put_label(canvas, label, (place.x * scale, below), ORANGE)
    _draw_readings(canvas, scale, readings, named=any(isinstance(part, CutForm) for part in cut.cuts))
    strips = _strips(cut, iter(seen), parameters)
    width = max(canvas.shape[1], LEAST)
    roomy = cv2.copyMakeBorder(canvas, 0, 0, 0, width - canvas.shape[1], cv2.BORDER_CONSTANT, value=WHITE)
    return np.vstack([np.asarray(roomy, np.uint8), *_panel(width, strips, readings)])


def _draw_readings(canvas: Image, scale: float, readings: Sequence[Reading], *, named: bool) -> None:
    """What was read, no text on another field's box nor on another text where that can be helped."""
    placed = [(reading, reading.box) for reading in readings if reading.box is not None]
    taken = [_scaled(box, scale) for _, box in placed]
    for reading, box in placed:
        _frame(canvas, box, scale, GREEN, 2)
        text = f"{reading.value or '-'} {reading.confidence:.3f}"
        text = f"{reading.field}: {text}" if named else text
        (wide, tall), _ = cv2.getTextSize(text, FONT, 0.45, 1)
        left, top, right, bottom = _scaled(box, scale)
        middle = (top + bottom + tall) / 2.0
        above = (left + 3.0, top - 6.0)
        spots = [above, (right + 5.0, middle), (left - wide - 5.0, middle), (left + 3.0, bottom + tall + 6.0)]
        for x, y in spots if named else [above]:
            ground = (x, y - tall, x + wide, y)
            on_canvas = x >= 0 and y > tall and x + wide <= canvas.shape[1] and y <= canvas.shape[0]
            if on_canvas and not any(_overlap(ground, other) for other in taken):
                break
        else:
            x, y = (left + 3.0, bottom - 3.0) if named else above
            ground = (x, y - tall, x + wide, y)
        taken.append(ground)
        put_label(canvas, text, (x, y), GREEN)


def _scaled(box: Box, scale: float) -> tuple[float, float, float, float]:
    return box.x * scale, box.y * scale, (box.x + box.width) * scale, (box.y + box.height) * scale


def _overlap(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _pale(image: Image) -> tuple[Image, float]:
    """The page in colour, washed out, its longer side from LEAST to SIZE pixels, and its scale."""
    longer = max(image.shape[:2])
    scale = min(SIZE / longer, max(1.0, LEAST / longer))
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1.0 else cv2.INTER_CUBIC)
    colour = small if small.ndim == 3 else cv2.cvtColor(small, cv2.COLOR_GRAY2BGR)
    return np.asarray(cv2.addWeighted(colour, 0.7, np.full_like(colour, 255), 0.3, 0), np.uint8), scale


def _draw_search(canvas: Image, scale: float, image: Image, way: Try, *, lines: bool) -> None:
    """The page's outline, and the lines on which a code was looked for, in one way up."""
    assert isinstance(way.layout, Layout)
    assert way.layout.country is not None
    upright = turn_upright(image, way.turn)
    found = find_page(upright)
    if found is not None:
        _draw_outline(canvas, scale, found, image, way.turn)
    if not lines:
        return
    grey = ink.to_grey(upright if found is None else found.image)
    search = search_lines(grey)
    likely = likely_lines(search, way.layout.country)

    def placed(box: Box) -> Box:
        return turn_back(box if found is None else found.place(box, upright.shape), way.turn, image.shape)

    for block in blocks_of(search, way.layout.country):
        _frame(canvas, placed(block_box(search, block, grey.shape)), scale, BROWN, 2)
    for number, line in enumerate([*search.lines, *likely], 1 - len(search.lines)):
        box = placed(line_box(search, line, grey.shape))
        _frame(canvas, box, scale, BLUE if number > 0 else GREY, 1)
        if number > 0:
            put_label(canvas, f"line {number}", (box.x * scale - 44, box.y * scale + 14), BLUE, 0.4)


def _draw_outline(canvas: Image, scale: float, found: FoundPage, image: Image, turn: int) -> None:
    height, width = found.image.shape[:2]
    corners = np.array([[(0, 0)], [(width, 0)], [(width, height)], [(0, height)]], np.float64)
    points = [Box(int(x), int(y), 0, 0) for x, y in cv2.perspectiveTransform(corners, found.back)[:, 0]]
    there = [turn_back(point, turn, image.shape) for point in points]
    path = np.array([(point.x * scale, point.y * scale) for point in there])
    cv2.polylines(canvas, [np.rint(path).astype(np.int32)], True, MAGENTA, 2, cv2.LINE_AA)


def _barcodes(cut: CutWays) -> Iterator[tuple[Box, str]]:
    """Barcodes on the page as decoded, with the code that each states."""
    for way, part in zip(cut.plan.tries, cut.cuts, strict=True):
        for each in part.barcodes if isinstance(part, CutPage) else ():
            yield turn_back(each.box, way.turn, cut.shape), each.routing


def _candidates(cut: CutWays) -> Iterator[tuple[Box, str]]:
    """Regions on the page as decoded, with what is said of them."""
    number = 0
    for way, part in zip(cut.plan.tries, cut.cuts, strict=True):
        if isinstance(part, CutForm):
            for field in part.fields:
                if field.box is not None:
                    yield field.box, ""
        elif isinstance(way.layout, Layout) and way.layout.country is not None:
            for each in part.cuts:
                number += 1
                turned = f" turned {way.turn}" if way.turn else ""
                place = turn_back(each.region.box, way.turn, cut.shape)
                yield place, f"{number}: p {each.region.prior:.2f}{turned}"


def _strips(cut: CutWays, seen: Iterator[Seen], parameters: ReaderParameters) -> list[Image]:
    """Every line as it was cut, boxes of one field side by side; candidates for a code with their numbers."""
    strips = []
    number = 0
    lengths: Sequence[int] | None
    for way, part in zip(cut.plan.tries, cut.cuts, strict=True):
        if isinstance(part, CutForm):
            # Those after its fields are of the other ways that it may lie.
            own = iter([next(seen) for _ in part.lattices])
            for field in part.fields:
                strips += draw_strips([next(own) for _ in field.lattices], None, parameters)
            continue
        country = way.layout.country if isinstance(way.layout, Layout) else None
        for each in part.cuts:
            number += 1
            lengths = country.lengths if country else None
            label = f"{number}:" if country else ""
            strips += draw_strips([next(seen) for _ in each.lattices], lengths, parameters, label)
    return strips[:MOST_STRIPS]


def _panel(width: int, strips: Sequence[Image], readings: Sequence[Reading]) -> Iterator[Image]:
    """Rows of the picture's lower part, `width` wide: strips, then what was read in words."""
    for strip in strips:
        row = np.full((strip.shape[0] + 4, width, 3), 255, np.uint8)
        part = strip[:, :width]
        row[: part.shape[0], : part.shape[1]] = part
        yield row
    for reading in readings:
        others = ", ".join(f"{value} {p:.3f}" for value, p in reading.alternatives)
        told = f"{reading.field}: {reading.value or ('empty' if reading.empty else 'nothing')}"
        told += f"  {reading.confidence:.4f}" + (f"  {reading.reason}" if reading.reason else "")
        row = np.full((20, width, 3), 255, np.uint8)
        put_label(row, told + (f"  or {others}" if others else ""), (6, 14), INK, 0.45)
        yield row


def _frame(canvas: Image, box: Box, scale: float, colour: Colour, thick: int) -> None:
    corners = np.array([box.x, box.y, box.x + box.width, box.y + box.height]) * scale
    x0, y0, x1, y1 = np.rint(corners).astype(int).tolist()
    cv2.rectangle(canvas, (x0, y0), (x1, y1), colour, thick)
