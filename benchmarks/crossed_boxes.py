"""Study: boxes with digits and boxes that were crossed out, drawn in many ways, and what they are taken for.

    python -m benchmarks.crossed_boxes [--combs 400] [--seed 1] [--mnist FILE]

The boxes are those of `models.drawn_boxes`, of combs and digits (MNIST's test part) that no network learned
from. Digits are to stay digits. What is crossed out may be told (`void`, or more probably than not), or come
to a person because it might be; it must not be accepted as a digit.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from pathlib import Path

from models import load_model
from models.drawn_boxes import DIGITS, EMPTY, DrawnBox, draw_boxes
from models.drawn_forms import pictures_of
from models.material import Glyphs
from models.mnist import load_mnist
from pipeline.forms.crossed import Crossing, crossing_of
from pipeline.strings.classify import see
from pipeline.strings.values import read_boxes

TAKEN_FOR = ("sure void", "void", "crossed out", "in doubt", "sure digit")


def main() -> int:
    """Run the study; 1 where over 1 % of crossings are sure digits or over 0.2 % of digits surely void."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--combs", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mnist", type=Path, help="mnist.npz; without it Keras's cache or download")
    arguments = parser.parse_args()
    digits = load_mnist(arguments.mnist)
    given = pictures_of(Glyphs(digits.x_test, digits.y_test))
    return measure(list(draw_boxes(arguments.combs, arguments.seed, given)))


def measure(boxes: list[DrawnBox]) -> int:
    """Print, by kind, what the boxes are taken for; see `main`."""
    network = load_model(None)
    trust = network.parameters.boxes
    least = trust.threshold(0.01)
    rows: dict[str, list[tuple[str, bool]]] = defaultdict(list)
    for box, seen in zip(boxes, see([box.lattice for box in boxes], network), strict=True):
        by_digits = trust.calibration.confidence(*read_boxes([seen], network.parameters))
        rows[box.kind].append((_taken_for(crossing_of(seen.contents), by_digits, least), by_digits >= least))
    print(f"{'':16s}   boxes  {'  '.join(TAKEN_FOR)}  (by the networks of digits alone)")
    for kind, found in rows.items():
        counts = Counter(taken for taken, _ in found)
        numbers = [*(counts[name] for name in TAKEN_FOR), sum(alone for _, alone in found)]
        shares = " ".join(f"{number / len(found):9.1%}" for number in numbers)
        print(f"{kind:16s} {len(found):7d} {shares}")
    kinds = {kind: [taken for taken, _ in found] for kind, found in rows.items()}
    crossings = [taken for kind, found in kinds.items() if kind not in DIGITS for taken in found]
    held = [taken for kind, found in kinds.items() if kind not in EMPTY for taken in found]
    wrong, lost = crossings.count("sure digit"), held.count("sure void")
    print(f"crossed out and taken for a sure digit: {wrong} of {len(crossings)}")
    print(f"a digit, or a struck one, and surely taken for an empty box: {lost} of {len(held)}")
    return int(wrong > 0.01 * len(crossings) or lost > 0.002 * len(held))


def _taken_for(crossing: Crossing, by_digits: float, least: float) -> str:
    """What a comb would make of the box if the rest of it were certain."""
    if crossing.is_void:
        return "sure void" if crossing.void >= least else "void"
    if crossing.is_struck:
        return "crossed out"
    return "sure digit" if by_digits * crossing.digit >= least else "in doubt"


if __name__ == "__main__":
    raise SystemExit(main())
