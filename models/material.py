"""What the networks learn from: strips drawn by the renderer, composed of MNIST digits, or printed.

Every strip goes through the segmenter that will read real ones, so that the crops, and above all
the scraps that are no digit, are those that reading meets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from models.crops import LabelledLattice, label_strip
from models.printed import print_glyphs
from pipeline.document import Image
from pipeline.strings.decode import JUNK
from sample_scans.amounts import draw_amount
from sample_scans.beside import WRITTEN, draw_beside, draw_word
from sample_scans.ink import INKED
from sample_scans.pen import Writer
from sample_scans.strip_style import StripStyle
from sample_scans.strips import Strip, compose_strip, draw_digit, draw_strip

# Share of strips of each origin
COMPOSED, PRINTED = 0.3, 0.1  # the rest is drawn by the pen
WORDS = 0.08  # share of the pen's strips that hold a word
BESIDE = 0.12  # share of strips in which something stands beside the number
HARDER = 0.2  # share of strips with something more in the way: frames, ruled paper, streaks
MNIST_HEIGHT, PEN_HEIGHT = 20.0, 40.0  # of digits that strips are composed of, pixels
CAPITAL = 0.72  # height of printed digits, of their font's size
JUNK_PER_DIGIT = 1.2
SHARD = 1_000  # strips that are drawn from one seed
WORKERS = 2  # processes that draw; any number draws the same

Shard = TypeVar("Shard")
Part = TypeVar("Part")


@dataclass(frozen=True, eq=False)
class Glyphs:
    """Single handwritten digits to compose strips of: images (N, 28, 28) uint8 and labels (N,)."""

    images: Image
    labels: NDArray[np.int64]

    def write(self, rng: np.random.Generator, value: str) -> list[tuple[Image, str]]:
        """A picture of each digit of `value`, taken at random from those of its class."""
        chosen = []
        for digit in value:
            of_class = self._by_class[int(digit)]
            chosen.append((self.images[of_class[int(rng.integers(len(of_class)))]], digit))
        return chosen

    def __post_init__(self) -> None:
        by_class = tuple(np.flatnonzero(self.labels == d) for d in range(10))
        object.__setattr__(self, "_by_class", by_class)

    _by_class: tuple[NDArray[np.intp], ...] = ()


def draw_text(rng: np.random.Generator) -> str:
    """What may stand in a field: amounts most of all, plain numbers, ZIP+4 codes."""
    kind = rng.random()
    if kind < 0.55:
        return draw_amount(rng)
    digits = "".join(map(str, rng.integers(0, 10, int(rng.integers(1, 9)))))
    if kind < 0.95:
        return digits
    return f"{rng.integers(0, 100_000):05d}-{rng.integers(0, 10_000):04d}"


def draw_strips(
    seed: int | tuple[int, ...], count: int, glyphs: Glyphs | None, trouble: float = 1.0
) -> Iterator[Strip]:
    """`count` strips of mixed origin; without `glyphs` none is composed. Same seed, same strips.

    trouble : how often something is beside the number or in its way, against how often networks learn it.
    """
    rng = np.random.default_rng(seed)
    for _ in range(count):
        style = StripStyle.draw(rng)
        if rng.random() < trouble * HARDER:
            style = style.harder(rng)
        before, after = draw_beside(rng) if rng.random() < trouble * BESIDE else ("", "")
        kind = rng.random()
        if kind < PRINTED:
            text = draw_word(rng) if rng.random() < 0.3 else before + draw_text(rng).replace(" ", "") + after
            yield compose_strip(rng, print_glyphs(rng, text), style)
        elif kind < PRINTED + COMPOSED and glyphs is not None:
            value = "".join(c for c in draw_text(rng) if c.isdigit())
            digits = glyphs.write(rng, value)
            yield compose_strip(rng, _set_beside(rng, digits, before, after, MNIST_HEIGHT), style)
        elif (before or after) and rng.random() < 0.35:
            hand = Writer.draw(rng)
            digits = [(draw_digit(rng, c, hand, PEN_HEIGHT), c) for c in draw_text(rng) if c.isdigit()]
            yield compose_strip(rng, _set_beside(rng, digits, before, after, PEN_HEIGHT), style)
        else:
            text = draw_word(rng, WRITTEN) if rng.random() < WORDS else before + draw_text(rng) + after
            yield draw_strip(rng, text, style=style)


def _set_beside(
    rng: np.random.Generator, digits: list[tuple[Image, str]], before: str, after: str, height: float
) -> list[tuple[Image, str]]:
    """Written digits, so many pixels high, and what is beside them: printed, or by another pen."""
    both, size = before + after, height * float(rng.uniform(0.4, 1.2))
    nothing = np.zeros((0, 0), np.uint8)
    if rng.random() < 0.7:
        signs = print_glyphs(rng, both, max(8, round(size / CAPITAL)))
    else:
        hand = Writer.draw(rng)
        signs = [(nothing if c == " " else draw_digit(rng, c, hand, size), c) for c in both]
    # A dot so small that the pen leaves hardly any ink is as good as none.
    signs = [sign if sign[0].max(initial=0) >= INKED else (nothing, " ") for sign in signs]
    return signs[: len(before)] + digits + signs[len(before) :]


def gather_crops(
    seed: int, strips: int, glyphs: Glyphs | None, workers: int
) -> tuple[Image, NDArray[np.int64]]:
    """Crops and labels of `strips` strips, drawn in shards so that any number of workers draws the same."""
    parts = each_shard(_gather_shard, split(seed, strips, glyphs, SHARD), workers)
    return np.concatenate([x for x, _ in parts]), np.concatenate([y for _, y in parts])


def split(
    seed: int, count: int, glyphs: Glyphs | None, size: int
) -> list[tuple[int, int, int, Glyphs | None]]:
    """Shards of `size` that together draw `count`: the seed, the first one's number, how many, the glyphs."""
    return [(seed, first, min(size, count - first), glyphs) for first in range(0, count, size)]


def each_shard(gather: Callable[[Shard], Part], shards: Sequence[Shard], workers: int) -> list[Part]:
    """What `gather` makes of every shard, in their order; in this process where one worker is enough."""
    if min(workers, len(shards)) <= 1:
        return [gather(shard) for shard in shards]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        return list(pool.map(gather, shards))


def _gather_shard(shard: tuple[int, int, int, Glyphs | None]) -> tuple[Image, NDArray[np.int64]]:
    seed, first, count, glyphs = shard
    cv2.setNumThreads(1)
    drawn = draw_strips((seed, first), count, glyphs)
    return collect_crops(label_strips(drawn), np.random.default_rng((seed, first)))


def label_strips(strips: Iterator[Strip]) -> Iterator[LabelledLattice]:
    """Segment and label every strip, one at a time."""
    return (label_strip(strip.image, strip.owner, strip.text) for strip in strips)


def collect_crops(
    lattices: Iterator[LabelledLattice], rng: np.random.Generator
) -> tuple[Image, NDArray[np.int64]]:
    """Crops (N, 28, 28) uint8 with labels 0..10 (N,): every digit, and some of what is none."""
    crops: list[Image] = []
    labels: list[NDArray[np.int8]] = []
    for each in lattices:
        digits = np.flatnonzero((each.labels >= 0) & (each.labels < JUNK))
        junk = np.flatnonzero(each.labels == JUNK)
        room = max(2, int(JUNK_PER_DIGIT * len(digits)))
        kept = np.concatenate([digits, rng.permutation(junk)[:room]])
        crops.append(each.lattice.crops[kept])
        labels.append(each.labels[kept])
    return np.concatenate(crops), np.concatenate(labels).astype(np.int64)
