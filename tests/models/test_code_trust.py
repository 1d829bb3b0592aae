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
    heard,
    join,
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
    wholes: list[list[int]] = [[] for _ in right]
    return Answers(evidence, right, piece, wholes, np.zeros(400, np.intp), np.ones(400), uncoded, 200)


def test_joined_answers_keep_which_is_part_of_which_and_which_pieces_have_no_code() -> None:
    known = answers()
    nothing = Answers(
        known.evidence[:0],
        known.right[:0],
        known.piece[:0],
        [],
        known.kind[:0],
        known.existence[:0],
        frozenset({1}),
        2,
    )
    wholes = [[1], *known.wholes[1:]]
    both = join([replace(known, wholes=wholes), nothing, replace(known, wholes=wholes)])
    assert both.pieces == 402
    assert both.piece.tolist() == [*known.piece.tolist(), *(known.piece + 202).tolist()]
    assert (both.wholes[0], both.wholes[400]) == ([1], [401])
    assert both.uncoded == known.uncoded | {201} | {number + 202 for number in known.uncoded}
    assert (both.evidence[400:] == known.evidence).all()


def test_confidence_is_the_share_that_is_right() -> None:
    known = answers()
    weights = fit_confidence(known, 1)
    confidence = confidences(known, weights)
    assert weights[0, EVIDENCE.index("place")] > 1.5
    assert confidence.mean() == pytest.approx(known.right.mean(), abs=0.03)
    sure = confidence > 0.8
    assert known.right[sure].mean() == pytest.approx(confidence[sure].mean(), abs=0.1)


def test_a_part_of_a_code_is_as_improbable_as_the_whole_is_probable() -> None:
    known = answers()
    apart = replace(known, wholes=[[1], *[[] for _ in known.right[1:]]])
    weights = np.zeros((1, len(EVIDENCE)))
    assert confidences(known, weights)[:2] == pytest.approx([0.5, 0.5])
    assert confidences(apart, weights)[:2] == pytest.approx([0.25, 0.5])


def test_evidence_for_a_code_never_speaks_against_it() -> None:
    known = answers()
    evidence = known.evidence.copy()
    path, dash = EVIDENCE.index("path"), EVIDENCE.index("no-dash")
    evidence[:, path] = evidence[:, dash] = np.where(known.right, -1.0, 1.0)
    evidence[:, dash] *= -1.0
    weights = fit_confidence(replace(known, evidence=evidence), 1)
    assert weights[0, path] == weights[0, dash] == 0.0


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


def test_a_good_place_does_not_make_up_for_a_doubtful_digit() -> None:
    """A code is right where it stands in its place and where it is read right, by chances of their own."""
    rng = np.random.default_rng(5)
    count = 4000
    place, path = EVIDENCE.index("place"), EVIDENCE.index("path")
    evidence = np.zeros((count, len(EVIDENCE)))
    evidence[:, 0] = 1.0
    evidence[:, [place, path]] = rng.normal(1.0, 3.0, (count, 2))
    chance = 1 / (1 + np.exp(-evidence[:, [place, path]]))
    right = rng.random(count) < chance.prod(axis=1)
    kinds = np.zeros(count, np.intp)
    known = Answers(
        evidence, right, np.arange(count), [[] for _ in right], kinds, np.ones(count), frozenset(), count
    )
    doubtful = replace(known, evidence=np.zeros_like(evidence))
    doubtful.evidence[:, [0, place]] = 1.0, 8.0
    one, two = (confidences(doubtful, fit_confidence(known, factors))[0] for factors in (1, 2))
    assert two == pytest.approx(0.5, abs=0.1)
    assert one > two + 0.2


def test_a_known_code_gains_and_one_in_no_list_loses() -> None:
    known = replace(answers(), existence=np.tile([2.0, 0.5], 200))
    assert heard(known, np.full(400, 0.5))[:2] == pytest.approx([2 / 3, 1 / 3])


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
    """Evidence promises as much for all codes among lines, and those without a list keep less of it."""
    rng = np.random.default_rng(3)
    count = 6000
    evidence = np.zeros((count, len(EVIDENCE)))
    evidence[:, 0] = 1.0
    evidence[:, EVIDENCE.index("path")] = rng.normal(3.0, 2.0, count)
    kind = np.arange(count) % 3
    less = np.where(kind == KINDS.index(Kind.UNLISTED), 1.5, 0.0)
    right = rng.random(count) < 1 / (1 + np.exp(-evidence[:, EVIDENCE.index("path")] + less))
    wholes: list[list[int]] = [[] for _ in right]
    known = Answers(evidence, right, np.arange(count), wholes, kind, np.ones(count), frozenset(), count)
    envelope = fit_trust(known, (0.0,) * len(FEATURES))
    assert envelope.caution[1] > envelope.caution[0] + 0.3
    for each in Kind:
        told = tell(known.of(each), envelope, each)
        assert told["taken"] > 100
        assert told["wrong"] <= 0.015 * told["taken"]
