"""Fitting what finding and trusting postal codes knows: on made-up evidence, and once on a few pieces."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models import fit_envelopes, load_model
from models.classifier import SHIPPED, ModelError
from models.fit_envelopes import (
    Answers,
    Choice,
    best_of_pieces,
    caution,
    confidences,
    fit_confidence,
    fit_places,
    least_find,
)
from pipeline.envelopes.parameters import EVIDENCE, EnvelopeParameters
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


def answers() -> Answers:
    """Two readings of each of 200 pieces; the place says which is right, every tenth piece has no code."""
    rng = np.random.default_rng(1)
    evidence = rng.normal(size=(400, len(EVIDENCE)))
    evidence[:, 0] = 1.0
    place = evidence[:, EVIDENCE.index("place")]
    piece = np.repeat(np.arange(200), 2)
    uncoded = frozenset(range(0, 200, 10))
    coded = ~np.isin(piece, list(uncoded))
    right = coded & (rng.random(400) < 1 / (1 + np.exp(-3.0 * place)))
    return Answers(evidence, right, piece, [[] for _ in right], uncoded)


def test_confidence_is_the_share_that_is_right() -> None:
    known = answers()
    weights = fit_confidence(known)
    confidence = confidences(known, weights)
    assert weights[EVIDENCE.index("place")] > 1.5
    assert confidence.mean() == pytest.approx(known.right.mean(), abs=0.03)
    sure = confidence > 0.8
    assert known.right[sure].mean() == pytest.approx(confidence[sure].mean(), abs=0.1)


def test_a_part_of_a_code_is_as_improbable_as_the_whole_is_probable() -> None:
    known = answers()
    apart = replace(known, wholes=[[1], *[[] for _ in known.right[1:]]])
    weights = [0.0] * len(EVIDENCE)
    assert confidences(known, weights)[:2] == pytest.approx([0.5, 0.5])
    assert confidences(apart, weights)[:2] == pytest.approx([0.25, 0.5])


def test_evidence_for_a_code_never_speaks_against_it() -> None:
    known = answers()
    evidence = known.evidence.copy()
    path, dash = EVIDENCE.index("path"), EVIDENCE.index("no-dash")
    evidence[:, path] = evidence[:, dash] = np.where(known.right, -1.0, 1.0)
    evidence[:, dash] *= -1.0
    weights = fit_confidence(replace(known, evidence=evidence))
    assert weights[path] == weights[dash] == 0.0


def test_other_codes_are_doubted_until_the_thresholds_hold_for_them() -> None:
    confidence = np.linspace(0.999, 0.8, 200)
    right = np.ones(200, np.bool_)
    assert caution(confidence, right, ((0.01, 0.9),)) == 0.0
    right[[20, 40]] = False  # two of the hundred that are taken
    less = caution(confidence, right, ((0.01, 0.9),))
    logit = np.log(confidence / (1 - confidence)) - less
    assert (~right[logit >= np.log(9.0)]).sum() == 1
    right[:40] = False
    assert caution(confidence, right, ((0.01, 0.9),)) == fit_envelopes.MOST_CAUTION


def test_of_every_piece_the_surest_reading_counts() -> None:
    known = answers()
    confidence = np.linspace(0.0, 1.0, 400)  # the second of every pair is the surer
    best, right, coded = best_of_pieces(known, confidence)
    assert best == pytest.approx(confidence[1::2])
    assert (right == known.right[1::2]).all()
    assert coded.sum() == 180


def test_few_pieces_without_a_code_have_a_find() -> None:
    confidence = np.concatenate([np.full(50, 0.9), np.linspace(0.0, 0.5, 100)])
    coded = np.arange(150) < 50
    least = least_find(confidence, coded, 100)
    assert (confidence[~coded] >= least).sum() <= 1
    assert 0.4 < least < 0.6
    assert least_find(confidence[:50], coded[:50], 100) == 0.0


def test_pieces_are_drawn_upright_and_some_without_a_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "CASES", {"coarse": 1, "upside-down": 50, "no-code": 1})
    drawn = list(fit_envelopes.draw_pieces(1, 12, ("us", "de")))
    cases = [piece.truth.case for piece, _ in drawn]
    assert [case in NO_CODE for case in cases] == [number % 6 == 5 for number in range(12)]
    assert set(cases) <= {"coarse", *NO_CODE}
    assert [country.code for _, country in drawn] == ["us", "de"] * 6


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
