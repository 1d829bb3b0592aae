"""Study: MNIST's test digits set side by side, plain on paper: hands and strokes that no pen of ours drew.

    python -m benchmarks.composed_strips [--strips 400] [--last DIGIT...] [--mnist FILE] [--model DIR]

Of three to seven digits, far apart to overlapping; and with a 1 at one end, which a line beside the
writing looks like. Printed are the shares read exactly, read without a 1 that stands at that end, accepted
at 1 % error, and how many of the accepted are wrong. Strips are composed here, not by the renderer.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from flows.reader import Reader, open_reader
from models.material import Glyphs
from models.mnist import load_mnist
from pipeline.document import Image, Page, Reading

SCALE, ROOM = 1.8, (8, 10)  # pixels of a strip for one of MNIST's; paper above and beside the digits, MNIST's
JITTER = 2  # rows that a digit stands higher or lower at most, MNIST's
UNEVEN = 1.2  # standard deviation of the gaps, MNIST's pixels
PAPER, INK, NOISE = 235, 170, 3.0  # greys, and how much darker ink is


@dataclass(frozen=True)
class Kind:
    """How strips are composed: pixels of MNIST's between digits, and a digit that the ends must have."""

    gap: float
    first: str = ""
    last: str = ""


KINDS = {
    "far apart": Kind(10.0),
    "apart": Kind(5.0),
    "close": Kind(2.0),
    "touching": Kind(-1.0),
    "overlapping": Kind(-3.0),
    "a 1 first": Kind(4.0, first="1"),
    "a 1 last": Kind(4.0, last="1"),
}


def compose(rng: np.random.Generator, kind: Kind, digits: Glyphs) -> tuple[Image, str]:
    """A strip, (H, W) uint8, and its digits."""
    value = "".join(map(str, rng.integers(0, 10, int(rng.integers(3, 8)))))
    value = kind.first + value[len(kind.first) : len(value) - len(kind.last)] + kind.last
    glyphs = [_tight(picture) for picture, _ in digits.write(rng, value)]
    gaps = np.round(kind.gap + UNEVEN * rng.standard_normal(len(glyphs))).astype(int)
    width = sum(glyph.shape[1] for glyph in glyphs) + int(np.maximum(gaps, 0).sum()) + 2 * ROOM[1]
    canvas, x = np.zeros((28 + 2 * ROOM[0], width), np.uint8), ROOM[1]
    for glyph, gap in zip(glyphs, gaps.tolist(), strict=True):
        y = ROOM[0] + int(rng.integers(-JITTER, JITTER + 1))
        place = canvas[y : y + 28, x : x + glyph.shape[1]]
        np.maximum(place, glyph, out=place)
        right, x = x + glyph.shape[1], x + glyph.shape[1] + gap
    ink = cv2.resize(canvas[:, : right + ROOM[1]], None, fx=SCALE, fy=SCALE, interpolation=cv2.INTER_CUBIC)
    grey = PAPER - INK * (ink.astype(np.float32) / 255) + NOISE * rng.standard_normal(ink.shape)
    return np.clip(grey, 0, 255).astype(np.uint8), value


def _tight(picture: Image) -> Image:
    columns = np.flatnonzero(picture.max(axis=0) > 60)
    return picture[:, columns[0] : columns[-1] + 1]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the study; 1 where more of all that are accepted are wrong than promised."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--strips", type=int, default=400, help="of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--last", nargs="+", choices=list("0123456789"), help="by the last digit instead")
    parser.add_argument("--mnist", type=Path, help="mnist.npz; without it Keras's cache or download")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--worst", type=Path)
    options = parser.parse_args(arguments)
    mnist = load_mnist(options.mnist)
    digits, reader = Glyphs(mnist.x_test, mnist.y_test), open_reader("digits", "us", options.model)
    print(f"{'':12s} exact  without a 1  accepted  wrong   of {options.strips}")
    taken_in_all = wrong_in_all = 0
    kinds = {f"a {digit} last": Kind(4.0, last=digit) for digit in options.last or ()} or KINDS
    for number, (name, kind) in enumerate(kinds.items()):
        read = list(
            _read(np.random.default_rng((options.seed, number)), options.strips, kind, digits, reader)
        )
        exact = sum(reading.value == value for _, value, reading in read)
        lost = sum(reading.value in _without_ones(value) for _, value, reading in read)
        taken = [each for each in read if each[2].confidence >= reader.threshold(0.01)]
        wrong = sum(reading.value != value for _, value, reading in taken)
        shares = (count / options.strips for count in (exact, lost, len(taken)))
        print("{:12s} {:5.1%} {:12.1%} {:9.1%} {:6d}".format(name, *shares, wrong), flush=True)
        taken_in_all, wrong_in_all = taken_in_all + len(taken), wrong_in_all + wrong
        if options.worst:
            _keep(options.worst / name.replace(" ", "-"), read)
    return int(wrong_in_all > 0.01 * taken_in_all)


def _read(
    rng: np.random.Generator, strips: int, kind: Kind, digits: Glyphs, reader: Reader
) -> Iterator[tuple[Image, str, Reading]]:
    for number in range(strips):
        image, value = compose(rng, kind, digits)
        yield image, value, next(iter(reader.read([Page(f"{number}", 1, image)])))


def _without_ones(value: str) -> set[str]:
    """The value without a 1 at either end."""
    return {rest for rest in (value[1:], value[:-1]) if value in ("1" + rest, rest + "1")}


def _keep(folder: Path, read: Sequence[tuple[Image, str, Reading]]) -> None:
    """The misread strips, the surest first."""
    folder.mkdir(parents=True, exist_ok=True)
    for image, value, reading in read:
        if reading.value != value:
            name = f"{reading.confidence:.3f}_{value}_{reading.value or reading.reason or 'empty'}.png"
            cv2.imwrite(str(folder / name), image)


if __name__ == "__main__":
    raise SystemExit(main())
