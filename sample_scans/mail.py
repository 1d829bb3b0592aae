"""Mail pieces as they come: plain ones and hard ones, each hard in a way that has a name.

The cases are what a reader of envelopes fails on. `nightsort benchmark --envelopes` reads them and
reports case by case; `models.fit_envelopes` learns from them how sure an envelope's code is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np

from pipeline.document import Box, Image
from sample_scans.boxed_mail import BOXED, lay_out_boxed, through_jpeg
from sample_scans.clutter import scatter
from sample_scans.envelope_parts import ANY_LOOK, Look
from sample_scans.envelopes import COUNTRIES as LAID_OUT
from sample_scans.envelopes import lay_out_envelope
from sample_scans.page_scan import PageStyle, moved, scan_page
from sample_scans.photo import photograph, seen_box
from sample_scans.sheet import Colour, Sheet
from sample_scans.truth import FieldTruth

# How often each case comes, in 100 pieces.
CASES: dict[str, int] = {
    "plain": 32,
    "clutter": 7,
    "low-contrast": 5,
    "coloured-ink": 5,
    "coloured-paper": 5,
    "shadow": 5,
    "fax": 6,
    "coarse": 4,
    "fine": 4,
    "two-codes": 5,
    "upside-down": 4,
    "sideways": 3,
    "bed": 5,
    "photo": 4,
    "no-code": 4,
    "sender-code-only": 2,
}
# Of pieces with printed boxes such a share besides are small pictures, as they are shown on a page.
WEB = "web"
WEB_SHARE = 20
NO_CODE = ("no-code", "sender-code-only")

ONLY_BOXED = tuple(country for country in BOXED if country not in LAID_OUT)
COUNTRIES = (*LAID_OUT, *ONLY_BOXED)

_INKS: tuple[Colour, ...] = ((150, 60, 20), (190, 90, 40), (60, 40, 190), (40, 30, 150), (120, 40, 110))
_FAINT: tuple[Colour, ...] = ((165, 165, 165), (150, 155, 160), (190, 170, 150), (175, 175, 185))
_PAPERS: tuple[Colour, ...] = (
    (140, 180, 205), (110, 155, 185), (190, 170, 240), (150, 225, 250), (170, 215, 170), (225, 195, 160),
    (205, 205, 205),
)  # fmt: skip
_BEDS: tuple[Colour, ...] = (
    (12, 12, 12),
    (45, 42, 40),
    (90, 60, 25),
    (60, 110, 50),
    (40, 50, 130),
    (120, 120, 120),
)


@dataclass(frozen=True, eq=False)
class MailPiece:
    """A drawn piece: its page, (H, W, 3) uint8 BGR or (H, W) grey, the truth about its code, its dpi.

    The truth names the case; its value is empty, and its box of no size, where no code is written.
    """

    page: Image
    truth: FieldTruth
    dpi: int


def draw_mail(
    rng: np.random.Generator, country: str = "us", case: str | None = None, *, boxes: bool | None = None
) -> MailPiece:
    """A mail piece of one of COUNTRIES and of a case of its cases, at random by their shares where None.

    boxes : whether boxes for the code are printed, where the country has them; None: on some pieces.
    """
    if case is None:
        cases = cases_of(country)
        shares = np.array(list(cases.values()), np.float64)
        case = str(rng.choice(list(cases), p=shares / shares.sum()))
    dpi = _DPI.get(case) or int(rng.choice((200, 200, 240, 300)))
    look = replace(_look(rng, case), boxes=boxes)
    if case == WEB:
        dpi = int(rng.integers(60, 150))
        sheet, truth = lay_out_boxed(rng, country, dpi, look, web=True)
    elif country in ONLY_BOXED:
        sheet, truth = lay_out_boxed(rng, country, dpi, look)
    else:
        sheet, truth = lay_out_envelope(rng, country, dpi, look)
    truth = replace(truth, case=case)
    if case == "clutter":
        scatter(rng, sheet, truth.box)
    page, box = _SEEN.get(case, _scanned)(rng, sheet, truth)
    return MailPiece(page, replace(truth, box=box if truth.value else Box(0, 0, 0, 0)), dpi)


def cases_of(country: str) -> dict[str, int]:
    """The cases of a country's mail with their shares."""
    return {**CASES, WEB: WEB_SHARE} if country in BOXED else CASES


_DPI = {"coarse": 150, "fine": 400}


def _look(rng: np.random.Generator, case: str) -> Look:
    def one_of(colours: tuple[Colour, ...]) -> Colour:
        return colours[int(rng.integers(len(colours)))]

    if case == "low-contrast":
        return Look(ink=one_of(_FAINT))
    if case == "coloured-ink":
        return Look(ink=one_of(_INKS))
    if case == "coloured-paper":
        return Look(paper=one_of(_PAPERS))
    if case == "two-codes":
        return Look(large_sender=True)
    if case in NO_CODE:
        return Look(
            code=False, sender_code=case == "sender-code-only", large_sender=case == "sender-code-only"
        )
    return ANY_LOOK


