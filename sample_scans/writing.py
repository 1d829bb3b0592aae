"""Writing a line: characters of one hand on a common baseline, spaced and joined."""

from __future__ import annotations

import numpy as np

from sample_scans.ink import Blot, lay_ink
from sample_scans.joins import Place, coils, join_neighbours, leaving_shape, wishes
from sample_scans.pen import Writer, trace
from sample_scans.spacing import line_up

_CLOSEST = -0.22  # gaps below this, in heights of a digit, are no writing any more


def write(
    rng: np.random.Generator, text: str, writer: Writer, size: float, baseline: float, tightness: float = 0.0
) -> list[tuple[Blot, int]]:
    """The ink of a line of text with the index of the character that each blot belongs to.

    size : height of a digit in pixels. baseline : its row at the left end. tightness : added to the
    writer's gaps, in heights of a digit. The line begins near column 0; a space has no blot, a
    character joined to another has more than one.
    """
    wanted = wishes(rng, text, writer)
    placed = _placed(rng, text, wanted, writer, (size, baseline))
    blots = [p and lay_ink(rng, p[0], writer, size, p[1]) for p in placed]
    gap = max(_CLOSEST, writer.gap + tightness)
    gaps = [(gap - writer.coil * coiled) * size for coiled in coils(text, wanted)]
    moved, shifts = line_up(rng, blots, gaps, size, writer.climb)
    settled = [p and (p[0], (p[1][0] + dx, p[1][1] + dy)) for p, (dx, dy) in zip(placed, shifts, strict=True)]
    joins = join_neighbours(rng, wanted, settled, writer, size)
    return [(blot, i) for i, blot in enumerate(moved) if blot is not None] + joins


def _placed(
    rng: np.random.Generator, text: str, wanted: list[bool], writer: Writer, place: tuple[float, float]
) -> list[Place | None]:
    """Each character's trace and its origin: on the baseline, give or take, all at the left edge."""
    size, baseline = place
    lifts = (rng.standard_normal(len(text)) * writer.wobble * size).tolist()
    across = rng.random(len(text)).tolist()
    placed: list[Place | None] = []
    for c, joins, x, dy in zip(text, wanted, across, lifts, strict=True):
        if c == " ":
            placed.append(None)
            continue
        shape = leaving_shape(rng, c) if joins else None
        placed.append((trace(rng, c, writer, shape), (x, baseline - size + dy)))
    return placed
