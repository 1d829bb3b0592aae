"""Lines of text and the stretches that may be a code, on components drawn as blocks."""

import cv2
import numpy as np

from pipeline.address import find_candidates, find_text_lines
from pipeline.layouts import countries


def page_of_words(*lines: tuple[int, int, list[int]]) -> np.ndarray:
    """Ink of lines (x, y, lengths of words): letters of 12 x 30, 6 apart, words 30 apart."""
    mask = np.zeros((600, 1000), np.uint8)
    for x, y, words in lines:
        at = x
        for length in words:
            for _ in range(length):
                cv2.rectangle(mask, (at, y), (at + 11, y + 29), 255, -1)
                at += 18
            at += 24
    return mask


def test_every_line_is_found_with_all_its_letters():
    labels, lines = find_text_lines(page_of_words((400, 300, [6, 2, 5]), (400, 360, [4]), (50, 50, [3, 3])))
    assert sorted(len(line.numbers) for line in lines) == [4, 6, 13]
    assert labels.shape == (600, 1000)
    assert all(line.height == 30 for line in lines)


def test_the_last_word_of_the_last_line_is_the_best_candidate_for_a_zip():
    mask = page_of_words((400, 300, [6, 4]), (400, 360, [7, 2, 5]), (50, 50, [4, 5]))
    _, lines = find_text_lines(mask)
    best = find_candidates(lines, countries()["us"], mask.shape)[0]
    assert len(best.line.numbers) == 5
    assert best.line.boxes[0].tolist()[1] == 360
    assert best.line.boxes[-1, 2] == best.line.boxes[:, 2].max() == 694


def test_a_german_code_is_looked_for_before_the_town():
    mask = page_of_words((400, 300, [6, 2]), (400, 360, [5, 9]))
    _, lines = find_text_lines(mask)
    best = find_candidates(lines, countries()["de"], mask.shape)[0]
    assert best.line.boxes[:, 0].min() == 400
    assert len(best.line.numbers) == 5


def test_blank_pages_have_no_lines():
    _, lines = find_text_lines(np.zeros((100, 100), np.uint8))
    assert lines == []
    assert find_candidates(lines, countries()["us"], (100, 100)) == []


def test_the_bars_of_a_barcode_are_no_ones():
    """POSTNET below the address: bars of two heights, all thin."""
    mask = page_of_words((400, 300, [6, 2, 5]))
    for k in range(40):
        top = 420 if k % 3 else 432
        cv2.rectangle(mask, (420 + 9 * k, top), (423 + 9 * k, 445), 255, -1)
    _, lines = find_text_lines(mask)
    assert all(
        each.line.boxes[:, 1].min() < 400 for each in find_candidates(lines, countries()["us"], mask.shape)
    )
