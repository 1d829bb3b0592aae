"""Study: boxes with digits and boxes that were crossed out, drawn in many ways, and what they are taken for.

    python -m benchmarks.crossed_boxes [--combs 400] [--seed 1] [--mnist FILE]
    python -m benchmarks.crossed_boxes --fit --combs 1600 --seed 2   # both WEIGHTS of pipeline.forms.crossed

Every comb has four boxes of one hand, one of them crossed out; crossed 7s and slashed 0s are among the
digits. In every other round of crossings the digits are MNIST's, of many hands and as bold as they come,
else drawn. Frames are thin or thick; writing stands amid them or runs into them. Digits are to stay digits.
What is crossed out may be told (`void`, or more probably than not), or come to a person because it might
be; it must not be accepted as a digit.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models import Model, load_model
from models.drawn_forms import pictures_of
from models.material import Glyphs
from models.mnist import load_mnist
from pipeline.document import Box
from pipeline.forms.crossed import BY_SHAPE, Crossing, crossed, digit_features, shape_features
from pipeline.forms.lift import CELL_HEIGHT, lift
from pipeline.forms.read import as_read
from pipeline.forms.unframe import share_out, writing
from pipeline.paper.ink import Mask
from pipeline.strings.classify import see
from pipeline.strings.decode import Candidate
from pipeline.strings.lattice import Lattice, build_lattice
from pipeline.strings.segment import segment
from pipeline.strings.values import read_boxes
from sample_scans.combs import Digits, fill_comb, fill_comb_with, print_comb
from sample_scans.crossings import STRUCK, VOID, cross_out, slash
from sample_scans.page_scan import PageStyle, scan_page
from sample_scans.pen import Writer
from sample_scans.sheet import BLACK, Sheet

BOXES = 4
# What is no crossing; how many zeros have a stroke through them, besides those of hands that always do.
DIGITS, SLASHED = ("digit", "slashed 0"), 0.3
TAKEN_FOR = ("sure void", "void", "crossed out", "in doubt", "sure digit")
# In the drawn boxes one of four is crossed out; on forms about one of twenty.
PRIOR = float(np.log(0.05 / 0.95) - np.log(0.25 / 0.75))


@dataclass(frozen=True, eq=False)
class DrawnBox:
    """A box as the reader gets it. kind : one of DIGITS, or how it was crossed out; else as `crossed`."""

    kind: str
    mask: Mask
    lattice: Lattice
    height: float
    cell: tuple[float, float]


def main() -> int:
    """Run the study; 1 where over 1 % of crossings are sure digits or over 0.2 % of digits surely void."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--combs", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--mnist", type=Path, help="mnist.npz; without it Keras's cache or download")
    arguments = parser.parse_args()
    digits = load_mnist(arguments.mnist)
    learned, tested = (digits.x_train, digits.y_train), (digits.x_test, digits.y_test)
    given = pictures_of(Glyphs(*(learned if arguments.fit else tested)))
    boxes = [box for box in draw(arguments.combs, arguments.seed, given) if box.mask.any()]
    if arguments.fit:
        unsettled = [box for box in boxes if not crossed(box.mask, box.height, box.cell).void]
        for weights in fit(unsettled):
            print(", ".join(f"{weight:.3f}" for weight in weights))
        return 0
    return measure(boxes)


