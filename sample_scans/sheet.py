"""A sheet of paper to write, print and stamp on, before it goes through the scanner."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from pipeline.document import Box, Image
from sample_scans.ink import Blot, around, clip, ink_box
from sample_scans.pen import Writer
from sample_scans.writing import write

Colour = tuple[int, int, int]  # blue, green, red, as OpenCV has them

BLACK: Colour = (30, 28, 28)


def _extent(inks: Sequence[tuple[Blot, int]]) -> tuple[int, int]:
    """Leftmost and rightmost + 1 column of the ink."""
    boxes = [ink_box(blot) for blot, _ in inks]
    return min((b.x for b in boxes), default=0), max((b.x + b.width for b in boxes), default=0)


class Sheet:
    """A page in the making, `image` (H, W, 3) uint8 BGR. Drawing is in pixels, `mm` of them a millimetre."""

    def __init__(self, width_mm: float, height_mm: float, dpi: int, colour: Colour) -> None:
        self.dpi = dpi
        self.mm = dpi / 25.4
        self.height, self.width = round(height_mm * self.mm), round(width_mm * self.mm)
        self.image: Image = np.full((self.height, self.width, 3), colour, np.uint8)

    def soak(self, coverage: Image, x: int, y: int, colour: Colour, strength: float = 1.0) -> None:
        """Lay ink of one colour on the paper; coverage (h, w) uint8 with its corner at (x, y)."""
        part = clip(Blot(coverage, x, y), self.height, self.width)
        if part is None:
            return
        rows, columns, ink = part
        share = ink.astype(np.float32)[:, :, None] * np.float32(strength / 255)
        paper = self.image[rows, columns].astype(np.float32)
        tinted = paper + (np.minimum(paper, np.array(colour, np.float32)) - paper) * share
        self.image[rows, columns] = np.rint(tinted).astype(np.uint8)

    def write(
        self,
        rng: np.random.Generator,
        text: str,
        writer: Writer,
        size: float,
        at: tuple[float, float],
        colour: Colour = BLACK,
        *,
        room: float | None = None,
    ) -> list[Box | None]:
        """Handwriting with digits `size` high, its ink from column at[0] on, its baseline at row at[1].

        room : the width there is; a line that needs more is written smaller. Returns the box of each
        character, None for spaces.
        """
        inks = write(rng, text, writer, size, 0.0)
        left, right = _extent(inks)
        if room is not None and right - left > room:
            inks = write(rng, text, writer, 0.97 * size * room / (right - left), 0.0)
            left, _ = _extent(inks)
        boxes: list[Box | None] = [None] * len(text)
        dx, dy = round(at[0]) - left, round(at[1])
        for blot, i in inks:
            self.soak(blot.coverage, blot.x + dx, blot.y + dy, colour)
            box = ink_box(Blot(blot.coverage, blot.x + dx, blot.y + dy))
            known = boxes[i]
            boxes[i] = around(known, box) if known else box
        return boxes

    def print_text(
        self, text: str, at: tuple[float, float], size: float, colour: Colour = BLACK, turn: float = 0.0
    ) -> Box:
        """Printed text, `size` pixels high, its top left at `at`; `turn` degrees counter-clockwise."""
        font = ImageFont.load_default(size)
        left, top, right, bottom = (round(v) for v in font.getbbox(text))
        block = PillowImage.new("L", (max(1, right - left + 4), max(1, bottom + 4)), 0)
        ImageDraw.Draw(block).text((2 - left, 0), text, font=font, fill=255)
        if turn:
            block = block.rotate(turn, resample=PillowImage.Resampling.BICUBIC, expand=True)
        ink = np.asarray(block, np.uint8)
        self.soak(ink, round(at[0]), round(at[1]), colour)
        return Box(round(at[0]) + 2, round(at[1]) + top, right - left, bottom - top)

    def box(
        self, x: float, y: float, size: tuple[float, float], colour: Colour, thickness: float = 1.0
    ) -> Box:
        """A printed rectangle with anti-aliased sides; returns it. `size` is (width, height)."""
        corners = [(x, y), (x + size[0], y), (x + size[0], y + size[1]), (x, y + size[1]), (x, y)]
        self.line(corners, colour, thickness)
        return Box(round(x), round(y), round(size[0]), round(size[1]))

    def line(self, points: Sequence[tuple[float, float]], colour: Colour, thickness: float = 1.0) -> None:
        """A printed line through points, as thin as a fraction of a pixel."""
        path = np.array(points, np.float64)
        low = np.floor(path.min(axis=0) - thickness - 2).astype(int)
        high = np.ceil(path.max(axis=0) + thickness + 2).astype(int)
        columns, rows = (high - low).tolist()
        canvas = np.zeros((rows, columns), np.uint8)
        fixed = np.rint((path - low) * 16).astype(np.int32)
        cv2.polylines(canvas, [fixed], False, 255, max(1, round(thickness)), cv2.LINE_AA, 4)
        self.soak(canvas, int(low[0]), int(low[1]), colour, min(1.0, thickness))

    def fill(self, box: Box, colour: Colour) -> None:
        """Print a rectangle full of colour."""
        self.image[max(0, box.y) : box.y + box.height, max(0, box.x) : box.x + box.width] = colour
