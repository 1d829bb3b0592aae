"""Pictures of decisions: what was found is drawn where it is."""

from dataclasses import replace
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from pipeline import Box, Page, Reading, load_layout, overlay
from pipeline.barcode import postnet
from pipeline.forms.cut import CutField, CutForm
from pipeline.overlay import BLUE, GREEN, LEAST, MAGENTA, ORANGE, PURPLE, _draw_readings, draw_page
from pipeline.parameters import ReaderParameters
from sample_scans.barcodes import draw_bars
from sample_scans.sheet import Sheet
from tests.pipeline.envelopes.test_written import COUNTRY, WEIGHTS
from tests.pipeline.forms import pages
from tests.pipeline.forms.fakes import DIGIT, Told
from tests.pipeline.mail import envelope
from tests.pipeline.test_read import PARAMETERS, RingsAndSticks, strip

MAIL = replace(load_layout("envelope"), country=COUNTRY)


def has(picture: np.ndarray, colour: tuple[int, int, int], place: tuple[slice, slice] = np.s_[:, :]) -> bool:
    """Whether a colour, or what anti-aliasing left of it, is in a part of a picture."""
    return bool((np.abs(picture[place].astype(int) - colour).max(axis=2) < 12).any())


def test_a_mail_piece_shows_its_outline_lines_candidates_and_code():
    scan = np.full((800, 1500, 3), (20, 20, 20), np.uint8)
    scan[90:710, 100:1400] = envelope()
    picture = draw_page(Page("a.png", 1, scan), MAIL, RingsAndSticks(), ReaderParameters(weights=WEIGHTS))
    scale = 1400 / 1500
    assert picture.shape[1] == 1400
    assert picture.shape[0] > 800 * scale + 72  # the line as cut stands below the page
    left, top, right, bottom = (round(v * scale) for v in (860, 548, 1045, 610))
    around = np.s_[top - 20 : bottom + 20, left - 20 : right + 20]
    assert has(picture, GREEN, around)
    assert not has(picture, GREEN, np.s_[: top - 40, : left - 40])
    assert has(picture, MAGENTA)
    assert has(picture, BLUE)
    assert has(picture, ORANGE)


def test_a_barcode_is_shown_where_it_stands():
    sheet = Sheet(165.1, 78.74, 200, (245, 245, 245))
    sheet.image[:] = envelope("01101", sender="10010")
    plain = sheet.image.copy()
    draw_bars(np.random.default_rng(0), sheet, postnet.encode("01101"), 1240, 590)
    for page, drawn in ((plain, False), (sheet.image, True)):
        picture = draw_page(Page("a.png", 1, page), MAIL, RingsAndSticks(), ReaderParameters(weights=WEIGHTS))
        assert has(picture, PURPLE) == drawn


def test_a_box_that_was_crossed_out_says_so(tmp_path, monkeypatch):
    cv2.imwrite(str(tmp_path / "blank.png"), pages.blank())
    (tmp_path / "member.toml").write_text(pages.LAYOUT, encoding="utf-8")
    page = pages.blank()
    pages.fill(page, "X7777X", pages.cells(pages.COMB, 6))
    labels = []
    monkeypatch.setattr("pipeline.overlay_strips.put_label", lambda canvas, text, *_: labels.append(text))
    network = Told((0.0, 1.0, 0.0), *[DIGIT] * 4, (0.1, 0.2, 0.7))
    draw_page(Page("a.png", 1, page), load_layout(str(tmp_path / "member.toml")), network, ReaderParameters())
    assert labels[labels.index("void") + 1] == "100"
    assert labels[labels.index("struck") + 1] == "70"
    assert labels.count("7") == 4
    assert sum(label.startswith("7777 ") for label in labels) == 1


@pytest.mark.parametrize("page", [strip("0110"), np.full((40, 60), 255, np.uint8)])
def test_small_strips_and_blank_ones_are_drawn_large_enough_to_read(page):
    picture = draw_page(Page("a.png", 1, page), load_layout("digits"), RingsAndSticks(), PARAMETERS)
    assert picture.shape[1] >= LEAST
    assert picture.dtype == np.uint8


def test_a_page_without_anything_to_find_is_drawn_too():
    blank = np.full((300, 500), 250, np.uint8)
    picture = draw_page(Page("a.png", 1, blank), MAIL, RingsAndSticks(), ReaderParameters(weights=WEIGHTS))
    assert not has(picture, GREEN)


def test_no_text_stands_on_the_box_of_another_field():
    canvas = np.full((300, 600, 3), 255, np.uint8)
    rows = [
        Reading("a.png", 1, f"row{n}", value="123", confidence=0.5, box=Box(200, 100 + 40 * n, 100, 40))
        for n in range(3)
    ]
    _draw_readings(canvas, 1.0, rows, named=True)
    assert not has(canvas, GREEN, np.s_[103:137, 203:297])
    assert has(canvas, GREEN, np.s_[80:98, 203:297])  # the first one above
    assert has(canvas, GREEN, np.s_[145:175, 305:420])  # the second one beside


def test_a_form_shows_its_own_boxes_whatever_else_the_page_was_taken_for(monkeypatch):
    """What is seen of a searched form's other ways up comes between its boxes and the next form's."""

    def form(*counts: int, others: tuple[int, ...] = ()) -> CutForm:
        fields = tuple(CutField(SimpleNamespace(), lattices=(None,) * count) for count in counts)
        ways = tuple((CutField(SimpleNamespace(), lattices=(None,) * count),) for count in others)
        return CutForm("", 1, None, fields, others=ways)

    shown = []
    monkeypatch.setattr(overlay, "draw_strips", lambda seen, *_: shown.append(seen) or [])
    tries = [SimpleNamespace(layout=None)] * 2
    cut = SimpleNamespace(plan=SimpleNamespace(tries=tries), cuts=[form(2, 1, others=(3, 3)), form(2)])
    seen = iter(range(11))
    overlay._strips(cut, seen, ReaderParameters())
    assert shown == [[0, 1], [2], [9, 10]]
    assert not list(seen)