def _style(rng: np.random.Generator, mode: str | None = None) -> PageStyle:
    """A scanner that cuts to the sheet, or whose lid is white: what else there is has a case of its own."""
    style = PageStyle.draw(rng, mode or str(rng.choice(("colour", "colour", "grey"))))
    return replace(style, bed=style.bed if style.bed > 200 else 245)


def _scanned(rng: np.random.Generator, sheet: Sheet, truth: FieldTruth) -> tuple[Image, Box]:
    page, matrix = scan_page(rng, sheet.image, _style(rng))
    return page, moved(truth.box, matrix)


def _in_colour(rng: np.random.Generator, sheet: Sheet, truth: FieldTruth) -> tuple[Image, Box]:
    page, matrix = scan_page(rng, sheet.image, _style(rng, "colour"))
    return page, moved(truth.box, matrix)


def _faxed(rng: np.random.Generator, sheet: Sheet, truth: FieldTruth) -> tuple[Image, Box]:
    page, matrix = scan_page(rng, sheet.image, _style(rng, "fax"))
    return page, moved(truth.box, matrix)


def _on_bed(rng: np.random.Generator, sheet: Sheet, truth: FieldTruth) -> tuple[Image, Box]:
    """The lid is dark or coloured, and much of it is seen; the sheet lies askew."""
    colour = _BEDS[int(rng.integers(len(_BEDS)))]
    style = replace(
        _style(rng, "colour"),
        margin=round(sheet.mm * rng.uniform(6, 40)),
        skew=float(rng.uniform(-4, 4)),
        bed_colour=colour,
    )
    page, matrix = scan_page(rng, sheet.image, style)
    return page, moved(truth.box, matrix)


def _shadowed(rng: np.random.Generator, sheet: Sheet, truth: FieldTruth) -> tuple[Image, Box]:
    """A hand's or a fold's shadow across the page: an edge between light and shade, soft or sharp."""
    page, box = _scanned(rng, sheet, truth)
    height, width = page.shape[:2]
    angle, depth = rng.uniform(0, 2 * np.pi), rng.uniform(0.3, 0.65)
    soft = rng.uniform(0.3, 8.0) * sheet.mm
    x = np.arange(width, dtype=np.float32)[None, :] - np.float32(width * rng.uniform(0.3, 0.7))
    y = np.arange(height, dtype=np.float32)[:, None] - np.float32(height * rng.uniform(0.3, 0.7))
    away = (x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle))) / np.float32(soft)
    shade = 1 - np.float32(depth) / (1 + np.exp(-np.clip(away, -30, 30)))
    dim = page * (shade if page.ndim == 2 else shade[:, :, None])
    return np.rint(dim).astype(np.uint8), box


def _photographed(rng: np.random.Generator, sheet: Sheet, truth: FieldTruth) -> tuple[Image, Box]:
    page, matrix = photograph(rng, sheet.image)
    return page, seen_box(truth.box, matrix)


def _shown(rng: np.random.Generator, sheet: Sheet, truth: FieldTruth) -> tuple[Image, Box]:
    """A small picture, drawn or scanned long ago, that went through JPEG."""
    if rng.random() < 0.3:
        page, box = sheet.image, truth.box
    else:
        page, box = _in_colour(rng, sheet, truth)
    return through_jpeg(rng, page), box


def _upside_down(rng: np.random.Generator, sheet: Sheet, truth: FieldTruth) -> tuple[Image, Box]:
    return _turned(*_scanned(rng, sheet, truth), 2)


def _sideways(rng: np.random.Generator, sheet: Sheet, truth: FieldTruth) -> tuple[Image, Box]:
    return _turned(*_scanned(rng, sheet, truth), int(rng.choice((1, 3))))


def _turned(page: Image, box: Box, quarters: int) -> tuple[Image, Box]:
    """A page and a box on it turned counter-clockwise by so many quarters."""
    for _ in range(quarters):
        width = page.shape[1]
        box = Box(box.y, width - box.x - box.width, box.height, box.width)
        page = np.asarray(cv2.rotate(page, cv2.ROTATE_90_COUNTERCLOCKWISE), np.uint8)
    return page, box


_Seen = Callable[[np.random.Generator, Sheet, FieldTruth], tuple[Image, Box]]
_SEEN: dict[str, _Seen] = {
    "fax": _faxed,
    "coloured-ink": _in_colour,
    "coloured-paper": _in_colour,
    "bed": _on_bed,
    "shadow": _shadowed,
    "photo": _photographed,
    WEB: _shown,
    "upside-down": _upside_down,
    "sideways": _sideways,
}
