"""Learning, what stands beside a site's own fields: drawn strips, some composed of the site's digits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from models.labelled import Crops
from models.line_data import Line, is_whole
from models.material import Glyphs, collect_crops, draw_strips, each_shard, label_strips


@dataclass(frozen=True, eq=False)
class Drawn:
    """Drawn strips, cut and labelled for either network."""

    crops: Crops
    lines: list[Line]


def draw_beside(glyphs: Sequence[Glyphs | None], strips: int, seed: int, workers: int) -> list[Drawn]:
    """For each set of digits `strips` strips, some composed of these."""
    shards = [((seed, number), strips, each) for number, each in enumerate(glyphs)]
    return each_shard(_draw, shards, workers)


def _draw(shard: tuple[tuple[int, int], int, Glyphs | None]) -> Drawn:
    seed, count, glyphs = shard
    cv2.setNumThreads(1)
    strips = list(draw_strips(seed, count, glyphs))
    labelled = list(label_strips(iter(strips)))
    crops, labels = collect_crops(iter(labelled), np.random.default_rng(seed))
    lines = [
        Line(each.lattice.picture, each.value)
        for strip, each in zip(strips, labelled, strict=True)
        if each.lattice.size and is_whole(strip)
    ]
    return Drawn(Crops(crops, labels), lines)