def draw(combs: int, seed: int, given: Digits) -> Iterator[DrawnBox]:
    """The boxes of so many combs, every fourth crossed out, each way as often."""
    rng = np.random.default_rng(seed)
    kinds = VOID + STRUCK
    for number in range(combs):
        contents = [str(rng.integers(10)) for _ in range(BOXES)]
        contents[int(rng.integers(BOXES))] = kinds[number % len(kinds)]
        yield from _comb(rng, contents, given if number // len(kinds) % 2 else None)


def _comb(rng: np.random.Generator, contents: list[str], given: Digits | None) -> Iterator[DrawnBox]:
    wide = float(rng.uniform(5.5, 8.5))
    tall = wide * float(rng.uniform(1.0, 1.6))
    dpi = int(rng.choice((110, 150, 200, 200, 300)))
    sheet = Sheet(len(contents) * wide + 30, tall + 30, dpi, (250, 250, 250))
    mm = sheet.mm
    drawn = Writer.draw(rng)
    hand = replace(drawn, slant=0.7 * drawn.slant)
    colour = ((120, 50, 30), BLACK, (60, 60, 60))[int(rng.integers(3))]
    walls = (70, 60, 60) if rng.random() < 0.6 else (130, 150, 100)
    cells = print_comb(
        sheet,
        (15 * mm, 15 * mm),
        (wide * mm, tall * mm),
        (len(contents),),
        walls,
        thickness=float(rng.uniform(0.2, 0.7)) * mm,
    )
    smaller, lower = float(rng.uniform(0.55, 1.1)), float(rng.choice((0.0, 0.0, rng.normal(0.0, 0.12))))
    kinds = []
    for content, whole in zip(contents, cells, strict=True):
        cell = replace(whole, y=whole.y + round(lower * whole.height))
        room = _scaled(cell, smaller)
        if content in VOID or content in STRUCK:
            cross_out(rng, sheet, content, cell, hand, colour, given)
            kinds.append(content)
            continue
        if given is None:
            ink = fill_comb(rng, sheet, content, [room], hand, colour)
        else:
            ink = fill_comb_with(rng, sheet, given(rng, content), [room], colour)
        slashed = content == "0" and rng.random() < SLASHED
        if slashed:
            slash(rng, sheet, ink, hand, colour)
        kinds.append(DIGITS[slashed])
    style = PageStyle.draw(rng, "fax" if rng.random() < 0.15 else "grey")
    page, matrix = scan_page(rng, sheet.image, replace(style, margin=0, skew=0.5 * style.skew))
    left = (15 + wide * np.arange(len(contents))) * mm
    top = np.full(len(contents), 15 * mm)
    places = np.stack([left, top, left + wide * mm, top + tall * mm], axis=1)
    patch = lift(page, np.vstack([matrix, [0.0, 0.0, 1.0]]), places, CELL_HEIGHT, None)
    strips = share_out(patch, writing(patch)[0])
    for kind, (dark, own), (x1, y1, x2, y2) in zip(kinds, strips, patch.cells, strict=True):
        lattice = build_lattice(segment(dark, own, slant=0.0))
        yield DrawnBox(kind, own, lattice, patch.unit, (float(x2 - x1), float(y2 - y1)))


def _scaled(cell: Box, by: float) -> Box:
    width, height = round(cell.width * by), round(cell.height * by)
    return Box(cell.x + (cell.width - width) // 2, cell.y + (cell.height - height) // 2, width, height)


def fit(boxes: list[DrawnBox]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """WEIGHTS and DIGIT_WEIGHTS: of the shape's features, and of what that says beside the digit read."""
    target = np.array([box.kind not in DIGITS for box in boxes], np.float64)
    rows = np.array([shape_features(box.mask, box.height, box.cell) for box in boxes])
    by_shape = _regression(rows, target)
    beside = zip((rows @ by_shape).tolist(), _read(boxes, load_model(None)), strict=True)
    both = np.array([digit_features(each, read[0] if read else None) for each, (read, _) in beside])
    return by_shape, _regression(both, target)


def _read(boxes: list[DrawnBox], network: Model) -> list[tuple[list[Candidate], tuple[float, ...]]]:
    """The candidates of every box and its digit's probability, as `read_boxes` gives them."""
    return [read_boxes([seen], network.parameters) for seen in see([box.lattice for box in boxes], network)]


def _regression(
    rows: NDArray[np.float64], target: NDArray[np.float64], shrink: float = 1.0, rounds: int = 40
) -> NDArray[np.float64]:
    """Ridge logistic regression by iterated least squares; the first feature is 1."""
    mean, spread = rows.mean(axis=0), rows.std(axis=0)
    mean[0], spread[0] = 0.0, 1.0
    scaled = (rows - mean) / spread
    penalty = shrink * np.diag([0.0, *np.ones(rows.shape[1] - 1)])
    weights = np.zeros(rows.shape[1])
    for _ in range(rounds):
        chance = 1.0 / (1.0 + np.exp(-scaled @ weights))
        curve = np.maximum(chance * (1.0 - chance), 1e-5)
        slope = scaled.T @ (target - chance) - penalty @ weights
        weights += np.linalg.solve((scaled.T * curve) @ scaled + penalty, slope)
    weights /= spread
    weights[0] += PRIOR - float(mean @ weights)
    return weights


def measure(boxes: list[DrawnBox]) -> int:
    """Print, by kind, what the boxes are taken for; see `main`."""
    network = load_model(None)
    trust = network.parameters.boxes
    rows: dict[str, list[tuple[str, bool]]] = defaultdict(list)
    for box, seen in zip(boxes, see([box.lattice for box in boxes], network), strict=True):
        by_network = trust.calibration.confidence(*read_boxes([seen], network.parameters))
        crossing = as_read(crossed(box.mask, box.height, box.cell), seen, network.parameters)
        taken = by_network * crossing.sure >= trust.threshold(0.01)
        rows[box.kind].append((_taken_for(crossing, taken), by_network >= trust.threshold(0.01)))
    print(f"{'':16s}   boxes  {'  '.join(TAKEN_FOR)}  (by the network alone)")
    for kind, found in rows.items():
        counts = Counter(taken for taken, _ in found)
        numbers = [*(counts[name] for name in TAKEN_FOR), sum(alone for _, alone in found)]
        shares = " ".join(f"{number / len(found):9.1%}" for number in numbers)
        print(f"{kind:16s} {len(found):7d} {shares}")
    crossings = [taken for kind in rows if kind not in DIGITS for taken, _ in rows[kind]]
    digits = [taken for kind in DIGITS for taken, _ in rows[kind]]
    wrong, lost = crossings.count("sure digit"), digits.count("sure void")
    print(f"crossed out and taken for a sure digit: {wrong} of {len(crossings)}")
    print(f"a digit and surely taken for a cross or dash: {lost} of {len(digits)}")
    return int(wrong > 0.01 * len(crossings) or lost > 0.002 * len(digits))


def _taken_for(crossing: Crossing, sure_digit: bool) -> str:
    if crossing.void:
        return "sure void" if crossing.sure_void > BY_SHAPE else "void"
    if crossing.told:
        return "crossed out"
    return "sure digit" if sure_digit else "in doubt"


if __name__ == "__main__":
    raise SystemExit(main())
