"""Combs to calibrate by: the same for the same seed, cut box by box, with the digits that stand in them."""

import numpy as np
import pytest

from models import load_model
from models.drawn_forms import draw_combs, gather_comb_boxes, gather_digits, see_combs
from models.material import Glyphs
from pipeline.strings.values import read_boxes


@pytest.fixture(scope="module")
def combs():
    return draw_combs(5, 2, None)


def test_every_box_has_a_digit(combs):
    assert len(combs) > 8
    assert all(len(comb.lattices) == len(comb.value) for comb in combs)


def test_most_digits_are_read_as_they_were_written(combs):
    model = load_model(None)
    pairs = [
        pair
        for boxes, value in zip(*see_combs(combs, model), strict=True)
        for pair in zip(read_boxes(boxes, model.parameters)[0][0].value, value, strict=True)
    ]
    assert np.mean([read == written for read, written in pairs]) > 0.8


def test_given_digits_stand_on_some_pages():
    bar = np.zeros((28, 28), np.uint8)
    bar[4:24, 12:15] = 255
    bars = Glyphs(np.repeat(bar[None], 10, axis=0), np.arange(10))
    model = load_model(None)
    combs, _ = see_combs(draw_combs(1, 4, bars), model)
    ones = [set(read_boxes(boxes, model.parameters)[0][0].value) == {"1"} for boxes in combs]
    assert any(ones)
    assert not all(ones)


def test_crops_of_combs_are_whole_digits_with_their_labels() -> None:
    crops, labels = gather_digits(5, 1, None, 1)
    combs = draw_combs(5, 1, None)
    assert crops.shape == (len(labels), 28, 28)
    assert 0.9 * sum(len(comb.value) for comb in combs) <= len(labels)
    proba = load_model(None).predict_proba(crops)
    assert (proba[:, :10].argmax(axis=1) == labels).mean() > 0.8


def test_boxes_of_combs_show_the_print_around_digits_with_their_labels() -> None:
    boxes = gather_comb_boxes(5, 1, None, 1)
    combs = draw_combs(5, 1, None)
    assert boxes.x.shape == (len(boxes), 28, 28, 3)
    assert 0.9 * sum(len(comb.value) for comb in combs) <= len(boxes)
    written, printed, _ = np.moveaxis(boxes.x, -1, 0)
    assert written.any(axis=(1, 2)).all()
    assert printed.any(axis=(1, 2)).mean() > 0.2
    shares = load_model(None).predict_contents(boxes.x)
    assert (shares.argmax(axis=1) == boxes.y).mean() > 0.85
