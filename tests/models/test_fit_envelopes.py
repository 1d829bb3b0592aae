"""Fitting what finding and trusting postal codes knows: places on made-up ones, and once on a few pieces."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from models import drawn_mail, fit_envelopes, load_model
from models.classifier import SHIPPED, ModelError
from models.drawn_mail import Choice
from models.fit_envelopes import fit_places
from pipeline.envelopes.parameters import EnvelopeParameters
from pipeline.envelopes.spot import FEATURES
from sample_scans import mail
from sample_scans.mail import NO_CODE

DIGITS = FEATURES.index("digits")


def test_places_learn_what_tells_the_code() -> None:
    rng = np.random.default_rng(0)
    choices = []
    for number in range(150):
        features = rng.normal(size=(6, len(FEATURES)))
        features[:, 0] = 1.0
        right = -1 if number % 5 == 0 else int(rng.integers(6))
        features[:, DIGITS] = -2.0
        if right >= 0:
            features[right, DIGITS] = 2.0
        choices.append(Choice(features, right))
    weights, loss = fit_places(choices)
    assert weights[DIGITS] > 1.0
    assert weights[DIGITS] > 3 * max(
        abs(w) for name, w in zip(FEATURES, weights, strict=True) if name in {"low", "white"}
    )
    assert loss < 0.3


def test_pieces_are_drawn_upright_and_some_without_a_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "CASES", {"coarse": 1, "upside-down": 50, "no-code": 1})
    monkeypatch.setattr(drawn_mail, "UNCODED", 0.4)
    mail_of_two = drawn_mail.Mail(1, 12, ("us", "de"))
    drawn = list(mail_of_two.draw())
    cases = [piece.truth.case for piece, _ in drawn]
    assert 2 <= sum(case in NO_CODE for case in cases) <= 8
    assert set(cases) <= {"coarse", *NO_CODE}
    assert [country.code for _, country in drawn] == ["us", "de"] * 6
    monkeypatch.setattr(drawn_mail, "SHARD", 5)
    parts = [part.draw() for part in mail_of_two.shards()]
    again = [piece for part in parts for piece, _ in part]
    assert [each.truth for each in again] == [piece.truth for piece, _ in drawn]
    assert all((one.page == other.page).all() for one, (other, _) in zip(again, drawn, strict=True))


def test_a_fitted_model_reads_with_what_was_fitted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "CASES", {"coarse": 1})
    monkeypatch.setattr(fit_envelopes, "WRITTEN", ("us",))
    monkeypatch.setattr(fit_envelopes, "BOXED", ("fr",))
    folder = tmp_path / "model"
    shutil.copytree(SHIPPED, folder)
    before = load_model(folder)
    fit_envelopes.main([str(folder), "--pieces", "8", "--seed", "4"])
    after = load_model(folder)
    document = json.loads((folder / "envelope.json").read_text("utf-8"))
    assert document["made"]["command"].endswith("--pieces 8 --seed 4")
    assert after.parameters.envelope == EnvelopeParameters.load(folder / "envelope.json")
    assert after.sha256 != before.sha256
    (folder / "envelope.json").write_text("{}")
    with pytest.raises(ModelError, match="fit_envelopes"):
        load_model(folder)
