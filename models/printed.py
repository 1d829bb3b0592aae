"""Printed characters for training, from the free fonts that come with matplotlib (DejaVu, STIX, cm)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from pipeline.document import Image

# Symbols, not letters, or forms of letters that no printer uses for digits.
_OTHER = ("cmex", "cmsy", "cmmi", "STIXSiz", "STIXNon", "LastResort", "Display")
PLAIN = "cm"  # fonts of TeX: no signs of currency but the dollar's
DIGITS = "0123456789"


@cache
def font_files() -> tuple[Path, ...]:
    """Font files that hold plain digits, in order of their names."""
    import matplotlib as mpl  # noqa: PLC0415 - only for its fonts

    folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
    return tuple(p for p in sorted(folder.glob("*.ttf")) if not any(word in p.name for word in _OTHER))


def print_glyphs(rng: np.random.Generator, text: str, size: int = 36) -> list[tuple[Image, str]]:
    """The characters of `text` in one font drawn at random: (ink, character) each.

    Ink is (h, w) uint8, bright on black, every glyph at the same scale; of a space it is empty.
    """
    files = [file for file in font_files() if text.isascii() or not file.name.startswith(PLAIN)]
    font = ImageFont.truetype(str(files[int(rng.integers(len(files)))]), size)
    return [(_glyph(font, character), character) for character in text]


def _glyph(font: ImageFont.FreeTypeFont, character: str) -> Image:
    if character == " ":
        return np.zeros((0, 0), np.uint8)
    left, top, right, bottom = font.getbbox(character)
    canvas = Pillow.new("L", (int(right - left) + 4, int(bottom - top) + 4), 0)
    ImageDraw.Draw(canvas).text((2 - left, 2 - top), character, fill=255, font=font)
    return np.asarray(canvas, np.uint8)
