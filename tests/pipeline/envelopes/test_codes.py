"""A US envelope read with what its barcode and the list of codes say about the writing."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline import Page, ReaderParameters, Reading, Reason, load_layout, read_pages
from pipeline.barcode import Barcode, postnet
from pipeline.cut import CutPage
from pipeline.document import Box
from pipeline.envelopes.codes import CodeRead, settle_code
from pipeline.envelopes.parameters import EnvelopeParameters, Kind
from pipeline.layouts import Layout
from pipeline.locate import Region
from pipeline.strings.decode import Candidate, Weights
from pipeline.strings.lattice import DIGIT_FEATURES, JUNK_FEATURES
from pipeline.thresholds import NEVER
from sample_scans.barcodes import draw_bars
from sample_scans.sheet import Sheet
from tests.pipeline.mail import envelope
from tests.pipeline.test_read import RingsAndSticks

WEIGHTS = Weights(
    1.0,
    0.3,
    np.zeros(len(DIGIT_FEATURES)),
    np.array([-2.0, *[0.0] * (len(JUNK_FEATURES) - 1)]),
)


def read(code: str, barcode: str = "") -> Reading:
    sheet = Sheet(165.1, 78.74, 200, (245, 245, 245))
    sheet.image[:] = envelope(code, sender="10010")
    if barcode:
        draw_bars(np.random.default_rng(0), sheet, postnet.encode(barcode), 1240, 590)
    pages = [Page("a.png", 1, sheet.image)]
    parameters = ReaderParameters(weights=WEIGHTS)
    (reading,) = read_pages(pages, load_layout("envelope"), RingsAndSticks(), parameters)
    return reading


def test_a_barcode_that_agrees_raises_the_confidence() -> None:
    alone, confirmed = read("01101"), read("01101", "01101")
    assert alone.value == confirmed.value == "01101"
    assert alone.confidence < confirmed.confidence
    assert confirmed.reason is None


def test_a_barcode_that_contradicts_sends_it_to_a_person_and_changes_nothing() -> None:
    reading = read("01101", "90210")
    assert (reading.value, reading.reason) == ("01101", Reason.BARCODE_MISMATCH)
    assert reading.confidence < read("01101").confidence
    assert "90210" in dict(reading.alternatives)


def test_a_code_that_does_not_exist_is_kept_and_told() -> None:
    reading = read("00110")
    assert (reading.value, reading.reason) == ("00110", Reason.UNKNOWN_ZIP)


def test_of_two_places_a_barcode_tells_the_destination_s() -> None:
    def place(value: str, confidence: float) -> CodeRead:
        region = Region(Box(0, 0, 90, 20), ())
        return CodeRead(region, [Candidate(value, 0.9)], (), Kind.LISTED, confidence)

    found = [place("02139", 0.6), place("90210", 0.2)]
    barcode = Barcode("postnet", "90210", Box(0, 0, 300, 20), False)
    for barcodes, value in (((), "02139"), ((barcode,), "90210")):
        page = CutPage("a.png", 1, (), barcodes)
        layout = load_layout("envelope")
        assert isinstance(layout, Layout)
        assert settle_code(page, layout, found).value == value


def test_a_rate_that_was_not_witnessed_must_be_promised_by_every_code():
    parameters = EnvelopeParameters(thresholds=((0.03, 0.86), (0.05, 0.7)))
    assert parameters.threshold(0.05) == 0.7
    assert parameters.threshold(0.04) == 0.86
    assert parameters.threshold(0.01) == pytest.approx(0.99)
    assert EnvelopeParameters(thresholds=((0.03, 0.995),)).threshold(0.01) == 0.995
    assert EnvelopeParameters().threshold(0.01) == NEVER
