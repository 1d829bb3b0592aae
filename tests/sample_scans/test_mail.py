"""Hard mail pieces: each case has its name, its truth, and what makes it hard."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipeline.document import Box
from sample_scans import mail
from sample_scans.mail import CASES, NO_CODE, draw_mail
from sample_scans.photo import photograph, seen_box


@pytest.mark.parametrize("case", [case for case in CASES if case != "fine"])
def test_every_case_says_where_its_code_is(case: str) -> None:
    piece = draw_mail(np.random.default_rng(4), "us", case)
    truth, page = piece.truth, piece.page
    assert truth.case == case
    assert page.dtype == np.uint8
    if case in NO_CODE:
        assert (truth.value, truth.box) == ("", Box(0, 0, 0, 0))
        return
    assert len(truth.value) in (5, 9)
    box = truth.box
    assert box.x >= 0 <= box.y
    assert box.x + box.width <= page.shape[1]
    assert box.y + box.height <= page.shape[0]
    grey = page if page.ndim == 2 else cv2.cvtColor(page, cv2.COLOR_BGR2GRAY)
    cut = grey[box.y : box.y + box.height, box.x : box.x + box.width]
    assert cut.min() < np.median(cut) - 12  # ink is there
    assert (box.height > box.width) == (case == "sideways")


@pytest.mark.parametrize("country", ["fr", "de", "hu", "jp"])
def test_other_countries_have_pieces_without_code_too(country: str) -> None:
    piece = draw_mail(np.random.default_rng(1), country, "no-code")
    assert (piece.truth.value, piece.truth.country) == ("", country)


def test_cases_come_by_their_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "CASES", {"coarse": 3, "fax": 1})
    drawn = [draw_mail(np.random.default_rng(k)).truth.case for k in range(24)]
    assert 12 <= drawn.count("coarse") <= 23
    assert drawn.count("coarse") + drawn.count("fax") == 24


def test_the_same_seed_draws_the_same_piece() -> None:
    one, other = (draw_mail(np.random.default_rng(11), "us", "photo") for _ in range(2))
    np.testing.assert_array_equal(one.page, other.page)
    assert one.truth == other.truth


def test_a_photo_takes_its_points_along() -> None:
    sheet = np.full((200, 400, 3), 250, np.uint8)
    sheet[90:110, 180:220] = 0
    page, matrix = photograph(np.random.default_rng(2), sheet)
    box = seen_box(Box(180, 90, 40, 20), matrix)
    grey = cv2.cvtColor(page, cv2.COLOR_BGR2GRAY)
    inside = grey[box.y + 5 : box.y + box.height - 5, box.x + 8 : box.x + box.width - 8]
    assert inside.mean() < 60
    assert grey[box.y - 12 : box.y - 4, box.x : box.x + box.width].mean() > 140


def test_a_box_turns_with_its_page() -> None:
    page = np.zeros((20, 30), np.uint8)
    page[4:7, 5:15] = 9
    for quarters in range(1, 5):
        turned, box = mail._turned(page, Box(5, 4, 10, 3), quarters)
        assert (turned[box.y : box.y + box.height, box.x : box.x + box.width] == 9).all()
        assert turned.sum() == 9 * 30
