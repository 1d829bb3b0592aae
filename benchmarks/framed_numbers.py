"""Study: digits in combs and numbers in frames, drawn so that strokes run into the print; how they are read.

    python -m benchmarks.framed_numbers [--pages 10] [--seed 1] [--worst FOLDER]

Every page is a form of its own: frames of one size, weight and colour of print, one hand and pen. The writing
lies in the middle of its frame, on a line of it, or over one. Printed are the shares read exactly and
accepted at 1 % error, and how many of those are wrong, by kind of field and place of the writing.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from models import load_model
from pipeline import read_pages
from pipeline.document import Box, Image, Page
from pipeline.forms.layout import FormSet, load_form
from sample_scans.combs import fill_comb, print_comb
from sample_scans.page_scan import PageStyle, scan_page
from sample_scans.pen import Writer
from sample_scans.sheet import BLACK, Colour, Sheet

WIDTH, HEIGHT = 200.0, 250.0  # millimetres
ROWS = 13
PLACES = ("inside", "on a line", "over a line")
PENS: tuple[Colour, ...] = ((120, 50, 30), BLACK, (60, 60, 60))
# How far the writing is moved towards a line, in heights of the frame, by PLACES, from and to.
MOVED = {"inside": (0.0, 0.04), "on a line": (0.14, 0.22), "over a line": (0.25, 0.4)}


@dataclass(frozen=True)
class Drawn:
    """A field: kind (comb or box), place of the writing, what was written, the frame on the sheet."""

    kind: str
    place: str
    value: str
    box: Box


def main() -> int:
    """Run the study and print what it found; 1 where more than 1 in 100 of the accepted are wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pages", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worst", type=Path)
    arguments = parser.parse_args()
    network = load_model(None)
    least = network.parameters.threshold(0.01)
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for number in range(arguments.pages):
        rng = np.random.default_rng([arguments.seed, number])
        with tempfile.TemporaryDirectory() as scratch:
            page, fields = draw(rng, Path(scratch))
            forms = FormSet((load_form(Path(scratch) / "form.toml"),))
        readings = read_pages([Page(f"page {number}", 1, page)], forms, network, network.parameters)
        for field, reading in zip(fields, readings, strict=True):
            right = reading.value == field.value
            taken = reading.confidence >= least and reading.reason is None
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


def draw(rng: np.random.Generator, folder: Path) -> tuple[Image, list[Drawn]]:
    """A filled form as scanned, its fields in order; in `folder` its layout, form.toml, with a blank form."""
    sheet = Sheet(WIDTH, HEIGHT, int(rng.choice((120, 150, 200, 200, 300))), (250, 250, 250))
    mm = sheet.mm
    wide, tall = float(rng.uniform(5.5, 8.0)), float(rng.uniform(7.5, 11.0))
    walls = ((20, 20, 20), (70, 60, 60), (130, 150, 100))[int(rng.integers(3))]
    thickness = float(rng.uniform(0.2, 0.7)) * mm
    sheet.box(8 * mm, 8 * mm, ((WIDTH - 16) * mm, (HEIGHT - 16) * mm), walls, thickness)
    plans = []
    for row in range(ROWS):
        y = (16 + row * 17.5) * mm
        count = int(rng.integers(2, 9))
        value = "".join(map(str, rng.integers(0, 10, count)))
        cells = print_comb(sheet, (16 * mm, y), (wide * mm, tall * mm), (count,), walls, thickness=thickness)
        plans.append((Drawn("comb", PLACES[row % 3], value, _around(cells)), cells))
        count = int(rng.integers(2, 8))
        value = "".join(map(str, rng.integers(0, 10, count)))
        width = (count * float(rng.uniform(4.5, 7.0)) + 6) * mm
        frame = sheet.box(100 * mm, y, (width, tall * mm), walls, thickness)
        plans.append((Drawn("box", PLACES[row % 3], value, frame), [frame]))
    _write_layout(sheet.image, [field for field, _ in plans], folder)
    hand = Writer.draw(rng)
    hand = replace(hand, gap=max(0.05, hand.gap), climb=0.3 * hand.climb)
    pen = PENS[int(rng.integers(len(PENS)))]
    for field, cells in plans:
        _write(rng, sheet, field, cells, hand, pen)
    style = PageStyle.draw(rng, "fax" if rng.random() < 0.25 else "grey")
    page, _ = scan_page(rng, sheet.image, style)
    return page, [field for field, _ in plans]


def _around(cells: list[Box]) -> Box:
    first, last = cells[0], cells[-1]
    return Box(first.x, first.y, last.x + last.width - first.x, first.height)


def _write_layout(blank: Image, fields: list[Drawn], folder: Path) -> None:
    cv2.imwrite(str(folder / "blank.png"), blank)
    text = '[register]\nreference = "blank.png"\n'
    for number, field in enumerate(fields, start=1):
        box = field.box
        text += f'[[field]]\nname = "field{number:02d}"\nkind = "{field.kind}"\n'
        text += f"at = [{box.x}, {box.y}, {box.width}, {box.height}]\nlength = {len(field.value)}\n"
        text += f"boxes = {len(field.value)}\n" if field.kind == "comb" else ""
    (folder / "form.toml").write_text(text, encoding="utf-8")


def _write(
    rng: np.random.Generator, sheet: Sheet, field: Drawn, cells: list[Box], hand: Writer, pen: Colour
) -> None:
    low, high = MOVED[field.place]
    by = float(rng.uniform(low, high)) * field.box.height * (1 if rng.random() < 0.75 else -1)
    if field.kind == "comb":
        moved = [Box(cell.x, round(cell.y + 0.6 * by), cell.width, cell.height) for cell in cells]
        fill_comb(rng, sheet, field.value, moved, hand, pen)
        return
    size = float(rng.uniform(0.5, 0.65)) * field.box.height
    at = (field.box.x + 0.4 * size, field.box.y + (field.box.height + size) / 2 + by)
    sheet.write(rng, field.value, hand, size, at, pen, room=field.box.width - 0.8 * size)


def _picture(page: Image, box: Box, path: Path) -> None:
    rows = slice(max(0, box.y - 20), box.y + box.height + 20)
    cv2.imwrite(str(path), page[rows, max(0, box.x - 20) : box.x + box.width + 20])


if __name__ == "__main__":
    raise SystemExit(main())
