"""Study: strips with their values, changed as other scanners and forms would have it; how they are read.

    python -m benchmarks.changed_strips TRUTH.csv [--model DIR] [--only NAME...] [--worst FOLDER]

Printed are, for every change, the shares read exactly and accepted at 1 % error, and how many of those
are wrong. The changes are made here, not by the renderer that the networks learn from.
"""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from flows.reader import open_reader
from models.truth import Row, pages_of, read_truth
from pipeline.document import Image, Page, Reading

Change = Callable[[Image, np.random.Generator], Image]

DARK = (70, 70, 70)
SLACK = 2  # accepted and wrong beyond one in a hundred, by chance and by slips of the truth


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the study; 1 where more are accepted and wrong than promised and than of the strips as they are."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("truth", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--only", nargs="+", choices=CHANGES, default=list(CHANGES))
    parser.add_argument("--worst", type=Path)
    options = parser.parse_args(arguments)
    rows = read_truth(options.truth)
    reader = open_reader("digits", "us", options.model)
    least = reader.threshold(0.01)
    strips = [(row, page) for page, group in pages_of(rows) for row in group]
    print(f"{'':24s} exact  accepted  wrong   of {len(strips)}")
    failed, before = False, 0
    for name in dict.fromkeys(["as it is", *options.only]):
        readings = [next(iter(reader.read([replace(page, image=changed(name, page))]))) for _, page in strips]
        taken = [r.reason is None and r.confidence >= least for r in readings]
        right = [r.value == row.value for r, (row, _) in zip(readings, strips, strict=True)]
        wrong = sum(t and not ok for t, ok in zip(taken, right, strict=True))
        before = wrong if name == "as it is" else before
        failed |= wrong > max(before, 0.01 * sum(taken)) + SLACK
        shares = sum(right) / len(strips), sum(taken) / len(strips)
        print(f"{name:24s} {shares[0]:6.1%} {shares[1]:8.1%} {wrong:6d}", flush=True)
        if options.worst:
            _keep(options.worst / name.replace(" ", "-"), name, strips, readings)
    return int(failed)


def changed(name: str, page: Page) -> Image:
    """The page's strip after a change, the same each time."""
    rng = np.random.default_rng(zlib.crc32(page.scan.encode()))
    colour = page.image if page.image.ndim == 3 else cv2.cvtColor(page.image, cv2.COLOR_GRAY2BGR)
    return np.ascontiguousarray(CHANGES[name](np.asarray(colour, np.uint8), rng))


def _keep(folder: Path, name: str, strips: Sequence[tuple[Row, Page]], readings: Sequence[Reading]) -> None:
    """The misread strips as they were seen, the surest first."""
    folder.mkdir(parents=True, exist_ok=True)
    for (row, page), reading in zip(strips, readings, strict=True):
        if reading.value != row.value:
            file = f"{reading.confidence:.3f}_{row.value}_{reading.value or reading.reason or 'empty'}.png"
            cv2.imwrite(str(folder / file), changed(name, page))


def _scale(by: float) -> Change:
    way = cv2.INTER_AREA if by < 1 else cv2.INTER_CUBIC
    return lambda image, rng: np.asarray(cv2.resize(image, None, fx=by, fy=by, interpolation=way), np.uint8)


def _turn(degrees: float, bed: int | None = None) -> Change:
    """Turned either way, what comes in at the edges as the edge is, or on a bed of a grey."""

    def turn(image: Image, rng: np.random.Generator) -> Image:
        room = int(np.sin(np.radians(degrees)) * image.shape[1] / 2) + 2
        image = _pad(image, (room, room, 0, 0) if bed is None else (room + 20, room + 20, 25, 25), bed)
        height, width = image.shape[:2]
        angle = degrees if rng.random() < 0.5 else -degrees
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
        edge = cv2.BORDER_REPLICATE
        turned = cv2.warpAffine(image, matrix, (width, height), borderMode=edge)
        return np.asarray(turned, np.uint8)

    return turn


def _pad(image: Image, sides: tuple[int, int, int, int], grey: int | None = None) -> Image:
    """More above, below, left and right: of one grey, or as the edge is."""
    if grey is None:
        return np.asarray(cv2.copyMakeBorder(image, *sides, cv2.BORDER_REPLICATE), np.uint8)
    return np.asarray(
        cv2.copyMakeBorder(image, *sides, cv2.BORDER_CONSTANT, value=(grey, grey, grey)), np.uint8
    )


def _around(grey: int, *sides: int) -> Change:
    above, below, left, right = sides
    return lambda image, rng: _pad(image, (above, below, left, right), grey)


def _light(share: float, less: float) -> Change:
    def fade(image: Image, rng: np.random.Generator) -> Image:
        return np.clip((image.astype(np.float32) - 255) * share + 255 - less, 0, 255).astype(np.uint8)

    return fade


def _noise(image: Image, rng: np.random.Generator) -> Image:
    return np.clip(image + rng.normal(0, 20, image.shape), 0, 255).astype(np.uint8)


