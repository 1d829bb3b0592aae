"""Lines of text, on components drawn as blocks."""

import cv2
import numpy as np
import pytest

from pipeline.envelopes.address import (
    Labels,
    TextLine,
    are_bars,
    find_components,
    find_skew,
    find_text_lines,
    upright,
)
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


def text_lines(mask: np.ndarray) -> tuple[Labels, list[TextLine]]:
    components = find_components(mask)
    lines = find_text_lines(components)
    return components.labels, [upright(components.labels, line) for line in lines]


def test_every_line_is_found_with_all_its_letters():
    labels, lines = text_lines(page_of_words((400, 300, [6, 2, 5]), (400, 360, [4]), (50, 50, [3, 3])))
    assert sorted(len(line.numbers) for line in lines) == [4, 6, 13]
    assert labels.shape == (600, 1000)
    assert all(line.height == 30 for line in lines)


def test_white_is_measured_without_the_slant_of_the_line():
    mask = page_of_words((400, 300, [3, 2]))
    sheared = cv2.warpAffine(mask, np.array([[1.0, -0.5, 157.0], [0.0, 1.0, 0.0]]), (1000, 600))
    (upright,), (leaning,) = (text_lines(each)[1] for each in (mask, (sheared > 127).astype(np.uint8) * 255))
    assert upright.gaps[3] == pytest.approx(1.0, abs=0.05)  # 30 pixels between words of height 30
    assert leaning.gaps[3] == pytest.approx(1.0, abs=0.2)
    assert leaning.gaps[1] == pytest.approx(upright.gaps[1], abs=0.2)


def test_a_long_dash_does_not_end_the_line():
    mask = page_of_words((300, 300, [5]), (480, 300, [4]))  # further apart than words of a line
    assert len(text_lines(mask)[1]) == 2
    mask[313:316, 410:455] = 255
    _, lines = text_lines(mask)
    assert [len(line.numbers) for line in lines] == [9]
    mask[313:316, 410:455], mask[340:343, 410:455] = 0, 255  # a stroke below them joins nothing
    assert len(text_lines(mask)[1]) == 2


def test_a_dot_over_a_letter_does_not_end_the_line():
    mask = page_of_words((400, 300, [6]))
    mask[286:295, 424:430] = 255  # over the second letter
    _, lines = text_lines(mask)
    assert [len(line.numbers) for line in lines] in ([6, 1], [1, 6], [7])
    mask[310:318, 430:434] = 255  # beside it, within its height: what follows still belongs to the line
    _, lines = text_lines(mask)
    assert max(len(line.numbers) for line in lines) >= 6


def test_ends_of_a_line_are_as_wide_as_a_code_where_the_country_writes_it():
    _, (line,) = text_lines(page_of_words((400, 360, [7, 2, 5])))
    ends = list(line.ends(countries()["us"], 0.5))
    assert (9, 14) in ends  # the last word
    assert all(end == 14 for _, end in ends)
    assert (0, 7) in list(line.ends(countries()["de"], 0.5))
    assert not any(begin == 13 for begin, _ in ends)  # one letter is no code


def test_skew_of_lines():
    mask = page_of_words((200, 200, [6, 5, 4]), (200, 300, [8, 6]), (200, 400, [5, 5, 2]))
    turned = cv2.warpAffine(mask, cv2.getRotationMatrix2D((500, 300), -3.0, 1.0), (1000, 600))
    assert find_skew(find_components((turned > 127).astype(np.uint8) * 255)) == pytest.approx(3.0, abs=0.6)
    assert find_skew(find_components(np.zeros((100, 100), np.uint8))) == 0.0


def test_blank_pages_have_no_lines():
    _, lines = text_lines(np.zeros((100, 100), np.uint8))
    assert lines == []


def test_the_bars_of_a_barcode_are_told_from_writing():
    """POSTNET: bars of two heights, all thin."""
    mask = np.zeros((600, 1000), np.uint8)
    for k in range(40):
        top = 420 if k % 3 else 432
        cv2.rectangle(mask, (420 + 9 * k, top), (423 + 9 * k, 445), 255, -1)
    _, lines = text_lines(mask)
    assert all(are_bars(line.boxes) for line in lines)
    _, (word,) = text_lines(page_of_words((400, 300, [8])))
    assert not are_bars(word.boxes)
