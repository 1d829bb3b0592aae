"""A finished sheet through the scanner: laid down a little askew, lit unevenly, grainy, grey or faxed."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.document import Box, Image
from sample_scans.paper import uneven_light
from sample_scans.sheet import Colour


@dataclass(frozen=True)
class PageStyle:
    """How a page lies in the scanner and what that makes of it.

    skew : degrees counter-clockwise. bed : grey of the scanner's lid around the sheet.
    margin : width of that in pixels, on each side; 0 where the scanner cuts to the sheet.
    shadow : depth, 0 to 1, of the shade which the sheet's edge throws on the lid.
    light : unevenness. grain : grey levels of paper texture. noise : of the sensor.
    blur : of the optics, sigma in pixels. mode : "colour", "grey" or "fax" (black and white).
    bed_colour : of the lid, in place of its grey.
    """

    skew: float
    bed: int
    margin: int
    shadow: float
    light: float
    grain: float
    noise: float
    blur: float
    mode: str
    bed_colour: Colour | None = None

    @classmethod
    def draw(cls, rng: np.random.Generator, mode: str = "colour") -> PageStyle:
        """A style at random, as sheets come out of a feeder."""
        u = rng.random(6).tolist()
        margin = round(60 * u[0]) if u[1] < 0.35 else 0
        return cls(
            skew=float(np.clip(0.7 * rng.standard_normal(), -2.5, 2.5)),
            bed=int(rng.choice((250, 240, 20, 70))),
            margin=margin,
            shadow=0.4 * u[2],
            light=0.05 * u[3],
            grain=0.5 + 2.5 * u[4],
            noise=0.3 + 0.9 * u[5],
            blur=0.5 + 0.4 * u[2],
            mode=mode,
        )


def scan_page(rng: np.random.Generator, sheet: Image, style: PageStyle) -> tuple[Image, np.ndarray]:
    """The scan of a sheet (H, W, 3) uint8 BGR, and where its points went.

    Returns the page, (H', W', 3) uint8 in colour, (H', W') grey or of 0 and 255 only for a fax; and the
    (2, 3) matrix from the sheet's pixels to the page's.
    """
    height, width = sheet.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), style.skew, 1.0)
    matrix[:, 2] += style.margin
    size = (width + 2 * style.margin, height + 2 * style.margin)
    lid = style.bed_colour or (style.bed, style.bed, style.bed)
    page = cv2.warpAffine(sheet, matrix, size, flags=cv2.INTER_LINEAR, borderValue=lid)
    if style.mode != "colour":
        page = cv2.cvtColor(page, cv2.COLOR_BGR2GRAY)
    factors = _light_and_shade(rng, sheet.shape[:2], matrix, size, style)
    if style.blur > 0.3:
        page = cv2.GaussianBlur(page, (0, 0), style.blur)
    lit = _grained(rng, np.asarray(page, np.uint8), factors, style)
    return (_faxed(lit) if style.mode == "fax" else lit), matrix


def _light_and_shade(
    rng: np.random.Generator,
    shape: tuple[int, ...],
    matrix: np.ndarray,
    size: tuple[int, int],
    style: PageStyle,
) -> Image:
    """(H', W') uint8 brightness in 1/200: computed small and enlarged, for light has no detail."""
    small = (max(2, size[0] // 16), max(2, size[1] // 16))
    light = uneven_light(rng, small[1], small[0], style.light)
    factors = cv2.resize(np.clip(200 * light, 0, 255).astype(np.uint8), size, interpolation=cv2.INTER_CUBIC)
    if style.shadow and style.margin:
        paper = np.full(shape[:2], 255, np.uint8)
        shifted = matrix + np.array([[0, 0, 0.2 * style.margin], [0, 0, 0.25 * style.margin]])
        cast = cv2.warpAffine(paper, shifted, size, borderValue=(0.0,))
        cast = cv2.blur(cast, (2 * (style.margin // 4) + 1,) * 2)
        on_paper = cv2.warpAffine(paper, matrix, size, borderValue=(0.0,))
        shade = 1 - np.float32(style.shadow / 255) * cast
        factors = np.where(on_paper > 0, factors, np.rint(factors * shade)).astype(np.uint8)
    return np.asarray(factors, np.uint8)


def _grained(rng: np.random.Generator, page: Image, factors: Image, style: PageStyle) -> Image:
    """Light, paper fibres and sensor noise on the page; the same noise in all colours."""
    height, width = page.shape[:2]
    fibres = cv2.GaussianBlur(rng.standard_normal((height, width), np.float32), (0, 0), 1.6)
    noise = np.float32(4.5 * style.grain) * fibres
    noise += np.float32(style.noise) * rng.standard_normal((height, width), np.float32)
    light = factors * np.float32(1 / 200)
    planes = [page] if page.ndim == 2 else [page[:, :, c] for c in range(3)]
    seen = [np.clip(np.rint(plane * light + noise), 0, 255).astype(np.uint8) for plane in planes]
    return seen[0] if page.ndim == 2 else np.dstack(seen)


def _faxed(grey: Image) -> Image:
    """Black and white by the mean of the surroundings, as scanners binarise a page."""
    side = 2 * (min(grey.shape[:2]) // 40) + 1
    black = cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, max(15, side), 18)
    return np.asarray(black, np.uint8)


def moved(box: Box, matrix: np.ndarray) -> Box:
    """The upright box around `box` after the sheet has gone through `matrix` (2, 3)."""
    corners = np.array(
        [
            (box.x, box.y, 1),
            (box.x + box.width, box.y, 1),
            (box.x, box.y + box.height, 1),
            (box.x + box.width, box.y + box.height, 1),
        ]
    )
    there = corners @ matrix.T
    low, high = np.floor(there.min(axis=0)).astype(int), np.ceil(there.max(axis=0)).astype(int)
    x, y, right, bottom = int(low[0]), int(low[1]), int(high[0]), int(high[1])
    return Box(x, y, right - x, bottom - y)
