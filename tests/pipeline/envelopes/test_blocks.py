"""Blocks of lines on a mail piece, and which of them stands below and to the right of a code."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.envelopes.blocks import Block, find_blocks, passed_over
from pipeline.envelopes.spot import FEATURES
from pipeline.envelopes.written import blocks_of, look_for_codes, search_lines
from pipeline.layouts import countries
from pipeline.paper import ink
from tests.pipeline.envelopes.test_ranking import SHAPE, line
from tests.pipeline.envelopes.test_written import SPOTTER, US
from tests.pipeline.mail import envelope

SENDER = [line(50, 40, 10), line(50, 90, 9), line(50, 140, 12)]
RECEIVER = [line(450, 330, 12), line(460, 390, 15), line(440, 450, 14)]


def test_lines_one_below_the_other_are_a_block() -> None:
    alone = line(60, 520, 4)
    dots = line(700, 120, 2)  # no words
    blocks = find_blocks([*RECEIVER, dots, *SENDER, alone])
    assert sorted(block.lines for block in blocks) == [1, 3, 3]
    assert Block((440.0, 330.0, 724.0, 480.0), 3) in blocks
    assert find_blocks([]) == find_blocks([dots]) == []


def test_a_line_of_other_height_is_of_another_block() -> None:
    small = line(50, 190, 12)
    boxes = small.boxes // [1, 1, 1, 1]
    boxes[:, 3] = boxes[:, 1] + 12
    blocks = find_blocks([*SENDER, type(small)(small.numbers, boxes, small.spans)])
    assert sorted(block.lines for block in blocks) == [1, 3]


def test_an_address_that_begins_under_the_end_of_another_is_not_of_its_block() -> None:
    under = [line(230, 190, 12), line(230, 240, 12)]
    assert sorted(block.lines for block in find_blocks([*SENDER, *under])) == [2, 3]


def test_the_sender_s_code_is_passed_over_and_the_receiver_s_is_not() -> None:
    blocks = find_blocks([*SENDER, *RECEIVER])
    assert passed_over(200, 155, blocks, SHAPE) == pytest.approx(
        10 * (405 - 155) / 600 + 5 * (582 - 200) / 1000
    )
    assert passed_over(600, 465, blocks, SHAPE) == 0.0
    assert passed_over(200, 155, find_blocks(SENDER), SHAPE) == 0.0
    assert passed_over(200, 155, find_blocks([*SENDER, RECEIVER[2]]), SHAPE) == 0.0  # one line is no address


def test_stretches_know_it_except_where_the_code_stands_above_the_address() -> None:
    grey = ink.to_grey(envelope())
    search = search_lines(grey)
    found = look_for_codes(grey, search, US, SPOTTER, sure=2.0)
    passed = np.array([each.features[FEATURES.index("passed")] for each in found.stretches])
    rows = np.array([found.lines[each.line].line.boxes[:, 1].mean() for each in found.stretches])
    assert (passed[rows < 200] > 3.0).all()
    assert (passed[rows > 440] == 0.0).all()
    assert (rows < 200).any()
    assert (rows > 440).any()
    assert len(blocks_of(search, US)) == 2
    assert blocks_of(search, countries()["jp"]) == []
