"""What the network of boxes sees in them: digits, plain crosses and dashes, digits that were struck."""

import json
import shlex
import shutil
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import train_contents
from models.contents_network import SHIPPED_CONTENTS, ContentsNetwork
from models.drawn_boxes import BOXES, DIGITS, EMPTY, draw_boxes, gather_boxes
from models.drawn_forms import pictures_of
from models.material import Glyphs
from models.network import CARD, NETWORK, ModelError
from pipeline.forms.box_ink import BoxInk, draw_box
from pipeline.forms.crossed import Crossing, crossing_of
from pipeline.strings.classify import CONTENTS
from sample_scans.crossings import STRUCK, VOID
from tests.models.samples import pen_digits
from tests.pipeline.forms import pages

# Keras hands its own variables to NumPy in the old way when it writes weights.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

DIGITS_OF_THE_PEN = pen_digits(40)
VOID_AT = CONTENTS.index("void")
GLYPHS = Glyphs(DIGITS_OF_THE_PEN.x, DIGITS_OF_THE_PEN.y)


@pytest.fixture(scope="module")
def network() -> ContentsNetwork:
    return ContentsNetwork(SHIPPED_CONTENTS)


def picture_of(mask: np.ndarray) -> np.ndarray:
    """Of a box without any print, written with a pen of one darkness."""
    picture = draw_box(BoxInk(mask * np.float32(0.8 / 255), mask, np.zeros_like(mask)))
    assert picture is not None
    return picture


def seen_in(network: ContentsNetwork, mask: np.ndarray) -> Crossing:
    return crossing_of(network.predict_contents(picture_of(mask)[None])[0])


@given(
    st.floats(0.55, 1.6), st.floats(-2, 2), st.integers(2, 5), st.floats(-0.12, 0.12), st.floats(-0.12, 0.12)
)
@settings(max_examples=60, deadline=None)
def test_two_straight_strokes_from_corner_to_corner_are_no_digit(aspect, lean, thick, dx, dy):
    mask = np.zeros((80, 100), np.uint8)
    wide, tall = 18 * aspect, 18.0
    for side in (-1, 1):
        start = (50 - side * wide + lean, 40 - tall)
        end = (50 + side * wide - lean, 40 + tall)
        move = (dx * wide * side, dy * tall * side)
        points = [(round(x + move[0]), round(y + move[1])) for x, y in (start, end)]
        cv2.line(mask, points[0], points[1], 255, thick)
    assert seen_in(ContentsNetwork(SHIPPED_CONTENTS), mask).digit < 0.5


def test_a_plain_cross_and_a_dash_are_surely_void(network):
    cross, dash = np.zeros((2, 80, 80), np.uint8)
    cv2.line(cross, (22, 20), (58, 60), 255, 4)
    cv2.line(cross, (58, 20), (22, 60), 255, 4)
    cv2.line(dash, (20, 42), (58, 38), 255, 4)
    assert min(seen_in(network, mask).void for mask in (cross, dash)) > 0.98
    assert seen_in(network, np.ascontiguousarray(dash.T)).digit > 0.98


@pytest.mark.parametrize("digit", "0123456789")
def test_digits_are_read(network, digit):
    mask = np.zeros((80, 80), np.uint8)
    cv2.putText(mask, digit, (20, 60), pages.DIGITS_FONT, 1.8, 255, 4)
    shares = network.predict_contents(picture_of(mask)[None])[0]
    assert CONTENTS[int(shares.argmax())] == digit
    assert crossing_of(shares).digit > 0.9


def test_a_stroke_on_print_is_doubted(network):
    """A 9 whose top may be the line of the frame that it touches may be a 4."""
    dark, own, printed = np.zeros((3, 80, 80), np.uint8)
    cv2.line(own, (30, 20), (28, 42), 255, 4)
    cv2.line(own, (28, 42), (50, 42), 255, 4)
    cv2.line(own, (50, 20), (46, 64), 255, 4)
    cv2.line(printed, (0, 20), (79, 20), 255, 4)
    dark = np.maximum(own, printed) * np.float32(0.8 / 255)
    cv2.line(own, (30, 20), (50, 20), 255, 4)
    alone = network.predict_contents(picture_of(own)[None])[0]
    framed = network.predict_contents(draw_box(BoxInk(dark, own, printed))[None])[0]
    assert alone[9] > 0.9 > 10 * alone[4]
    assert framed[4] > 5 * alone[4]


@pytest.mark.parametrize("digit", "235689")
def test_a_digit_that_was_crossed_over_is_none(network, digit):
    mask = np.zeros((80, 80), np.uint8)
    cv2.putText(mask, digit, (22, 58), pages.DIGITS_FONT, 1.6, 255, 3)
    cv2.line(mask, (8, 14), (70, 66), 255, 3)
    cv2.line(mask, (8, 66), (70, 12), 255, 3)
    assert seen_in(network, mask).is_struck


