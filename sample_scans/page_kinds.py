"""Small pictures of whole pages, to learn what kind of page a scan is and which way up it lies.

    python -m sample_scans.page_kinds --seed 3 --count 1000 -o DIR

draws them into a folder for each class.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from pipeline.document import Image
from sample_scans.amounts import draw_amount
from sample_scans.bare import draw_blank, draw_picture
from sample_scans.envelopes import COUNTRIES, draw_envelope
from sample_scans.forms import draw_form
from sample_scans.loose_forms import draw_loose_form
from sample_scans.mail_pieces import draw_mail_piece
from sample_scans.page_scan import PageStyle, scan_page
from sample_scans.paperwork import draw_text_page
from sample_scans.photo import photograph
from sample_scans.strips import draw_strip

KINDS = ("envelope", "form", "strip", "blank", "other")
TURNS = (0, 90, 180, 270)
# The ways up that can be told apart at a glance, of 64 pixels: whether digits stand on their heads is not
# seen there, and bare paper and pictures mean the same any way up.
WAYS_UP = {"envelope": TURNS, "form": TURNS, "strip": TURNS[:2], "blank": (), "other": ()}
CLASSES = tuple(name for kind in KINDS for name in ([f"{kind}-{turn}" for turn in WAYS_UP[kind]] or [kind]))
# Some are harder to tell than others.
_SHARES = {"envelope": 0.34, "form": 0.24, "strip": 0.16, "blank": 0.1, "other": 0.16}
_DPI = 64


def draw_page(rng: np.random.Generator, kind: str) -> Image:
    """An upright page of one of KINDS as a scan shows it: (H, W, 3) uint8 BGR, of few dots an inch."""
    page = _as_colour(_DRAWN[kind](rng))
    if kind == "strip":
        return _tinted(rng, page) if rng.random() < 0.6 else page
    if rng.random() < 0.4:
        page = _tinted(rng, page)
    if kind != "other" or rng.random() < 0.5:
        if rng.random() < 0.35:
            page = photograph(rng, page)[0] if rng.random() < 0.4 else _on_bed(rng, page)
        if rng.random() < 0.15:
            page = _as_colour(cv2.cvtColor(page, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False))
    return page


def _envelope(rng: np.random.Generator) -> Image:
    if rng.random() < 0.45:
        return draw_mail_piece(rng, _DPI)
    mode = str(rng.choice(("colour", "grey", "fax"), p=(0.7, 0.2, 0.1)))
    country = COUNTRIES[int(rng.integers(len(COUNTRIES)))]
    return draw_envelope(rng, country, _DPI, PageStyle.draw(rng, mode))[0]


def _form(rng: np.random.Generator) -> Image:
    if rng.random() < 0.75:
        return draw_loose_form(rng, _DPI)
    mode = str(rng.choice(("colour", "grey", "fax"), p=(0.5, 0.3, 0.2)))
    return draw_form(rng, _DPI, PageStyle.draw(rng, mode), filled=rng.random() < 0.8)[0]


def _strip(rng: np.random.Generator) -> Image:
    if rng.random() < 0.75:
        return draw_strip(rng, draw_amount(rng)).image
    return draw_strip(rng, "".join(map(str, rng.integers(0, 10, int(rng.integers(3, 13))).tolist()))).image


def _other(rng: np.random.Generator) -> Image:
    return draw_text_page(rng, _DPI) if rng.random() < 0.65 else draw_picture(rng)


_DRAWN = {"envelope": _envelope, "form": _form, "strip": _strip, "blank": draw_blank, "other": _other}


def _on_bed(rng: np.random.Generator, page: Image) -> Image:
    """What a flatbed sees around a sheet that is smaller than it: lid or bed of any colour."""
    grey = float(rng.choice((10, 30, 70, 130, 240, 253)))
    colour = rng.uniform(10, 250, 3) if rng.random() < 0.3 else np.full(3, grey)
    style = replace(
        PageStyle.draw(rng),
        margin=round(max(page.shape) * rng.uniform(0.01, 0.15)),
        skew=float(np.clip(rng.normal(0, 3), -7, 7)),
        grain=float(rng.uniform(0, 0.6)),
        bed_colour=(int(colour[0]), int(colour[1]), int(colour[2])),
    )
    return scan_page(rng, page, style)[0]


def _as_colour(page: Image) -> Image:
    return page if page.ndim == 3 else np.repeat(page[:, :, None], 3, axis=2)


def _tinted(rng: np.random.Generator, page: Image) -> Image:
    """Another paper and another light: every channel by a factor of its own, contrast less or more."""
    gain = rng.uniform(0.75, 1.05) * (1 + rng.normal(0, 0.05, 3))
    seen = page.astype(np.float32) * gain.astype(np.float32)
    seen = 255 - (255 - seen) * np.float32(rng.uniform(0.6, 1.1))
    return np.clip(seen, 0, 255).astype(np.uint8)


def turned(page: Image, degrees: int) -> Image:
    """The page as it looks when it lies turned clockwise by 0, 90, 180 or 270 degrees."""
    return np.ascontiguousarray(np.rot90(page, -(degrees // 90)))


def draw_classes(seed: int | tuple[int, ...], count: int) -> list[tuple[Image, str]]:
    """`count` small pages with the name of their class, each turned by chance; same seed, same pages."""
    rng = np.random.default_rng(seed)
    kinds = rng.choice(KINDS, count, p=[_SHARES[kind] for kind in KINDS]).tolist()
    drawn = []
    for kind in kinds:
        page = draw_page(rng, kind)
        turn = TURNS[int(rng.integers(4))]
        drawn.append((turned(page, turn), _class_of(kind, turn)))
    return drawn


def _class_of(kind: str, turn: int) -> str:
    ways = WAYS_UP[kind]
    return f"{kind}-{turn % (90 * len(ways))}" if ways else kind


def main() -> int:
    """Draw them; 0 when all are drawn, 1 when the folder cannot be written to."""
    parser = argparse.ArgumentParser(prog="python -m sample_scans.page_kinds", description=__doc__)
    parser.add_argument("--seed", type=int, default=3, help="same seed, same pages (default 3)")
    parser.add_argument("--count", type=int, default=1000, help="pages in all (default 1000)")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for a folder of each class")
    arguments = parser.parse_args()
    try:
        for number, (page, name) in enumerate(draw_classes(arguments.seed, arguments.count)):
            path = arguments.output / name / f"{number:05d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(cv2.imencode(".png", page)[1].tobytes())
    except OSError as error:
        print(f"{arguments.output}: cannot write the pages: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
