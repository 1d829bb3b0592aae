"""Lines of a mail piece in the order in which a code is looked for."""

import numpy as np

from pipeline.envelopes.address import TextLine
from pipeline.envelopes.ranking import plausibility

SHAPE = (600, 1000)


def line(left: int, top: int, letters: int) -> TextLine:
    """So many letters of 12 x 30, 18 apart."""
    x = left + 18 * np.arange(letters)
    boxes = np.stack([x, np.full(letters, top), x + 12, np.full(letters, top + 30)], axis=1).astype(np.int32)
    return TextLine(np.arange(letters, dtype=np.int32), boxes, boxes[:, [0, 2]].astype(np.float64))


def test_the_last_line_of_the_destination_comes_first():
    sender = [line(50, 40, 10), line(50, 90, 9), line(50, 140, 12)]
    destination = [line(450, 330, 12), line(450, 390, 15), line(450, 450, 14)]
    scores = plausibility([*sender, *destination], SHAPE)
    assert scores.argmax() == 5
    assert scores[2] < scores[5] - 3.0
    stray = line(60, 520, 4)  # lower, but it ends no block
    scores = plausibility([*sender, *destination, stray], SHAPE)
    assert np.sort(scores)[-2] <= scores[5]


def test_without_lines_there_is_nothing_to_rank():
    assert plausibility([], SHAPE).shape == (0,)
