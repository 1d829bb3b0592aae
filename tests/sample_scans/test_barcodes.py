"""Drawn barcodes: what they state, and how large the post prints them."""

import numpy as np
import pytest

from pipeline.barcode import imb, postnet
from pipeline.barcode.imb import IntelligentMail
from sample_scans.barcodes import bars_of, draw_bars, print_barcode
from sample_scans.envelopes import lay_out_envelope
from sample_scans.sheet import Sheet


def test_bars_state_the_routing_code() -> None:
    rng = np.random.default_rng(0)
    mail = imb.decode(bars_of(rng, "021394307", "imb"))
    assert isinstance(mail, IntelligentMail)
    assert mail.routing == "021394307"
    assert postnet.decode(bars_of(rng, "02139", "postnet")) == "02139"


@pytest.mark.parametrize(("bars", "tallest"), [("FADT" * 16 + "F", 0.157), ("AT" * 16, 0.133)])
def test_bars_are_as_tall_and_as_dense_as_the_post_wants(bars: str, tallest: float) -> None:
    sheet = Sheet(241.3, 104.8, 300, (250, 250, 250))
    draw_bars(np.random.default_rng(1), sheet, bars, 2500.0, 1100.0)
    dark = sheet.image[:, :, 0] < 140
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    assert 0.11 < np.ptp(rows) / 300 <= tallest
    assert 20 <= (len(bars) - 1) / (np.ptp(columns) / 300) <= 24
    starts = np.flatnonzero(np.diff(dark.any(axis=0).astype(int)) == 1)
    assert len(starts) == len(bars)
    assert columns[-1] == pytest.approx(2500, abs=2)
    assert rows[-1] == pytest.approx(1100, abs=2)


def test_pieces_say_what_their_barcodes_state() -> None:
    truths = [lay_out_envelope(np.random.default_rng(seed), "us", 60)[1] for seed in range(40)]
    stated = [truth for truth in truths if truth.barcode]
    assert 5 < len(stated) < 25
    assert sum(truth.barcode.startswith(truth.value) for truth in stated) >= len(stated) - 2
    assert lay_out_envelope(np.random.default_rng(0), "de", 60)[1].barcode == ""


def test_some_barcodes_state_another_code() -> None:
    sheet = Sheet(241.3, 104.8, 40, (250, 250, 250))
    stated = [print_barcode(np.random.default_rng(seed), sheet, "02139") for seed in range(400)]
    assert {len(code) for code in stated} == {5}
    assert 1 <= sum(code != "02139" for code in stated) <= 12
