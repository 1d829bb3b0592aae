"""Lines to learn from for the network that reads whole lines: pictures and their digits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from models.drawn_forms import ALL, DrawnField, draw_fields
from models.material import SHARD, Glyphs, draw_strips, each_shard, split
from pipeline.document import Box, Image
from pipeline.locate import locate_line
from pipeline.strings.picture import draw_line
from pipeline.strings.segment import segment
from sample_scans.strips import Strip

OWN_ROWS = 0.6  # of a digit's rows, those in which it is to be seen by itself
APART = 0.07  # of its height, from ink of others


@dataclass(frozen=True, eq=False)
class Line:
    """A line of writing, (32, W) uint8 as `pipeline.strings.picture` draws it, and its digits."""

    picture: Image
    value: str


def gather_lines(seed: int, strips: int, glyphs: Glyphs | None, workers: int) -> list[Line]:
    """Lines of `strips` drawn strips; those that their edges cut into cannot be read and are left out."""
    parts = each_shard(_gather_shard, split(seed, strips, glyphs, SHARD), workers)
    return [line for part in parts for line in part]


def gather_form_lines(seed: int, forms: int, glyphs: Glyphs | None, workers: int) -> list[Line]:
    """The numbers in single frames of so many drawn forms, and of every comb the box in the middle."""
    return draw_fields(_line_of, seed, forms, glyphs, workers, ALL)


def _line_of(field: DrawnField) -> Line:
    if not field.boxed:
        return Line(field.lattices[0].picture, field.value)
    chosen = len(field.value) // 2
    return Line(field.lattices[chosen].picture, field.value[chosen])


def _gather_shard(shard: tuple[int, int, int, Glyphs | None]) -> list[Line]:
    seed, first, count, glyphs = shard
    cv2.setNumThreads(1)
    return list(draw_lines(draw_strips((seed, first), count, glyphs)))


def draw_lines(strips: Iterable[Strip]) -> Iterator[Line]:
    """Every strip that is whole, located and drawn as reading does it."""
    for strip in filter(is_whole, strips):
        (dark, mask), *_ = locate_line(strip.image).strips
        pieces = segment(dark, mask)
        if len(pieces):
            yield Line(draw_line(pieces), strip.value)


def is_whole(strip: Strip) -> bool:
    """Whether the strip's edges leave every digit: one that is cut away cannot be read, nor missed."""
    width = strip.image.shape[1]
    heights = [box.height for box in strip.boxes]
    return all(
        box.x > 0 and box.x + box.width < width and box.height > 0.4 * max(heights) for box in strip.boxes
    )


def is_legible(strip: Strip) -> bool:
    """Whether the strip is whole and none of its digits lies upon another: that nobody could read.

    Of every digit most rows must hold ink that is its own, and apart from that of other characters.
    """
    return is_whole(strip) and all(
        _own_rows(strip, place, box) >= OWN_ROWS * box.height
        for place, box in zip(strip.places, strip.boxes, strict=True)
    )


def _own_rows(strip: Strip, place: int, box: Box) -> int:
    near = strip.owner[box.slices]
    others = ((near >= 0) & (near != place)).astype(np.uint8)
    reach = 2 * max(1, round(APART * box.height)) + 1
    covered = cv2.dilate(others, np.ones((reach, reach), np.uint8)) > 0
    return int(((near == place) & ~covered).any(axis=1).sum())
