"""Decoding against a brute-force sum over all ways, and known small lattices."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.strings.decode import JUNK, Weights, align, decode, score_runs, score_values
from pipeline.strings.lattice import DIGIT_FEATURES, JUNK_FEATURES, SHAPE_FEATURES, Lattice


def lattice_of(size: int, edges: list[tuple[int, int]]) -> Lattice:
    count = len(edges)
    junk_features = np.zeros((count, len(JUNK_FEATURES)), np.float32)
    junk_features[:, 0] = 1.0
    return Lattice(
        size,
        np.array(edges, np.int32).reshape(-1, 2),
        np.zeros((count, 28, 28), np.uint8),
        np.zeros((count, len(DIGIT_FEATURES)), np.float32),
        np.zeros((count, len(SHAPE_FEATURES)), np.float32),
        junk_features,
        np.zeros((count, 4), np.int32),
        np.zeros((32, 0), np.uint8),
    )


def all_edges(size: int) -> list[tuple[int, int]]:
    return [(a, b) for a in range(size) for b in range(a + 1, min(a + 3, size) + 1)]


def brute_force(lattice: Lattice, proba: np.ndarray, weights: Weights) -> dict[str, float]:
    """Sum of exp(score) of every way, by value."""
    scored = score_runs(lattice, proba, weights)
    digits, junk = scored.digits, scored.junk
    edges = lattice.edges.tolist()
    totals: dict[str, float] = {}

    def walk(position: int, value: str, score: float) -> None:
        if position == lattice.size:
            totals[value] = totals.get(value, 0.0) + math.exp(score)
            return
        for index, (start, stop) in enumerate(edges):
            if start != position:
                continue
            for digit in range(10):
                walk(stop, value + str(digit), score + digits[index, digit])
            if stop == start + 1:
                walk(stop, value, score + junk[index])

    walk(0, "", 0.0)
    return totals


def random_proba(rng: np.random.Generator, count: int) -> np.ndarray:
    proba = rng.dirichlet(np.full(11, 0.15), count) + 1e-4
    return (proba / proba.sum(axis=1, keepdims=True)).astype(np.float32)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([None, (1,), (2, 3), (3,)]))
def test_probabilities_are_shares_of_all_ways(seed, lengths):
    rng = np.random.default_rng(seed)
    lattice = lattice_of(3, all_edges(3))
    proba = random_proba(rng, len(lattice.edges))
    weights = Weights(evidence=0.9, evidence_per_piece=0.1)
    truth = brute_force(lattice, proba, weights)
    if lengths is not None:
        truth = {value: p for value, p in truth.items() if len(value) in lengths}
    total = sum(truth.values())
    found = decode(score_runs(lattice, proba, weights), lengths)
    best = max(truth, key=lambda value: truth[value])
    assert truth[found[0].value] == pytest.approx(truth[best], rel=0.05)
    for candidate in found:
        share = truth[candidate.value] / total
        assert candidate.probability <= share * (1 + 1e-6)  # the beam may miss ways, never invent any
    assert found[0].probability >= 0.8 * truth[found[0].value] / total
    assert sum(candidate.probability for candidate in found) <= 1 + 1e-9


def test_two_halves_or_one_whole():
    """Pieces 0 and 1 make an 8 together; apart they are scraps."""
    lattice = lattice_of(2, [(0, 1), (0, 2), (1, 2)])
    proba = np.full((3, 11), 0.001, np.float32)
    proba[0, JUNK] = proba[2, JUNK] = proba[1, 8] = 0.99
    weights = Weights(evidence=1.0, junk=np.array([-6.0, *[0.0] * (len(JUNK_FEATURES) - 1)]))
    found = decode(score_runs(lattice, proba, weights))
    assert found[0].value == "8"
    assert found[0].probability > 0.95
    assert align(score_runs(lattice, proba, weights), "8") == [1]


def test_a_known_length_constrains_the_way():
    """Two pieces that look like one 0 or two 1s: the length decides."""
    lattice = lattice_of(2, [(0, 1), (0, 2), (1, 2)])
    proba = np.full((3, 11), 0.001, np.float32)
    proba[0, 1] = proba[2, 1] = 0.6
    proba[1, 0] = 0.9
    assert decode(score_runs(lattice, proba, Weights()), (1,))[0].value == "0"
    assert decode(score_runs(lattice, proba, Weights()), (2,))[0].value == "11"
    assert decode(score_runs(lattice, proba, Weights()), (3,)) == []


def test_room_for_another_length_lowers_the_probability():
    lattice = lattice_of(1, [(0, 1)])
    proba = np.full((1, 11), 0.001, np.float32)
    proba[0, JUNK] = 0.99
    sure = decode(score_runs(lattice, proba, Weights()), (1,))[0].probability
    unsure = decode(score_runs(lattice, proba, Weights()), (1,), off_length=0.05)[0].probability
    assert unsure < 0.2 * sure


def test_nothing_to_read_is_the_empty_value_for_certain():
    nothing = score_runs(lattice_of(0, []), np.zeros((0, 11), np.float32), Weights())
    assert [(c.value, c.probability) for c in decode(nothing)] == [("", 1.0)]


def test_align_follows_the_value_over_skipped_pieces():
    """A dash between two digits is left out."""
    lattice = lattice_of(3, all_edges(3))
    proba = np.full((len(lattice.edges), 11), 0.001, np.float32)
    edges = lattice.edges.tolist()
    proba[edges.index([0, 1]), 4] = proba[edges.index([2, 3]), 2] = 0.99
    proba[edges.index([1, 2]), JUNK] = 0.99
    way = align(score_runs(lattice, proba, Weights()), "42")
    assert [edges[run] for run in way] == [[0, 1], [2, 3]]
    assert align(score_runs(lattice, proba, Weights()), "4242") == []


def test_brute_force_counts_every_way():
    """The yardstick itself: with all scores 0 a lattice of two pieces has 11 * 11 + 10 ways."""
    lattice = lattice_of(2, all_edges(2))
    ones = np.ones((3, 11), np.float32)
    assert sum(brute_force(lattice, ones, Weights()).values()) == pytest.approx(11 * 11 + 10)
    assert len(list(itertools.product(range(11), repeat=2))) == 121


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_any_value_is_scored_as_the_sum_over_its_ways(seed):
    rng = np.random.default_rng(seed)
    lattice = lattice_of(3, all_edges(3))
    proba = rng.dirichlet(np.full(11, 0.5), len(lattice.edges)).astype(np.float32)
    totals = brute_force(lattice, proba, Weights())
    values = [*sorted(totals, key=lambda value: -totals[value])[:8], "", "123"]
    expected = [totals[value] / sum(totals.values()) for value in values]
    scored = score_runs(lattice, proba, Weights())
    np.testing.assert_allclose(np.exp(score_values(scored, values)), expected, rtol=1e-6)
    assert score_values(scored, ["1234"])[0] == -np.inf
