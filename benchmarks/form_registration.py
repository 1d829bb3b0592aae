"""Study: a drawn form, shifted, turned, seen by a phone, and other pages; is it found, and where?

    python -m benchmarks.form_registration [--each 20] [--seed 1] [--worst FOLDER]

A page of the form is registered right (every field within a third of a box's height of where it is), not
registered, or, what may never be, read at the wrong place. A page of anything else must not be registered.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.document import Image
from pipeline.forms.form import Form
from pipeline.forms.lay import Sheet, fits, lay
from pipeline.forms.layout import load_form
from pipeline.forms.perspective import Matrix, apply
from sample_scans.envelopes import draw_envelope
from sample_scans.forms import draw_form
from sample_scans.page_scan import PageStyle

REFERENCE_DPI = 200
DPIS = (100, 150, 200, 300, 400)
FLAT = PageStyle(0.0, 250, 0, 0.0, 0.02, 1.0, 0.6, 0.6, "grey")
# How far a field may be from its place, in heights of a box: as far as its frame is looked for.
NEAR = 0.3
RIGHT, UNREAD, WRONG = "registered right", "not registered", "at the wrong place"


@dataclass(frozen=True, eq=False)
class Variation:
    """A page. place : (3, 3) from the form's sheet to the page, None where the form is not on it."""

    kind: str
    page: Image
    place: Matrix | None


