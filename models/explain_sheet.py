"""The short form of an explanation: one picture, a row for each digit."""

from __future__ import annotations

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from models.explain import Explanation
from models.explain_reading import Field
from models.labelled import CLASSES
from models.shades import AGAINST, FOR, enlarge, ink_picture, lead_picture
from pipeline.document import Image

TIMES = 7
SIDE = 28 * TIMES
SPACE, HEAD = 24, 56
BARS = 260
WIDTH = 5 * (SIDE + SPACE) + SPACE + BARS
LINE = 22  # height of a line of text, pixels
GREY = (136, 136, 136)


def draw_sheet(field: Field, explanations: list[Explanation]) -> Image:
    """What either reader says; the crop, four maps and the probabilities of every digit.

    (H, W, 3) uint8 RGB.
    """
    rows = [_said(field)] if field.said else []
    return np.concatenate([*rows, *(_row(each) for each in explanations)])


def _said(field: Field) -> Image:
    """The likeliest values by the reader that cuts, by the one that does not, and by both."""
    columns = ("value", *field.readers, "together")
    rows = [(e.value or "nothing", f"{e.cut:.1%}", f"{e.whole:.1%}", f"{e.together:.1%}") for e in field.said]
    sheet = Pillow.new("RGB", (WIDTH, SPACE + LINE * (len(rows) + 1)), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(15)
    for number, row in enumerate([columns, *rows]):
        for place, words in enumerate(row):
            colour = "black" if number else GREY
            pen.text((SPACE + place * (SIDE + SPACE), 8 + number * LINE), words, colour, font)
    return np.asarray(sheet, np.uint8)


def _row(explanation: Explanation) -> Image:
    e, saliency = explanation, explanation.saliency
    greatest = max(float(np.abs(saliency.wiped).max()), float(np.abs(saliency.inked).max()))
    pictures = [
        (f"read as {e.best} ({e.proba[e.best]:.1%})", ink_picture(e.crop)),
        ("weight x pixel", lead_picture(saliency.parts, e.crop)),
        ("ink wiped out", lead_picture(saliency.wiped, e.crop, greatest)),
        ("a stroke wiped out", lead_picture(saliency.strokes, e.crop)),
        ("ink set", lead_picture(saliency.inked, e.crop, greatest)),
    ]
    sheet = Pillow.new("RGB", (WIDTH, HEAD + SIDE + SPACE), "white")
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(15)
    pen.text((SPACE, 8), f"for {e.best}", FOR, font)
    pen.text((SPACE + 60, 8), f"for {e.rival}", AGAINST, font)
    pen.text((SPACE + 120, 8), f"lead (log-odds) {saliency.lead:+.2f}", "black", font)
    for place, (title, picture) in enumerate(pictures):
        left = SPACE + place * (SIDE + SPACE)
        pen.text((left, HEAD - 22), title, "black", font)
        sheet.paste(Pillow.fromarray(enlarge(picture, TIMES)), (left, HEAD))
        pen.rectangle((left - 1, HEAD - 1, left + SIDE, HEAD + SIDE), outline=(200, 200, 200))
    _draw_bars(pen, e, len(pictures) * (SIDE + SPACE) + SPACE, font)
    return np.asarray(sheet, np.uint8)


def _draw_bars(
    pen: ImageDraw.ImageDraw,
    explanation: Explanation,
    left: int,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> None:
    """A bar for the probability of every class that the network knows."""
    known = len(explanation.anatomy.scores)
    height = SIDE / known
    for k, p in enumerate(explanation.proba[:known].tolist()):
        top = HEAD + k * height
        colour = FOR if k == explanation.best else AGAINST if k == explanation.rival else GREY
        name = CLASSES[k] if k < 10 else "no digit"
        pen.text((left, top), f"{name}", "black", font)
        pen.rectangle((left + 70, top + 3, left + 70 + 110 * p, top + height - 4), fill=colour)
        pen.text((left + 185, top), f"{p:.1%}", "black", font)