def _blur(image: Image, rng: np.random.Generator) -> Image:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), 1.0), np.uint8)


def _compress(image: Image, rng: np.random.Generator) -> Image:
    _, packed = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 15])
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)


def _fax(image: Image, rng: np.random.Generator) -> Image:
    large = cv2.resize(image, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    grey = cv2.cvtColor(large, cv2.COLOR_BGR2GRAY)
    mean, both = cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY
    return np.asarray(cv2.adaptiveThreshold(grey, 255, mean, both, 61, 15), np.uint8)


def _shade(image: Image, rng: np.random.Generator) -> Image:
    light = np.linspace(0.6, 1.0, image.shape[1])
    return (image * (light if rng.random() < 0.5 else light[::-1])[None, :, None]).astype(np.uint8)


def _drawn(*lines: tuple[float, float, float, float], thick: int = 2) -> Change:
    """Printed lines from (x, y) to (x, y), in shares of the strip, 3 pixels within its edges."""

    def draw(image: Image, rng: np.random.Generator) -> Image:
        image = image.copy()
        size = np.array([image.shape[1] - 7, image.shape[0] - 7])
        for x, y, to_x, to_y in lines:
            ends = np.round(3 + np.array([(x, y), (to_x, to_y)]) * size).astype(int).tolist()
            cv2.line(image, tuple(ends[0]), tuple(ends[1]), DARK, thick)
        return image

    return draw


LEFT, TOP, RIGHT, BOTTOM = (0, 0, 0, 1), (0, 0, 1, 0), (1, 0, 1, 1), (0, 1, 1, 1)


def _ruled(apart: int, squared: bool) -> Change:
    def rule(image: Image, rng: np.random.Generator) -> Image:
        light = np.ones(image.shape[:2], np.float32)
        light[int(rng.integers(apart)) :: apart] = 0.65
        if squared:
            light[:, int(rng.integers(apart)) :: apart] = 0.65
        return (image * light[..., None]).astype(np.uint8)

    return rule


def _streak(image: Image, rng: np.random.Generator) -> Image:
    column = int(rng.integers(image.shape[1] // 4, 3 * image.shape[1] // 4))
    image = image.copy()
    image[:, column : column + 2] = (image[:, column : column + 2] * 0.7).astype(np.uint8)
    return image


def _stain(image: Image, rng: np.random.Generator) -> Image:
    height, width = image.shape[:2]
    mark = np.zeros((height, width), np.float32)
    cv2.circle(mark, (int(rng.integers(width)), int(rng.integers(height))), int(0.6 * height), 0.35, -1)
    return (image * (1 - cv2.GaussianBlur(mark, (0, 0), 4.0)[..., None])).astype(np.uint8)


def _sign(text: str, before: bool) -> Change:
    """Print beside the number, in a face that no network has seen."""

    def put(image: Image, rng: np.random.Generator) -> Image:
        face, size = cv2.FONT_HERSHEY_SIMPLEX, image.shape[0] / 60
        (across, down), _ = cv2.getTextSize(text, face, size, 2)
        image = _pad(image, (0, 0, across + 12, 0) if before else (0, 0, 0, across + 12))
        x = 6 if before else image.shape[1] - across - 6
        cv2.putText(image, text, (x, (image.shape[0] + down) // 2), face, size, DARK, 2, cv2.LINE_AA)
        return image

    return put


CHANGES: dict[str, Change] = {
    "as it is": lambda image, rng: image,
    "half as large": _scale(0.5),
    "three times as large": _scale(3.0),
    "turned by 2 degrees": _turn(2.0),
    "turned by 4 degrees": _turn(4.0),
    "faint": _light(0.35, 20),
    "noise": _noise,
    "blur": _blur,
    "JPEG 15": _compress,
    "fax": _fax,
    "shade": _shade,
    "negative": lambda image, rng: 255 - image,
    "white canvas": _around(255, 20, 20, 20, 20),
    "large white canvas": _around(250, 60, 80, 150, 200),
    "dark bed": _around(8, 25, 10, 15, 40),
    "askew on a canvas": _turn(2.5, 255),
    "bed on the left": _around(12, 0, 0, 25, 0),
    "frame": _drawn(LEFT, TOP, RIGHT, BOTTOM),
    "frame on three sides": _drawn(TOP, RIGHT, BOTTOM, thick=3),
    "walls": _drawn(LEFT, RIGHT),
    "rule through the feet": _drawn((0, 0.84, 1, 0.86)),
    "ticks": _drawn((0, 0.5, 0, 1), BOTTOM, (1, 0.5, 1, 1)),
    "ruled paper": _ruled(22, squared=False),
    "squared paper": _ruled(22, squared=True),
    "streak": _streak,
    "stain": _stain,
    "$ before": _sign("$", before=True),
    "USD after": _sign("USD", before=False),
    "word before": _sign("FEE", before=True),
}


if __name__ == "__main__":
    raise SystemExit(main())