def main() -> int:
    """Run the study and print what it found; 1 where anything would be read at the wrong place."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--each", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worst", type=Path)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    with tempfile.TemporaryDirectory() as scratch:
        form = make_layout(Path(scratch), rng)
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for number, variation in enumerate(vary(rng, arguments.each)):
        became, off = judge(form, variation)
        found[variation.kind][became] += 1
        expected = UNREAD if variation.place is None else RIGHT
        if became != expected:
            print(f"  {number} {variation.kind}: {became}, off by {off:.2f} heights", flush=True)
            if arguments.worst:
                cv2.imwrite(str(arguments.worst / f"{number}.png"), variation.page)
    for kind, counts in found.items():
        print(f"{kind:24s}" + ", ".join(f"{counts[key]} {key}" for key in (RIGHT, UNREAD, WRONG)))
    total = sum(found.values(), Counter[str]())
    print(
        f"{'all ' + str(total.total()):24s}"
        + ", ".join(f"{total[key]} {key}" for key in (RIGHT, UNREAD, WRONG))
    )
    return int(total[WRONG] > 0)


def make_layout(folder: Path, rng: np.random.Generator) -> Form:
    """A layout of the drawn form as a user would write it, from a blank one."""
    blank, fields = draw_form(rng, REFERENCE_DPI, FLAT, filled=False)
    cv2.imwrite(str(folder / "blank.png"), blank)
    text = '[register]\nreference = "blank.png"\n'
    for field in fields:
        box = field.box
        text += f'[[field]]\nname = "{field.field}"\nkind = "line"\n'
        text += f"at = [{box.x}, {box.y}, {box.width}, {box.height}]\n"
    (folder / "form.toml").write_text(text, encoding="utf-8")
    return load_form(folder / "form.toml")


def vary(rng: np.random.Generator, each: int) -> Iterator[Variation]:
    """`each` pages of every kind."""
    sheets = {dpi: draw_form(rng, dpi, FLAT)[0] for dpi in DPIS}
    turns: dict[str, Callable[[NDArray[np.float64]], Matrix]] = {
        "shifted": lambda size: _laid(size, shift=rng.uniform(-0.06, 0.06, 2)),
        "turned to 3 degrees": lambda size: _laid(size, degrees=float(rng.uniform(-3, 3))),
        "scaled 0.95 to 1.05": lambda size: _laid(size, scale=float(rng.uniform(0.95, 1.05))),
        "all of these": lambda size: _laid(
            size, float(rng.uniform(-3, 3)), float(rng.uniform(0.95, 1.05)), rng.uniform(-0.04, 0.04, 2)
        ),
        "upside down": lambda size: _laid(size, 180 + float(rng.uniform(-3, 3))),
        "phone photograph": lambda size: _seen_by_phone(rng, size),
    }
    for kind, turn in turns.items():
        for number in range(each):
            dpi = DPIS[number % len(DPIS)]
            size = np.array(sheets[dpi].shape[1::-1], np.float64)
            place = turn(size)
            page = _warped(rng, sheets[dpi], place, kind)
            yield Variation(kind, page, place @ np.diag([dpi / REFERENCE_DPI] * 2 + [1.0]))
    for number in range(each):
        sheet = sheets[(100, 150, 200)[number % 3]]
        size = np.array(sheet.shape[1::-1], np.float64)
        laid = _warped(rng, sheet, _laid(size, float(rng.uniform(-2, 2))), "")
        yield Variation("mirrored", np.ascontiguousarray(laid[:, ::-1]), None)
        half = np.ascontiguousarray(
            laid[:, : laid.shape[1] // 2] if number % 2 else laid[laid.shape[0] // 2 :]
        )
        yield Variation("cut in half", half, None)
        yield Variation("blank page", _paper(rng, sheet.shape), None)
        envelope = draw_envelope(rng, dpi=150)[0]
        yield Variation("envelope", np.asarray(envelope, np.uint8), None)
        yield Variation("other form", _other_form(rng, sheet.shape), None)


def judge(form: Form, variation: Variation) -> tuple[str, float]:
    """What the page was taken for, and how far its fields are off, heights of a box."""
    registration = lay(form, Sheet.of(variation.page))
    if registration is None or not fits(form, registration):
        return UNREAD, 0.0
    if variation.place is None:
        return WRONG, float("inf")
    off = 0.0
    for field in form.form_fields:
        left, top, right, bottom = field.cells[0]
        corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
        there = apply(variation.place, corners)
        height = float(np.hypot(*(there[3] - there[0])))
        off = max(off, float(np.abs(registration.to_page(corners) - there).max()) / height)
    return (RIGHT if off <= NEAR else WRONG), off


def _laid(
    size: NDArray[np.float64],
    degrees: float = 0.0,
    scale: float = 1.0,
    shift: NDArray[np.float64] | tuple[float, float] = (0.0, 0.0),
) -> Matrix:
    turn = np.asarray(cv2.getRotationMatrix2D((size[0] / 2, size[1] / 2), degrees, scale), np.float64)
    turn[:, 2] += np.asarray(shift) * size
    return np.vstack([turn, [0.0, 0.0, 1.0]])


def _seen_by_phone(rng: np.random.Generator, size: NDArray[np.float64]) -> Matrix:
    """The four corners of the sheet somewhere near those of the picture, as a hand holds a phone."""
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * size
    inward = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])
    there = corners + inward * rng.uniform(0.01, 0.09, (4, 2)) * size
    place = cv2.getPerspectiveTransform(corners.astype(np.float32), there.astype(np.float32))
    return np.asarray(place, np.float64)


def _warped(rng: np.random.Generator, sheet: Image, place: Matrix, kind: str) -> Image:
    bed = 90 if kind == "phone photograph" else int(rng.choice((250, 240, 20)))
    size = (sheet.shape[1], sheet.shape[0])
    page = cv2.warpPerspective(sheet, place, size, flags=cv2.INTER_AREA, borderValue=(bed, bed, bed))
    if kind == "phone photograph":
        light = np.linspace(rng.uniform(0.6, 1.0), rng.uniform(0.6, 1.0), size[0])[None, :]
        page = np.clip(page * light, 0, 255).astype(np.uint8)
    return np.asarray(page, np.uint8)


def _paper(rng: np.random.Generator, shape: tuple[int, ...]) -> Image:
    return rng.normal(240, 4, shape[:2]).clip(0, 255).astype(np.uint8)


def _other_form(rng: np.random.Generator, shape: tuple[int, ...]) -> Image:
    """A page with tables and combs of its own, at other places."""
    page = _paper(rng, shape)
    width = page.shape[1]
    unit = width / 100
    for _ in range(int(rng.integers(2, 5))):
        rows, columns = int(rng.integers(1, 8)), int(rng.integers(1, 11))
        x, y = rng.uniform(5, 40) * unit, rng.uniform(5, 100) * unit
        wide, tall = rng.uniform(3, 50 / columns + 3) * unit, rng.uniform(2.5, 6) * unit
        for row in range(rows + 1):
            at = round(y + row * tall)
            cv2.line(page, (round(x), at), (round(x + columns * wide), at), 60, max(1, width // 700))
        for column in range(columns + 1):
            at = round(x + column * wide)
            cv2.line(page, (at, round(y)), (at, round(y + rows * tall)), 60, max(1, width // 700))
    return page


if __name__ == "__main__":
    raise SystemExit(main())
