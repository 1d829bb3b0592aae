"""Scans to measure speed on: drawn envelopes, form pages and strips, or a folder of the user's own."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np

from flows.errors import UsageError
from pipeline.document import Image
from pipeline.files.discover import InputError, discover
from pipeline.forms.propose import propose
from pipeline.forms.write_layout import write_layout
from sample_scans.amounts import draw_amount
from sample_scans.draw import save
from sample_scans.envelopes import draw_envelope
from sample_scans.forms import draw_form
from sample_scans.page_scan import PageStyle
from sample_scans.strips import draw_strip

ENVELOPE_DPI, FORM_DPI = 300, 200
FORM_FIELD = "member_number"  # the one field that is read from a form page
_LEVEL = PageStyle(0.0, 250, 0, 0.0, 0.0, 0.0, 0.0, 0.4, "grey")


@dataclass(frozen=True)
class ScanSet:
    """Scans that are read by one layout.

    folder : of the scans, by whose path below it `truth` names each. layout, postal : as for `nightsort run`.
    truth : what the first field of the first page holds, where that is known.
    """

    name: str
    folder: Path
    files: tuple[Path, ...]
    layout: str = "envelope"
    postal: str = "us"
    truth: dict[str, str] = field(default_factory=dict)

    def key(self, file: Path) -> str:
        """A scan's name in results and truth."""
        return file.relative_to(self.folder).as_posix()


def draw_envelopes(folder: Path, count: int, seed: int) -> ScanSet:
    """US envelopes, 300 dpi JPEG in colour."""

    def draw(rng: np.random.Generator) -> tuple[Image, str]:
        page, truth = draw_envelope(rng, "us", ENVELOPE_DPI, PageStyle.draw(rng))
        return page, truth.value

    drawn = _draw(folder, count, (seed, 1), draw, ".jpg", ENVELOPE_DPI)
    return replace(drawn, name=f"{count} envelopes, {ENVELOPE_DPI} dpi JPEG")


def draw_forms(folder: Path, count: int, seed: int) -> ScanSet:
    """Form pages, 200 dpi TIFF in fax compression, of which one field is read."""

    def draw(rng: np.random.Generator) -> tuple[Image, str]:
        page, fields = draw_form(rng, FORM_DPI, PageStyle.draw(rng, "fax"))
        return page, next(each.value for each in fields if each.field == FORM_FIELD)

    drawn = _draw(folder, count, (seed, 2), draw, ".tif", FORM_DPI)
    layout = _write_form_layout(folder.with_suffix(".toml"))
    return replace(drawn, name=f"{count} form pages, {FORM_DPI} dpi fax TIFF", layout=str(layout))


def draw_strips(folder: Path, count: int, seed: int) -> ScanSet:
    """Strips of digits, JPEG."""

    def draw(rng: np.random.Generator) -> tuple[Image, str]:
        strip = draw_strip(rng, draw_amount(rng))
        return strip.image, strip.value

    drawn = _draw(folder, count, (seed, 3), draw, ".jpg", 200)
    return replace(drawn, name=f"{count} drawn strips", layout="digits")


def draw_sets(folder: Path, count: int, seed: int) -> list[ScanSet]:
    """The standard sets, so many scans each; the same seed draws the same."""
    return [
        draw_envelopes(folder / "envelopes", count, seed),
        draw_forms(folder / "forms", count, seed),
        draw_strips(folder / "strips", count, seed),
    ]


def given_scans(place: Path, layout: str, postal: str) -> ScanSet:
    """Scans of the user's own, a folder or one file; their truth from a truth.csv in or beside the folder.

    Raises UsageError where there are none.
    """
    try:
        found = discover([place])
    except InputError as error:
        raise UsageError(str(error)) from error
    if not found:
        raise UsageError(f"{place} holds no scans")
    folder = place if place.is_dir() else place.parent
    files = tuple(scan.path for scan in found)
    name = f"{len(files)} of {folder.resolve().name}"
    return ScanSet(name, folder, files, layout, postal, _read_truth(folder))


def _draw(
    folder: Path,
    count: int,
    seed: tuple[int, int],
    draw: Callable[[np.random.Generator], tuple[Image, str]],
    suffix: str,
    dpi: int,
) -> ScanSet:
    files, truth = [], {}
    for number in range(count):
        picture, value = draw(np.random.default_rng((*seed, number)))
        path = folder / f"{number:05d}{suffix}"
        save(path, [picture], dpi)
        files.append(path)
        truth[path.name] = value
    return ScanSet("", folder, tuple(files), truth=truth)


def _write_form_layout(path: Path) -> Path:
    """A layout of the one field, proposed from a blank form, which lies beside it."""
    blank, fields = draw_form(np.random.default_rng(0), FORM_DPI, _LEVEL, filled=False)
    box = next(each.box for each in fields if each.field == FORM_FIELD)
    middle = (box.x + box.width / 2, box.y + box.height / 2)
    own = [
        each
        for each in propose(blank)
        if each.place[0] <= middle[0] <= each.place[0] + each.place[2]
        and each.place[1] <= middle[1] <= each.place[1] + each.place[3]
    ]
    reference = path.with_suffix(".png")
    cv2.imwrite(str(reference), blank)
    text = write_layout(own[:1], path.stem, blank, reference.name)
    path.write_text(text.replace('"field01"', f'"{FORM_FIELD}"'), encoding="utf-8")
    return path


def _read_truth(folder: Path) -> dict[str, str]:
    """The first field of every scan, digits only, of whatever truth (scan, field, value) is found."""
    name = folder.resolve().name
    for place, before in (
        (folder / "truth.csv", ""),
        (folder.parent / f"{name}_truth.csv", ""),
        (folder.parent / "truth.csv", f"{name}/"),
    ):
        if place.is_file():
            truth: dict[str, str] = {}
            with place.open(encoding="utf-8-sig", newline="") as file:
                for row in csv.DictReader(file):
                    digits = "".join(c for c in row.get("value") or "" if c in "0123456789")
                    truth.setdefault((row.get("scan") or "").removeprefix(before), digits)
            return truth
    return {}
