"""Two readers of one line: who outweighs whom, and what lengths do to it."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.parameters import Pair, ReaderParameters, Trust
from pipeline.strings.classify import Seen, see
from pipeline.strings.decode import Candidate, Weights
from pipeline.strings.lattice import JUNK_FEATURES
from pipeline.strings.values import alternatives, propose, read_boxes, read_line, score
from tests.pipeline.strings.test_ctc import frames_of
from tests.pipeline.strings.test_decode import lattice_of

BLANK = {10: 0.98}
WEIGHTS = Weights(junk=np.array([-3.0, *[0.0] * (len(JUNK_FEATURES) - 1)]))


def cut_as(*digits: tuple[int, float]) -> Seen:
    """A line of as many pieces, each seen as its digit with its probability, and no frames."""
    lattice = lattice_of(len(digits), [(k, k + 1) for k in range(len(digits))])
    proba = np.full((len(digits), 11), 1e-3, np.float32)
    for row, (digit, p) in zip(proba, digits, strict=True):
        row[digit] = p
        row[10] = 1.0 - p - 9e-3
    return Seen(lattice, proba)


def with_frames(seen: Seen, *rows: dict[int, float]) -> Seen:
    return Seen(seen.lattice, seen.proba, frames_of(*rows))


def parameters(cut: float = 1.0, whole: float = 1.0, others: float = -8.0) -> ReaderParameters:
    return ReaderParameters(WEIGHTS, Trust(Pair(cut, whole, others)))


def test_agreement_makes_surer_and_contradiction_less_sure():
    one = cut_as((4, 0.9), (9, 0.6))
    alone = read_line(one, parameters(), None, 0.0)[0][0]
    agreed = read_line(with_frames(one, {4: 0.95}, BLANK, {9: 0.9}), parameters(), None, 0.0)[0][0]
    other = read_line(with_frames(one, {4: 0.95}, BLANK, {9: 0.5, 4: 0.45}), parameters(), None, 0.0)[0][0]
    assert alone.value == agreed.value == other.value == "49"
    assert agreed.probability > alone.probability > 0.3
    assert agreed.probability > other.probability


def test_a_reader_that_weighs_nothing_changes_nothing():
    seen = with_frames(cut_as((4, 0.9), (9, 0.8)), {1: 0.99}, BLANK, {1: 0.99})
    assert read_line(seen, parameters(whole=0.0), None, 0.0)[0][0].value == "49"
    assert read_line(seen, parameters(cut=0.0), None, 0.0)[0][0].value == "11"


def test_what_one_reader_cannot_find_the_other_may():
    seen = with_frames(cut_as((4, 0.9)), {4: 0.9}, BLANK, {7: 0.99}, BLANK)
    found, digits = read_line(seen, parameters(cut=0.1), None, 0.0)
    assert found[0].value == "47"
    assert digits == pytest.approx((0.9, 0.99), abs=1e-4)


def test_probabilities_leave_room_for_what_nobody_proposed():
    seen = with_frames(cut_as((4, 0.4)), {4: 0.4, 9: 0.3})
    for others in (-8.0, 0.0):
        found = propose(score(seen, WEIGHTS), Pair(others=others), None, 0.0, 5)
        total = sum(candidate.probability for candidate in found)
        assert 0 < total <= 1
    assert total < 0.6


def test_known_lengths_are_kept_to():
    seen = with_frames(cut_as((4, 0.9), (9, 0.9)), {4: 0.9}, BLANK, {9: 0.9})
    found = propose(score(seen, WEIGHTS), Pair(), (1,), 0.0, 5)
    assert found
    assert all(len(candidate.value) == 1 for candidate in found)
    assert sum(candidate.probability for candidate in found) == pytest.approx(1.0)
    doubted = propose(score(seen, WEIGHTS), Pair(), (1,), 0.05, 5)
    assert sum(candidate.probability for candidate in doubted) < 0.05


def test_boxes_stand_side_by_side():
    first = with_frames(cut_as((4, 0.9)), {4: 0.9})
    second = with_frames(cut_as((9, 0.8)), {9: 0.8})
    found, digits = read_boxes([first, second], parameters())
    assert found[0].value == "49"
    assert found[0].cut < 0
    assert found[0].whole < 0
    assert len(digits) == 2


def test_boxes_are_weighed_by_what_is_known_of_boxes():
    seen = with_frames(cut_as((4, 0.9)), {9: 0.9})
    ours = ReaderParameters(WEIGHTS, Trust(Pair(1.0, 0.0)), Trust(Pair(0.0, 1.0)))
    assert read_line(seen, ours, None, 0.0)[0][0].value == "4"
    assert read_boxes([seen], ours)[0][0].value == "9"


def in_a_box(seen: Seen, **shares: float) -> Seen:
    """The same in a box that holds these digits, as the third reader says, or else nothing that counts."""
    contents = np.full(12, 1e-4, np.float32)
    for name, share in shares.items():
        contents[int(name[1:])] = share
    contents[11] = 1.0 - contents[:11].sum()
    return replace(seen, contents=contents)


def test_who_sees_the_print_around_a_box_has_a_say_too():
    seen = with_frames(cut_as((9, 0.9)), {9: 0.9})
    doubting, sure = in_a_box(seen, d4=0.5, d9=0.01), in_a_box(seen, d4=0.01, d9=0.9)
    known = ReaderParameters(WEIGHTS, boxes=Trust(Pair(0.5, 0.5, -8.0, 2.0)))
    alone, doubted, agreed = (read_boxes([box], known)[0] for box in (seen, doubting, sure))
    assert [found[0].value for found in (alone, doubted, agreed)] == ["9", "4", "9"]
    assert agreed[0].probability > alone[0].probability
    assert agreed[0].box == pytest.approx(np.log(0.9 / 0.9108), abs=1e-3)
    # Of what is no digit it says nothing here: that is for others.
    certain = in_a_box(seen, d4=0.05, d9=0.001)
    assert read_boxes([certain], known)[0][0].probability == pytest.approx(doubted[0].probability, abs=0.02)
    side_by_side = read_boxes([doubting, sure], known)[0][0]
    assert side_by_side.value == "49"
    assert side_by_side.box == pytest.approx(doubted[0].box + agreed[0].box)


def test_no_alternative_comes_before_the_reading():
    found, _ = read_line(with_frames(cut_as((4, 0.6)), {4: 0.5, 9: 0.4}), parameters(), None, 0.0)
    others = alternatives(found, 0.1)
    assert others
    assert max(share for _, share in others) <= 0.1
    assert sum(share for _, share in others) <= 0.9


def test_alternatives_share_what_the_reading_leaves_them():
    found = [Candidate("4", 0.6), Candidate("9", 0.5), Candidate("7", 0.25), Candidate("", 0.2)]
    others = dict(alternatives(found, 0.7))
    assert others == {"9": pytest.approx(0.2), "7": pytest.approx(0.1)}


def test_a_classifier_of_crops_alone_sees_no_frames():
    class Crops:
        def predict_proba(self, crops):
            return np.zeros((len(crops), 11), np.float32)

    class Lines(Crops):
        def predict_frames(self, pictures):
            return [np.zeros((p.shape[1] // 2, 11), np.float32) for p in pictures]

    lattices = [lattice_of(1, [(0, 1)]), lattice_of(2, [(0, 1), (1, 2)])]
    assert [seen.frames for seen in see(lattices, Crops())] == [None, None]
    assert [len(seen.proba) for seen in see(lattices, Lines())] == [1, 2]
    assert all(seen.frames is not None for seen in see(lattices, Lines()))
    assert see([], Crops()) == []
