"""Drawing the sample scans: which files there are, how each is stored, and the truth about them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image as PillowImage

from pipeline.document import Box, Image
from sample_scans.amounts import draw_amount
from sample_scans.envelopes import draw_envelope
from sample_scans.forms import draw_form
from sample_scans.ink import around
from sample_scans.page_scan import PageStyle
from sample_scans.strips import draw_strip
from sample_scans.truth import FieldTruth, TruthRow, write_truth

STRIPS = 12
_THEN = time.gmtime(946_684_800)  # a PDF names the time of its making; ours is always the same


@dataclass(frozen=True)
class _Plan:
    """A scan to be drawn: where, of which country, and stored how."""

    name: str
    country: str
    dpi: int = 300
    mode: str = "colour"
    quality: int = 72
    pages: int = 1


_PLANS = (
    _Plan("envelopes/us_01.jpg", "us"),
    _Plan("envelopes/us_02.jpg", "us"),
    _Plan("envelopes/us_03.jpg", "us", dpi=200),
    _Plan("envelopes/us_04.jpg", "us", dpi=200, quality=60),
    _Plan("envelopes/us_05.jpg", "us", mode="grey"),
    _Plan("envelopes/us_06.jpg", "us", dpi=200, mode="grey"),
    _Plan("envelopes/us_07.tif", "us", dpi=200, mode="fax"),
    _Plan("envelopes/us_08.tif", "us", mode="fax"),
    _Plan("envelopes/us_09.png", "us", dpi=200, mode="fax"),
    _Plan("envelopes/us_10.png", "us", dpi=150, mode="grey"),
    _Plan("envelopes/us_11.jpg", "us"),
    _Plan("envelopes/us_12.jpg", "us", dpi=200, quality=45),
    _Plan("envelopes/us_13_two_pages.tif", "us", dpi=200, mode="fax", pages=2),
    _Plan("envelopes/us_14.pdf", "us", dpi=200),
    _Plan("envelopes/us_15.jpg", "us", dpi=200),
    _Plan("envelopes/us_16.jpg", "us", quality=80),
    _Plan("envelopes_de/de_01.jpg", "de"),
    _Plan("envelopes_de/de_02.jpg", "de", dpi=200, mode="grey"),
    _Plan("envelopes_fr/fr_01.jpg", "fr"),
    _Plan("envelopes_fr/fr_02.jpg", "fr", dpi=200),
    _Plan("envelopes_hu/hu_01.jpg", "hu"),
    _Plan("envelopes_hu/hu_02.jpg", "hu", dpi=200),
    _Plan("envelopes_jp/jp_01.jpg", "jp"),
    _Plan("envelopes_jp/jp_02.png", "jp", dpi=150),
)


def draw_samples(directory: Path, seed: int) -> list[TruthRow]:
    """Draw all sample scans and `truth.csv` below `directory`; the same seed gives the same pixels.

    Each scan has a random stream of its own, so that one can change without the others.
    """
    rows = []
    for number, plan in enumerate(_PLANS):
        rows += _draw_envelope_file(np.random.default_rng((seed, 1, number)), directory, plan)
    for number in range(STRIPS):
        name = f"strips/strip_{number + 1:02d}.{'png' if number % 4 == 3 else 'jpg'}"
        rows.append(_draw_strip_file(np.random.default_rng((seed, 2, number)), directory, name))
    for number, mode in enumerate(("grey", "fax")):
        name = f"forms/form_{number + 1:02d}.{'tif' if mode == 'fax' else 'jpg'}"
        rows += _draw_form_file(np.random.default_rng((seed, 3, number)), directory, name, mode)
    write_truth(directory / "truth.csv", rows)
    return rows


def _draw_envelope_file(rng: np.random.Generator, directory: Path, plan: _Plan) -> list[TruthRow]:
    drawn = [
        draw_envelope(rng, plan.country, plan.dpi, PageStyle.draw(rng, plan.mode)) for _ in range(plan.pages)
    ]
    save(directory / plan.name, [page for page, _ in drawn], plan.dpi, plan.quality)
    return [TruthRow(plan.name, number, truth) for number, (_, truth) in enumerate(drawn, 1)]


def _draw_strip_file(rng: np.random.Generator, directory: Path, name: str) -> TruthRow:
    strip = draw_strip(rng, draw_amount(rng))
    save(directory / name, [strip.image], 200, 90)
    box: Box = strip.boxes[0]
    for other in strip.boxes[1:]:
        box = around(box, other)
    return TruthRow(name, 1, FieldTruth("digits", strip.value, box))


def _draw_form_file(rng: np.random.Generator, directory: Path, name: str, mode: str) -> list[TruthRow]:
    page, fields = draw_form(rng, 200, PageStyle.draw(rng, mode))
    save(directory / name, [page], 200, 60)
    return [TruthRow(name, 1, field) for field in fields]


def save(path: Path, pages: Sequence[Image], dpi: int, quality: int = 75) -> None:
    """Store pages, uint8 BGR or grey, as the file's suffix says; only .tif takes more than one.

    A TIFF is compressed as a fax (CCITT group 4) and so holds black and white alone, as does a PNG of
    a page of nothing but 0 and 255; `quality` is that of JPEG, also inside a PDF.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    pictures = [_picture(page) for page in pages]
    first, rest = pictures[0], pictures[1:]
    if path.suffix == ".tif":
        bits = [p.convert("1", dither=PillowImage.Dither.NONE) for p in pictures]
        bits[0].save(
            path, compression="group4", dpi=(dpi, dpi), save_all=True, append_images=bits[1:]
        )  # fmt: skip
        return
    if rest:
        raise ValueError(f"{path.name}: only a TIFF holds {len(pages)} pages")
    if path.suffix == ".pdf":
        first.save(path, resolution=dpi, quality=quality, creationDate=_THEN, modDate=_THEN)
    elif path.suffix == ".png":
        first.save(path, dpi=(dpi, dpi), optimize=True)
    else:
        first.save(path, dpi=(dpi, dpi), quality=quality)


def _picture(page: Image) -> PillowImage.Image:
    """A page as Pillow has it; black and white where it has no other value."""
    if page.ndim == 3:
        return PillowImage.fromarray(np.ascontiguousarray(page[:, :, ::-1]))
    picture = PillowImage.fromarray(page)
    extreme = bool(((page == 0) | (page == 255)).all())
    return picture.convert("1", dither=PillowImage.Dither.NONE) if extreme else picture
