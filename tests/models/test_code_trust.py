"""How sure a postal code is, fitted on made-up evidence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models import code_trust
from models.code_trust import (
    KINDS,
    Answers,
    best_of_pieces,
    caution,
    confidences,
    fit_confidence,
    fit_trust,
    least_find,
    tell,
)
from pipeline.envelopes.parameters import EVIDENCE, Kind
from pipeline.envelopes.spot import FEATURES


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
    return Answers(evidence, right, piece, [[] for _ in right], np.zeros(400, np.intp), uncoded)


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
    assert caution(confidence, right, ((0.01, 0.9),)) == code_trust.MOST_CAUTION


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


def test_answers_of_a_kind_keep_their_wholes() -> None:
    known = answers()
    kinds = np.arange(400) % 3
    mixed = replace(
        known, kind=kinds, wholes=[[index + 3, index + 1] if index < 6 else [] for index in range(400)]
    )
    part = mixed.of(Kind.UNLISTED)
    assert (part.piece == known.piece[1::3]).all()
    assert part.wholes[:3] == [[1], [2], []]
    assert len(mixed.of(*Kind).right) == 400


def test_the_thresholds_hold_for_codes_of_every_kind() -> None:
    """Evidence promises as much for all kinds, and two of them keep less of it."""
    rng = np.random.default_rng(3)
    count = 6000
    evidence = np.zeros((count, len(EVIDENCE)))
    evidence[:, 0] = 1.0
    evidence[:, EVIDENCE.index("path")] = rng.normal(3.0, 2.0, count)
    kind = np.arange(count) % 3
    less = np.where(kind == KINDS.index(Kind.LISTED), 0.0, 1.2)
    right = rng.random(count) < 1 / (1 + np.exp(-evidence[:, EVIDENCE.index("path")] + less))
    known = Answers(evidence, right, np.arange(count), [[] for _ in right], kind, frozenset())
    envelope = fit_trust(known, (0.0,) * len(FEATURES))
    assert envelope.caution > 0.3
    for each in Kind:
        told = tell(known.of(each), envelope, each)
        assert told["taken"] > 100
        assert told["wrong"] <= 0.015 * told["taken"]
