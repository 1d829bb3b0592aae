"""The drawn samples: files, their truth, and drawing them again."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from PIL import Image

import sample_scans
from sample_scans import __main__ as command
from sample_scans import draw
from sample_scans.truth import COLUMNS

FOLDER = Path(sample_scans.__file__).parent


@pytest.fixture(scope="module")
def truth() -> dict[str, list[dict[str, str]]]:
    """Rows of the shipped truth.csv by scan."""
    found: dict[str, list[dict[str, str]]] = defaultdict(list)
    with (FOLDER / "truth.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            assert tuple(row) == COLUMNS
            found[row["scan"]].append(row)
    return found


def page_sizes(path: Path) -> list[tuple[int, int]]:
    if path.suffix == ".pdf":
        with pypdfium2.PdfDocument(path) as document:
            return [(10_000, 10_000)] * len(document)
    with Image.open(path) as picture:
        sizes = []
        for i in range(getattr(picture, "n_frames", 1)):
            picture.seek(i)
            sizes.append(picture.size)
        return sizes


def test_every_shipped_scan_has_its_truth_and_every_truth_its_scan(
    truth: dict[str, list[dict[str, str]]],
) -> None:
    kinds = {".jpg", ".png", ".tif", ".pdf"}
    files = {p.relative_to(FOLDER).as_posix() for p in FOLDER.rglob("*") if p.suffix in kinds}
    assert files == set(truth)
    assert sum((FOLDER / name).stat().st_size for name in files) < 8_000_000


def test_fields_lie_on_their_pages(truth: dict[str, list[dict[str, str]]]) -> None:
    for name, rows in truth.items():
        sizes = page_sizes(FOLDER / name)
        assert {int(row["page"]) for row in rows} == set(range(1, len(sizes) + 1))
        for row in rows:
            x, y, width, height = (int(row[k]) for k in ("x", "y", "width", "height"))
            assert x >= 0 <= y
            assert x + width <= sizes[int(row["page"]) - 1][0]
            assert y + height <= sizes[int(row["page"]) - 1][1]
            assert row["value"].isdigit() or (name.startswith("forms/") and row["value"] == "")


def test_fields_are_named_for_the_layout_that_reads_them(truth: dict[str, list[dict[str, str]]]) -> None:
    for name, rows in truth.items():
        kind = name.split("/")[0]
        if kind.startswith("envelopes"):
            assert {row["field"] for row in rows} == {"postal_code"}
        if kind == "strips":
            assert [row["field"] for row in rows] == ["digits"]


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = tuple(p for p in draw._PLANS if p.name.endswith(("us_09.png", "pages.tif", ".pdf", "jp_02.png")))
    monkeypatch.setattr(draw, "_PLANS", chosen)
    monkeypatch.setattr(draw, "STRIPS", 4)
    one, other = tmp_path / "one", tmp_path / "other"
    rows = draw.draw_samples(one, 3)
    assert draw.draw_samples(other, 3) == rows
    names = [p.relative_to(one) for p in sorted(one.rglob("*")) if p.is_file()]
    assert len(names) == len(chosen) + 4 + 2 + 1
    for name in names:
        assert (one / name).read_bytes() == (other / name).read_bytes(), name


def test_another_seed_draws_something_else() -> None:
    pages = [draw.draw_envelope(np.random.default_rng((seed, 1, 0)), "us", 60)[1].value for seed in (1, 2)]
    assert pages[0] != pages[1]


def test_only_a_tiff_holds_more_pages_than_one(tmp_path: Path) -> None:
    page = np.full((20, 30), 255, np.uint8)
    draw.save(tmp_path / "two.tif", [page, page], 200)
    with Image.open(tmp_path / "two.tif") as picture:
        assert (picture.n_frames, picture.mode) == (2, "1")
    with pytest.raises(ValueError, match="only a TIFF"):
        draw.save(tmp_path / "two.jpg", [page, page], 200)


def test_a_folder_that_cannot_be_written_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setattr("sys.argv", ["sample_scans", "-o", str(blocked)])
    assert command.main() == 1
    error = capsys.readouterr().err
    assert "cannot write" in error
    assert error.count("\n") == 1
