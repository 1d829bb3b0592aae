"""Barcodes drawn on pages and read back, whatever the resolution, the angle and the scanner."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from pipeline.barcode import read_barcodes
from pipeline.barcode.find import find_bar_rows
from pipeline.document import Image
from sample_scans.barcodes import bars_of, draw_bars
from sample_scans.page_scan import PageStyle, scan_page
from sample_scans.sheet import Sheet

CODE = "021394307"


def page(kind: str, *, dpi: int = 200, skew: float = 0.6, mode: str = "grey", code: str = CODE) -> Image:
    """A small envelope with nothing on it but a barcode, scanned."""
    rng = np.random.default_rng((dpi, len(code), round(100 + 10 * skew)))
    sheet = Sheet(165.1, 60.0, dpi, (240, 244, 248))
    draw_bars(rng, sheet, bars_of(rng, code, kind), sheet.width - 12 * sheet.mm, sheet.height - 9 * sheet.mm)
    style = replace(PageStyle.draw(rng, mode), skew=skew, margin=20, bed=245, shadow=0.0)
    return scan_page(rng, sheet.image, style)[0]


def routings(image: Image) -> list[str]:
    return [barcode.routing for barcode in read_barcodes(image)]


@pytest.mark.parametrize("dpi", [150, 200, 300, 400])
@pytest.mark.parametrize(("kind", "mode"), [("imb", "colour"), ("imb", "fax"), ("postnet", "fax")])
def test_any_resolution(dpi: int, kind: str, mode: str) -> None:
    (found,) = read_barcodes(page(kind, dpi=dpi, mode=mode))
    assert (found.kind, found.routing, found.turned) == (kind, CODE, False)


@pytest.mark.parametrize("skew", [-9, -4, 4, 9])
@pytest.mark.parametrize("kind", ["imb", "postnet"])
def test_askew(kind: str, skew: float) -> None:
    assert routings(page(kind, skew=skew)) == [CODE]


@pytest.mark.parametrize("kind", ["imb", "postnet"])
def test_upside_down_it_is_read_and_said_to_be(kind: str) -> None:
    (found,) = read_barcodes(np.asarray(cv2.rotate(page(kind), cv2.ROTATE_180), np.uint8))
    assert (found.routing, found.turned) == (CODE, True)


@pytest.mark.parametrize("code", ["02139", "021394307", "02139430799"])
def test_codes_of_every_length(code: str) -> None:
    assert routings(page("imb", code=code)) == [code]
    assert routings(page("postnet", code=code)) == [code]


def test_only_kinds_that_are_wanted() -> None:
    assert read_barcodes(page("postnet"), ("imb",)) == ()


def test_the_box_is_around_the_bars() -> None:
    image = page("imb", skew=0.0)
    (found,) = read_barcodes(image)
    ys, xs = np.nonzero(image < 120)
    box = found.box
    assert abs(box.x - xs.min()) <= 6
    assert abs(box.x + box.width - xs.max()) <= 6
    assert abs(box.y - ys.min()) <= 6
    assert abs(box.y + box.height - ys.max()) <= 6


def test_a_bar_that_is_covered_leaves_nothing() -> None:
    """A wrong state or a missing bar makes no other code of it."""
    image = page("imb", skew=0.0)
    (found,) = read_barcodes(image)
    for share in (0.1, 0.5, 0.8):
        x = round(found.box.x + share * found.box.width)
        damaged = image.copy()
        damaged[:, x : x + 25] = 235
        assert read_barcodes(damaged) == ()


@pytest.mark.parametrize("size", [(0, 0), (1, 900), (900, 1), (3, 3), (40, 200)])
def test_pages_of_any_size(size: tuple[int, int]) -> None:
    assert read_barcodes(np.full(size, 255, np.uint8)) == ()


def test_a_comb_is_a_row_but_no_barcode() -> None:
    comb = np.full((300, 900), 240, np.uint8)
    for x in range(100, 800, 9):
        comb[100:125, x : x + 4] = 30
    (row,) = find_bar_rows(comb)
    assert row.pitch == pytest.approx(9, abs=0.2)
    assert row.left[1] == pytest.approx(112, abs=4)
    assert read_barcodes(comb) == ()


def test_noise_and_rules_are_no_rows() -> None:
    noise = np.random.default_rng(3).integers(0, 256, (400, 900), np.uint8)
    assert read_barcodes(noise) == ()
    ruled = np.full((400, 900), 240, np.uint8)
    ruled[::12] = 40
    assert find_bar_rows(ruled) == []