def test_what_is_most_probable_decides():
    sure, void, struck = Crossing(0.9, 0.05, 0.05), Crossing(0.2, 0.7, 0.1), Crossing(0.3, 0.3, 0.4)
    assert [(each.is_void, each.is_struck, each.emptied) for each in (sure, void, struck)] == [
        (False, False, False),
        (True, False, True),
        (False, True, True),
    ]
    assert crossing_of(None) == Crossing(1.0, 0.0, 0.0)


def test_every_comb_has_one_box_that_was_crossed_out():
    boxes = list(draw_boxes(16, 3, pictures_of(GLYPHS)))
    kinds = [box.kind for box in boxes]
    assert set(kinds) - set(DIGITS) == {*VOID, *STRUCK}
    assert len(boxes) - 16 * BOXES in range(-3, 1)  # ink too faint to be seen is none
    named = {box.kind: CONTENTS[box.contents] for box in boxes}
    assert {kind for kind, contents in named.items() if contents == "void"} == set(EMPTY)
    assert named["scribble"] == named["struck once"] == "struck"
    assert all(CONTENTS[box.contents] == box.value for box in boxes if box.kind == "digit")


def test_any_number_of_workers_draws_the_same_boxes(monkeypatch):
    monkeypatch.setattr("models.drawn_boxes.SHARD", 4)
    one, two = (gather_boxes(2, 8, GLYPHS, workers) for workers in (1, 2))
    assert np.array_equal(one.x, two.x)
    assert np.array_equal(one.y, two.y)
    assert one.classes == CONTENTS


def test_a_network_is_told_how_often_forms_have_each(network, tmp_path):
    """Twice as usual, twice as probable against the others; what it met more often than forms have, less."""
    shutil.copytree(SHIPPED_CONTENTS, tmp_path, dirs_exist_ok=True)
    card = json.loads((tmp_path / CARD).read_text("utf-8"))
    card["usual"][VOID_AT] *= 2
    (tmp_path / CARD).write_text(json.dumps(card), encoding="utf-8")
    mask = np.zeros((80, 80), np.uint8)
    cv2.line(mask, (20, 40), (60, 37), 255, 5)
    cv2.line(mask, (30, 20), (50, 60), 255, 5)
    box = picture_of(mask)[None]
    before, after = (each.predict_contents(box)[0] for each in (network, ContentsNetwork(tmp_path)))
    assert after[VOID_AT] / after[7] == pytest.approx(2 * before[VOID_AT] / before[7], rel=1e-4)
    others = np.arange(len(CONTENTS)) != VOID_AT
    assert after[others] / after[7] == pytest.approx(before[others] / before[7], rel=1e-4)
    assert after.sum() == pytest.approx(1.0, abs=1e-5)


def test_a_network_of_something_else_is_named(tmp_path, monkeypatch):
    shutil.copytree(SHIPPED_CONTENTS, tmp_path, dirs_exist_ok=True)
    card = json.loads((tmp_path / CARD).read_text("utf-8"))
    del card["met"]
    (tmp_path / CARD).write_text(json.dumps(card), encoding="utf-8")
    with pytest.raises(ModelError, match=r"'met'.*train it again"):
        ContentsNetwork(tmp_path)
    shutil.copytree(SHIPPED_CONTENTS.parent / "mnist", tmp_path, dirs_exist_ok=True)
    (tmp_path / "network-int8.tflite").unlink()
    assert (tmp_path / NETWORK).exists()
    with pytest.raises(ModelError, match="no network for 28x28 pictures of boxes"):
        ContentsNetwork(tmp_path)
    monkeypatch.setattr("models.contents_network.CONTENTS", ("digit", "void", "struck"))
    with pytest.raises(ModelError, match="12 classes apart, not digit, void, struck; train it"):
        ContentsNetwork(SHIPPED_CONTENTS)


def test_the_shipped_card_names_a_command_that_exists():
    card = json.loads((SHIPPED_CONTENTS / CARD).read_text("utf-8"))
    python, option, module, *words = shlex.split(card["command"])
    assert (python, option, module) == ("python", "-m", train_contents.__name__)
    options = train_contents.make_parser().parse_args(words)
    assert options.epochs == len(card["history"]) == card["recipe"]["epochs"]


def test_a_short_training_leaves_a_network_and_goes_on_where_it_stopped(tmp_path, monkeypatch, capsys):
    digits = pen_digits(60)
    mnist = SimpleNamespace(x_train=digits.x, y_train=digits.y)
    monkeypatch.setattr(train_contents, "load_mnist", lambda path: mnist)
    monkeypatch.setattr(train_contents, "hold_back", lambda crops: (crops[:40], crops[40:]))
    monkeypatch.setattr(train_contents, "WORKERS", 1)
    told = [str(tmp_path / "model"), "--combs", "16", "--forms", "1", "--epochs", "1"]
    train_contents.main(told)
    card = json.loads((tmp_path / "model" / CARD).read_text("utf-8"))
    assert len(card["history"]) == 1
    assert sum(card["met"]) > 50
    shares = ContentsNetwork(tmp_path / "model").predict_contents(np.stack([digits.x] * 3, axis=-1))
    assert shares.shape == (60, len(CONTENTS))
    train_contents.main([*told, "--resume"])
    assert "1 of them done before" in capsys.readouterr().out
