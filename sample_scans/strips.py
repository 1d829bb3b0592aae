"""Strips: a line of handwritten characters as a scanner gives it, with the owner of every ink pixel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.document import Box, Image
from sample_scans.ink import INKED, Blot, around, clip, given_ink, ink_box, lay_ink, pool
from sample_scans.paper import grain, scan, security_print, uneven_light
from sample_scans.pen import Trace, Writer, trace
from sample_scans.rulings import draw_stain, draw_streak
from sample_scans.spacing import line_up
from sample_scans.strip_style import StripStyle
from sample_scans.writing import write

NOBODY = -1


@dataclass(frozen=True, eq=False)
class Strip:
    """A drawn strip and the truth about it.

    image : (H, W) uint8 grey, dark ink on paper.
    owner : (H, W) int16, index in `text` of the character whose ink covers the pixel (the later one
        where two overlap), -1 where there is none or where it belongs to none.
    text : what was written; value : its digits alone.
    boxes : one per digit of `value`, tight around its ink (also where a neighbour covers it),
        clipped to the image; a digit cut off wholly has an empty box.
    places : index in `text` of each digit of `value`.
    """

    image: Image
    owner: NDArray[np.int16]
    text: str
    value: str
    boxes: tuple[Box, ...]
    places: tuple[int, ...]


def draw_digit(
    rng: np.random.Generator, digit: int | str, writer: Writer | None = None, height: float | None = None
) -> Image:
    """One handwritten digit, (H, W) uint8, ink bright on black, cut close with 2 pixels of room.

    digit : 0 to 9, or any other character that the pen knows. writer : at random where None.
    height : of a usual digit in pixels, 28 to 80 at random where None; strokes may reach beyond it.
    """
    writer = writer or Writer.draw(rng)
    size = float(height) if height is not None else float(rng.uniform(28, 80))
    at = rng.random(2).tolist()
    blot = lay_ink(rng, trace(rng, str(digit), writer), writer, size, (at[0], at[1]))
    box = ink_box(blot)
    cut = blot.coverage[box.y - blot.y :, box.x - blot.x :][: box.height, : box.width]
    return np.pad(cut, 2)


def draw_strip(
    rng: np.random.Generator, text: str, writer: Writer | None = None, style: StripStyle | None = None
) -> Strip:
    """A strip with `text` in one hand; writer and style at random where None.

    text : digits, marks and letters that the pen knows, and spaces; KeyError for another character.
    """
    writer = writer or Writer.draw(rng)
    style = style or StripStyle.draw(rng)
    inks = write(rng, text, writer, style.digit, style.baseline, style.tightness)
    return _finish(rng, text, inks, writer, style)


def compose_strip(
    rng: np.random.Generator, glyphs: Sequence[tuple[Image, str]], style: StripStyle | None = None
) -> Strip:
    """A strip out of given pictures of characters in place of pen strokes.

    glyphs : (ink, label) each; ink (h, w) uint8 bright on black, such as MNIST's 28 x 28, label the one
    character it shows. All are scaled alike and slanted alike, as if one hand had written them.
    ValueError for a glyph without ink that is not a space.
    """
    style = style or StripStyle.draw(rng)
    writer = Writer.draw(rng)
    for ink, label in glyphs:
        if label != " " and ink.max(initial=0) < INKED:
            raise ValueError(f"the glyph for {label!r} holds no ink")
    digits = [ink for ink, label in glyphs if label.isdigit()] or [ink for ink, _ in glyphs]
    tallest = max((ink_box(Blot(ink, 0, 0)).height for ink in digits), default=0)
    scale = style.digit / max(tallest, 8)
    lean = 0.5 * (writer.slant - 0.15)  # given glyphs lean already, each in its own way
    blots: list[Blot | None] = []
    for ink, label in glyphs:
        if label == " ":
            blots.append(None)
            continue
        drop = style.baseline + writer.wobble * style.digit * rng.standard_normal()
        blots.append(given_ink(ink, scale, writer.aspect, lean, drop))
    gap = max(-0.22, writer.gap + style.tightness) * style.digit
    moved, _ = line_up(rng, blots, gap, style.digit, writer.climb)
    text = "".join(label for _, label in glyphs)
    return _finish(rng, text, [(b, i) for i, b in enumerate(moved) if b is not None], writer, style)


def _finish(
    rng: np.random.Generator, text: str, inks: list[tuple[Blot, int]], writer: Writer, style: StripStyle
) -> Strip:
    """Cut the strip around the placed ink, put paper under it and scan it."""
    boxes = [(ink_box(blot), i) for blot, i in inks]
    left = min((box.x for box, _ in boxes), default=0) - style.left
    right = max((box.x + box.width for box, _ in boxes), default=0) + style.right
    width = max(8, right - left)
    inks = [(replace(blot, x=blot.x - left), i) for blot, i in inks]
    owner = _owners(inks, style.height, width)
    extra = _belongs_to_none(rng, writer, style, width)
    ink = pool([blot for blot, _ in inks] + extra, style.height, width)
    image = _on_paper(rng, ink, style)
    places = tuple(i for i, c in enumerate(text) if c.isdigit())
    by_character: dict[int, Box] = {}
    for blot, i in inks:
        box = ink_box(blot)
        by_character[i] = around(by_character[i], box) if i in by_character else box
    return Strip(
        image=image,
        owner=owner,
        text=text,
        value="".join(text[i] for i in places),
        boxes=tuple(_clipped(by_character[i], style.height, width) for i in places),
        places=places,
    )


def _owners(inks: Sequence[tuple[Blot, int]], height: int, width: int) -> NDArray[np.int16]:
    owner = np.full((height, width), NOBODY, np.int16)
    for blot, index in inks:
        part = clip(blot, height, width)
        if part is not None:
            rows, columns, coverage = part
            owner[rows, columns][coverage >= INKED] = index
    return owner


def _clipped(box: Box, height: int, width: int) -> Box:
    left, top = min(max(0, box.x), width), min(max(0, box.y), height)
    right, bottom = min(width, box.x + box.width), min(height, box.y + box.height)
    return Box(left, top, max(0, right - left), max(0, bottom - top))


def _belongs_to_none(rng: np.random.Generator, writer: Writer, style: StripStyle, width: int) -> list[Blot]:
    """Ink of the same pen that is no character of the text: an underline, scraps of other lines."""
    blots = []
    if style.underline is not None:
        y = style.baseline + style.underline * style.digit
        sway = 0.05 * style.digit * rng.standard_normal(4)
        path = np.column_stack([np.linspace(0.02, 0.98, 4) * width, y + sway]) / style.digit
        line = Trace(path.astype(np.float32), np.ones(4, np.float32), (slice(0, 4),))
        blots.append(lay_ink(rng, line, writer, style.digit, (0, 0)))
    for _ in range(style.rubbish):
        scrap = trace(rng, str(rng.integers(10)), writer)
        up = rng.random() < 0.5
        share = rng.uniform(0.05, 0.3)
        y = style.digit * (share - 1) if up else style.height - style.digit * share
        blots.append(lay_ink(rng, scrap, writer, style.digit, (float(rng.uniform(0, width)), float(y))))
    return blots


def _on_paper(rng: np.random.Generator, ink: Image, style: StripStyle) -> Image:
    """Paper, its print and its rules, the ink over them, and the scanner's doing."""
    height, width = ink.shape
    ground = np.full((height, width), style.paper, np.float32)
    if style.contrast:
        ground -= np.float32(style.contrast) * security_print(rng, height, width, style.pattern)
    if style.fade:
        corners = (rng.random(2) * [height, height]).tolist()
        edge = np.linspace(corners[0], corners[1], width, dtype=np.float32)[None, :]
        ground += np.float32(style.fade) * (np.arange(height, dtype=np.float32)[:, None] > edge)
    ground += np.float32(style.grain) * grain(rng, height, width, 0.6)
    _rule(rng, ground, style)
    if style.ruling is not None:
        style.ruling.lay(ground)
    share = ink.astype(np.float32) * np.float32(1 / 255)
    share *= 1 - np.float32(0.12) * rng.random() * np.abs(grain(rng, height, width, 2.0))
    grey = ground + (np.float32(style.ink) - ground) * np.clip(share, 0, 1)
    grey *= uneven_light(rng, height, width, style.light)
    for _ in range(style.streaks):
        draw_streak(rng, grey)
    for _ in range(style.stains):
        draw_stain(rng, grey)
    return scan(rng, grey, style.blur, style.noise, style.jpeg)


def _rule(rng: np.random.Generator, ground: NDArray[np.float32], style: StripStyle) -> None:
    """The form's printed lines, drawn into the ground."""
    height, width = ground.shape
    tilt = round(0.01 * width * rng.standard_normal())
    for row in (style.rule_above, style.rule_below):
        if row is not None:
            cv2.line(ground, (0, row), (width - 1, row + tilt), style.rule_grey, style.rule_width)
    for column, side in ((style.wall_left, 0), (style.wall_right, width - 1)):
        if column is not None:
            x = abs(side - column)
            cv2.line(ground, (x, 0), (x, height - 1), style.rule_grey, style.rule_width)
