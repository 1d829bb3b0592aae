"""Printed digits to judge by, from fonts given: `python -m models.printed_test_set FONT... -o FILE.npz`.

Every digit of every font, several times: some point sizes apart, a little turned, blurred and grainy as a
scan has it, and cut as a picture of one digit is. `nightsort evaluate --data FILE.npz` takes the file.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from models.labelled import Crops
from models.pictures import lift_digit
from models.printed import DIGITS
from pipeline.document import Image

SUFFIXES = (".ttf", ".otf", ".ttc", ".woff", ".woff2")
PAPER, INK = 235, 40
SIZES = (22, 72)  # pixels of an em; 22: 8 points at 200 dpi


def find_fonts(places: Sequence[Path]) -> list[Path]:
    """The font files among `places` and below the folders among them, by name, those without digits left out.

    Raises OSError where one is not there or is no font.
    """
    found = [f for p in places for f in (p.rglob("*") if p.is_dir() else [p])]
    fonts = sorted({f for f in found if f.suffix.lower() in SUFFIXES}, key=lambda f: (f.name, str(f)))
    return [font for font in fonts if _has_digits(font)]


def _has_digits(path: Path) -> bool:
    """Whether a font draws ten different digits; of one without them all look the same."""
    font = ImageFont.truetype(str(path), 30)
    return len({bytes(font.getmask(digit)) for digit in DIGITS}) == len(DIGITS)


def print_digits(fonts: Sequence[Path], each: int, seed: int) -> Crops:
    """`each` crops of every digit of every font, in that order."""
    rng = np.random.default_rng(seed)
    x, y = [], []
    for path in fonts:
        for _ in range(each):
            font = ImageFont.truetype(str(path), int(rng.integers(*SIZES)))
            for label, digit in enumerate(DIGITS):
                x.append(lift_digit(_scan(_draw(font, digit), rng)))
                y.append(label)
    return Crops(np.stack(x), np.array(y, np.int64))


def _draw(font: ImageFont.FreeTypeFont, digit: str) -> Image:
    left, top, right, bottom = (round(side) for side in font.getbbox(digit))
    margin = (bottom - top) // 2 + 4
    paper = Pillow.new("L", (right - left + 2 * margin, bottom - top + 2 * margin), PAPER)
    ImageDraw.Draw(paper).text((margin - left, margin - top), digit, fill=INK, font=font)
    return np.asarray(paper, np.uint8)


def _scan(page: Image, rng: np.random.Generator) -> Image:
    """The page as a scanner sees it: up to 3 degrees turned, slightly blurred, grainy."""
    height, width = page.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), float(rng.uniform(-3, 3)), 1.0)
    seen = cv2.warpAffine(page, turn, (width, height), flags=cv2.INTER_LINEAR, borderValue=PAPER)
    seen = cv2.GaussianBlur(seen, (0, 0), float(rng.uniform(0.3, 0.9)))
    grainy: Image = np.clip(seen + rng.normal(0.0, 5.0, seen.shape), 0, 255).astype(np.uint8)
    return grainy


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m models.printed_test_set", description=__doc__)
    parser.add_argument("fonts", type=Path, nargs="+", help="font files, or folders with some")
    parser.add_argument("-o", "--out", type=Path, required=True, help="npz file with x and y")
    parser.add_argument("--each", type=int, default=10, help="crops of every digit of every font")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    fonts = find_fonts(options.fonts)
    if not fonts:
        parser.error("no fonts with digits there; give font files, or folders with some")
    crops = print_digits(fonts, options.each, options.seed)
    np.savez(options.out, x=crops.x, y=crops.y)
    print(f"{len(crops)} digits of {len(fonts)} fonts: {', '.join(font.stem for font in fonts)}")


if __name__ == "__main__":
    main()
