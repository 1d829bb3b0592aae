"""Study: digits in combs and numbers in frames, drawn so that strokes run into the print; how they are read.

    python -m benchmarks.framed_numbers [--pages 10] [--seed 1] [--worst FOLDER]

The forms are those of `sample_scans.number_forms`. Printed are the shares read exactly and
accepted at 1 % error, and how many of those are wrong, by kind of field and place of the writing.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

import cv2
import numpy as np

from models import load_model
from pipeline import read_pages
from pipeline.document import Box, Image, Page
from pipeline.forms.form import FormSet
from pipeline.forms.layout import load_form
from sample_scans.number_forms import draw_number_form


def main() -> int:
    """Run the study and print what it found; 1 where more than 1 in 100 of the accepted are wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pages", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worst", type=Path)
    arguments = parser.parse_args()
    if arguments.worst:
        arguments.worst.mkdir(parents=True, exist_ok=True)
    network = load_model(None)
    trust = {"comb": network.parameters.boxes, "box": network.parameters.lines}
    least = {kind: each.threshold(0.01) for kind, each in trust.items()}
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for number in range(arguments.pages):
        rng = np.random.default_rng([arguments.seed, number])
        with tempfile.TemporaryDirectory() as scratch:
            page, fields = draw_number_form(rng, Path(scratch))
            forms = FormSet((load_form(Path(scratch) / "form.toml"),))
        readings = read_pages([Page(f"page {number}", 1, page)], forms, network, network.parameters)
        for field, reading in zip(fields, readings, strict=True):
            right = reading.value == field.value
            taken = reading.confidence >= least[field.kind] and reading.reason is None
            counts[field.kind, field.place].update(
                all=1, exact=right, accepted=taken, wrong=taken and not right
            )
            if not right and arguments.worst:
                name = f"{number}_{reading.field}_{field.value}_{reading.value or reading.reason}.png"
                _picture(page, reading.box or field.box, arguments.worst / name)
    print(f"{'':20s} fields   exact  accepted  wrong")
    for kind, found in sorted(counts.items()):
        print(_row(" ".join(kind), found))
    total = sum(counts.values(), Counter[str]())
    print(_row("all", total))
    return int(total["wrong"] > 0.01 * total["accepted"])


def _row(name: str, found: Counter[str]) -> str:
    total = found["all"]
    exact, accepted = found["exact"] / total, found["accepted"] / total
    return f"{name:20s} {total:6d} {exact:7.1%} {accepted:9.1%} {found['wrong']:6d}"


def _picture(page: Image, box: Box, path: Path) -> None:
    rows = slice(max(0, box.y - 20), box.y + box.height + 20)
    cv2.imwrite(str(path), page[rows, max(0, box.x - 20) : box.x + box.width + 20])


if __name__ == "__main__":
    raise SystemExit(main())
