"""Labels of runs, from strips whose ink has a known owner."""

import numpy as np
import pytest

from models.crops import UNSURE, label_aligned, label_strip
from models.line_data import is_legible, is_whole
from models.material import Glyphs, collect_crops, draw_strips, gather_crops, label_strips
from pipeline.document import Box
from pipeline.strings.decode import JUNK
from sample_scans.strips import Strip


def strip_of_sticks(text: str) -> tuple[np.ndarray, np.ndarray]:
    """Upright strokes 5 wide, 40 high and 40 apart, one for every character, each its own owner."""
    image = np.full((70, 40 * len(text) + 40), 230, np.uint8)
    owner = np.full(image.shape, -1, np.int16)
    for k in range(len(text)):
        x = 38 + 40 * k
        image[15:55, x : x + 5] = 40
        owner[15:55, x : x + 5] = k
    return image, owner


def test_single_digits_are_digits_and_pairs_are_not():
    labelled = label_strip(*strip_of_sticks("17"), "17")
    found = {
        tuple(edge): int(label) for edge, label in zip(labelled.lattice.edges, labelled.labels, strict=True)
    }
    assert found[0, 1] == 1
    assert found[1, 2] == 7
    assert found.get((0, 2), JUNK) == JUNK
    assert labelled.value == "17"


def test_marks_and_letters_are_no_digits():
    labelled = label_strip(*strip_of_sticks("A-3"), "A-3")
    single = [
        int(x) for e, x in zip(labelled.lattice.edges, labelled.labels, strict=True) if e[1] - e[0] == 1
    ]
    assert single == [JUNK, JUNK, 3]
    assert labelled.value == "3"


def test_most_digits_of_drawn_strips_stand_in_some_run():
    """What cutting loses can never be read: most digits must have a run of their own."""
    found = total = 0
    for labelled in label_strips(draw_strips(3, 60, None)):
        edges, labels = labelled.lattice.edges, labelled.labels
        total += len(labelled.value)
        found += len({(int(a), int(x)) for (a, _), x in zip(edges, labels, strict=True) if 0 <= x < JUNK})
    assert found >= 0.8 * total


def test_same_seed_same_strips():
    first, second = (list(draw_strips(11, 4, None)) for _ in range(2))
    assert all(
        np.array_equal(a.image, b.image) and a.text == b.text for a, b in zip(first, second, strict=True)
    )


def test_what_is_beside_numbers_is_as_frequent_as_asked():
    def texts(trouble: float) -> list[str]:
        return [strip.text for strip in draw_strips(8, 150, None, trouble)]

    few, many = (sum(any(c in text for c in "$€£¥") for text in texts(trouble)) for trouble in (0.0, 4.0))
    assert few <= 5
    assert many >= 40


def test_a_strip_is_legible_unless_digits_lie_upon_each_other():
    def strip(second: int) -> Strip:
        image, owner = np.full((60, 120), 255, np.uint8), np.full((60, 120), -1, np.int16)
        boxes = []
        for place, left in enumerate((30, second)):
            image[10:50, left : left + 6], owner[10:50, left : left + 6] = 0, place
            boxes.append(Box(left, 10, 6, 40))
        return Strip(image, owner, "11", "11", tuple(boxes), (0, 1))

    assert is_legible(strip(60))
    assert is_whole(strip(33))
    assert not is_legible(strip(33))
    assert not is_legible(strip(114))  # its edge cuts into the second


def test_composed_strips_take_glyphs_of_the_right_class():
    images = np.zeros((10, 28, 28), np.uint8)
    for digit in range(10):
        images[digit, 4:24, 10 : 12 + digit] = 255
    glyphs = Glyphs(images, np.arange(10))
    written = glyphs.write(np.random.default_rng(0), "907")
    assert [label for _, label in written] == ["9", "0", "7"]
    assert all(np.array_equal(ink, images[int(label)]) for ink, label in written)


def test_collect_keeps_every_digit_and_some_scraps():
    rng = np.random.default_rng(0)
    crops, labels = collect_crops(label_strips(draw_strips(5, 20, None)), rng)
    assert crops.shape == (len(labels), 28, 28)
    assert crops.dtype == np.uint8
    assert set(np.unique(labels)) <= set(range(11))
    assert 0.3 < (labels == JUNK).mean() < 0.75


@pytest.mark.parametrize("workers", [1, 2])
def test_any_number_of_workers_gathers_the_same(workers):
    crops, labels = gather_crops(7, 6, None, workers)
    again, same = gather_crops(7, 6, None, 1)
    assert np.array_equal(crops, again)
    assert np.array_equal(labels, same)


def test_aligned_runs_are_labelled_like_drawn_ones():
    """With the runs of the digits given, the labels must agree with those that the ink's owner gives."""
    for drawn in label_strips(draw_strips(9, 12, None)):
        lattice, labels = drawn.lattice, drawn.labels
        way, at = [], 0
        for digit in drawn.value:  # the widest labelled run of each digit in turn
            fitting = [
                k for k, (start, _) in enumerate(lattice.edges) if start >= at and labels[k] == int(digit)
            ]
            if not fitting:
                break
            way.append(fitting[0])
            at = int(lattice.edges[fitting[0], 1])
        if not way or len(way) < len(drawn.value):
            continue
        aligned = label_aligned(lattice, way, drawn.value)
        assert [int(aligned[k]) for k in way] == [int(digit) for digit in drawn.value]
        both = (labels != UNSURE) & (aligned != UNSURE)
        assert (labels[both] == aligned[both]).mean() > 0.9
