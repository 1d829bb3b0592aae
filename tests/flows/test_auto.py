"""`--layout auto` with the shipped models: pages of several kinds, lying any way up."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from flows.errors import ModelUnavailableError
from flows.reader import open_reader
from models import page_classifier
from models.network import ModelError
from pipeline.document import Page, Reason
from pipeline.paper.turns import turn_back
from sample_scans.envelopes import draw_envelope
from sample_scans.page_scan import PageStyle
from sample_scans.strips import draw_strip

STRAIGHT = PageStyle(0.0, 250, 0, 0.0, 0.02, 1.0, 0.5, 0.5, "colour")


def turned(image, turn):
    return np.ascontiguousarray(np.rot90(image, -turn // 90))


def test_a_mixed_folder_is_read_page_by_page():
    envelope, truth = draw_envelope(np.random.default_rng(3), "us", 150, STRAIGHT)
    upside_down = turned(envelope, 180)
    strip = draw_strip(np.random.default_rng(5), "37452").image
    blank = np.full((600, 900, 3), 236, np.uint8)
    letter = np.full((1100, 850, 3), 250, np.uint8)
    for y in range(120, 1000, 26):
        cv2.putText(letter, "and so we send you our best regards from here", (60, y), 0, 0.9, (40, 40, 40), 2)
    images = [envelope, upside_down, strip, blank, letter]
    pages = [Page(str(number), 1, image) for number, image in enumerate(images)]
    upright, other, line, empty, words = open_reader("auto", "us", None).read(pages)
    assert [each.field for each in (upright, other, line)] == ["postal_code", "postal_code", "digits"]
    assert upright.value == other.value
    for reading, turn in ((upright, 0), (other, 180)):
        box = turn_back(truth.box, turn, envelope.shape)
        assert abs(reading.box.x - box.x) < box.width
        assert abs(reading.box.y - box.y) < box.height
    assert (empty.field, empty.empty, empty.reason) == ("page", True, None)
    assert not words.empty
    assert words.reason in {Reason.OTHER_PAGE, Reason.UNSURE_KIND, Reason.NO_LAYOUT}


def test_lines_of_digits_do_not_pay_for_the_page_model(monkeypatch):
    def load():
        raise ModelError("no page model there")

    monkeypatch.setattr(page_classifier, "load_page_model", load)
    assert open_reader("digits", "us", None).identity.field == "digits"
    for layout in ("envelope", "auto"):
        with pytest.raises(ModelUnavailableError, match="no page model"):
            open_reader(layout, "us", None)


def test_with_another_page_model_scans_are_read_again(monkeypatch):
    before = open_reader("envelope", "us", None).identity
    monkeypatch.setattr(page_classifier, "load_page_model", lambda: SimpleNamespace(sha256="0" * 16))
    after = open_reader("envelope", "us", None).identity
    assert before.layout_hash != after.layout_hash
    assert (before.layout, before.model, before.model_hash) == (after.layout, after.model, after.model_hash)
