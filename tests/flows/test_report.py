from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from flows.chunk import PageFailure
from flows.history import History, NightFigures
from flows.ledger_rows import Line
from flows.pages import histogram, percent
from flows.pictures import HEIGHT, WIDTH, crop, take_pictures
from flows.report import REASONS_IN_WORDS, render
from flows.results import Settled, Tally
from flows.settings import NightSettings
from flows.summary import RunFigures
from pipeline.document import Box, Reading, Reason, Status
from tests.flows.fakes import IDENTITY, draw_scan

SETTINGS = NightSettings((Path("in"),), Path("out"))
EVIL = '<script>alert(1)</script>"&.png'


def review(path: Path, name: str = "a.png", page: int = 1, box: Box | None = None) -> Settled:
    reading = Reading(name, page, "digits", "021", 0.41, (("027", 0.3),), box or Box(2, 2, 9, 9))
    return Settled(Line(path, "ab", IDENTITY, 0.9, reading), Status.REVIEW, "low-confidence")


def failed(name: str) -> Settled:
    failure = PageFailure(1, Reason.EMPTY_FILE, "the file has 0 bytes; scan it again")
    line = Line(Path(name), "cd", IDENTITY, 0.9, Reading(name, 1, "digits"), failure)
    return Settled(line, Status.FAILED, "empty-file")


def full_tally(uncertain: list[Settled]) -> Tally:
    return Tally(
        scans=5,
        pages=6,
        fields=6,
        statuses=Counter({Status.ACCEPTED: 3, Status.REVIEW: 1, Status.EMPTY: 1, Status.FAILED: 1}),
        reasons=Counter({"low-confidence": 1, "empty-file": 1}),
        confidences=Counter({(19, Status.ACCEPTED): 3, (8, Status.REVIEW): 1}),
        uncertain=uncertain,
        failures=[failed(EVIL)],
        failed_scans=1,
    )


class Balance(HTMLParser):
    """Fails on tags that are closed in the wrong order, and collects addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def rendered(tally: Tally, figures: RunFigures | None = None, threshold: float = 0.9) -> str:
    figures = figures or RunFigures(found=5, tried=5, failed=1, pages=6, seconds={"reading": 2.0})
    return render(SETTINGS, IDENTITY, threshold, figures, tally, take_pictures(tally.uncertain))


def test_page_is_whole_and_asks_for_nothing_outside(tmp_path: Path) -> None:
    field = review(draw_scan(tmp_path / "a.png", 1), EVIL)
    text = rendered(full_tally([field]))
    parser = Balance()
    parser.feed(text)
    assert parser.open == []
    assert parser.addresses
    assert all(address.startswith("data:image/jpeg;base64,") for address in parser.addresses)
    assert not re.search(r"https?://|@import|url\(|<script|<link", text)
    assert "&lt;script&gt;" in text


def test_page_tells_the_figures(tmp_path: Path) -> None:
    text = rendered(full_tally([review(draw_scan(tmp_path / "a.png", 1))]))
    for part in (
        "50.0 %",
        "low-confidence",
        "empty-file",
        "027 (0.300)",
        "0 bytes",
        "3.0",
        IDENTITY.model_label,
    ):
        assert part in text


def test_nights_stand_side_by_side_with_how_their_pages_came_out() -> None:
    measured = NightFigures(2, "2026-01-02T02:00", 100, 100, 80, 5, 1, 0.9, 40.0, 6, 0.6, 5.0, -1.25)
    unmeasured = NightFigures(1, "2026-01-01T02:00", 9, 9, 8, 0, 0, 0.9, 40.0)
    history = History((measured, unmeasured), ("skew: -1.2 degrees tonight",))
    page = render(SETTINGS, IDENTITY, 0.9, RunFigures(), Tally(), [], history=history)
    Balance().feed(page)
    assert "Unusual: skew: -1.2 degrees tonight" in page
    assert '<td class="n">0.60</td><td class="n">5.0 px</td><td class="n">-1.2°</td>' in page
    assert page.count('<td class="n">-</td>') == 3


def test_page_of_nothing_is_a_page_too() -> None:
    parser = Balance()
    parser.feed(rendered(Tally(), RunFigures()))
    assert parser.open == []


@pytest.mark.parametrize("outcome", ["interrupted", "failure-ceiling"])
def test_night_that_ended_early_says_so(outcome: str) -> None:
    assert "7 scans were not read" in rendered(Tally(), RunFigures(found=10, tried=3, outcome=outcome))


def test_threshold_that_nothing_reaches_is_not_drawn(tmp_path: Path) -> None:
    tally = full_tally([])
    assert 'class="threshold"' in rendered(tally)
    assert 'class="threshold"' not in rendered(tally, threshold=2.0)


def test_scans_that_are_gone_or_broken_have_no_picture(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no picture")
    here = draw_scan(tmp_path / "a.tif", 1, pages=2)
    fields = [review(tmp_path / "gone.png"), review(tmp_path / "text.png"), review(here, page=2)]
    fields += [review(here, page=3)]
    pictures = take_pictures(fields)
    assert [picture.data_uri is None for picture in pictures] == [True, True, False, True]
    assert [picture.settled for picture in pictures] == fields
    assert "can no longer be shown" in rendered(Tally(uncertain=fields))


@pytest.mark.parametrize(
    "box", [Box(0, 0, 2000, 1000), Box(1990, 990, 100, 100), Box(-5, -5, 20, 20), Box(5000, 5000, 9, 9), None]
)
def test_crop_fits_whatever_the_box(box: Box | None) -> None:
    part = crop(np.zeros((1000, 2000, 3), np.uint8), box)
    assert 0 < part.shape[0] <= HEIGHT
    assert 0 < part.shape[1] <= WIDTH


def test_crop_shows_the_field_and_some_surroundings() -> None:
    image = np.zeros((100, 200), np.uint8)
    image[40:60, 50:90] = 255
    part = crop(image, Box(50, 40, 40, 20))
    assert part.shape == (20 + 2 * 11, 40 + 2 * 11)
    assert (part == 255).sum() == 20 * 40


def test_histogram_stacks_to_its_height() -> None:
    bars = histogram(Counter({(0, Status.REVIEW): 2, (19, Status.ACCEPTED): 6, (19, Status.REVIEW): 2}))
    assert (bars[0].review, bars[0].accepted) == (37.5, 0)
    assert (bars[19].review, bars[19].accepted) == (37.5, 112.5)
    assert bars[19].label == "confidence 0.95 to 1.00: 6 accepted, 2 for review"


def test_percent_of_nothing_is_a_dash() -> None:
    assert (percent(1, 8), percent(0, 0)) == ("12.5 %", "-")


def test_every_reason_has_words() -> None:
    assert set(Reason) == REASONS_IN_WORDS.keys()
