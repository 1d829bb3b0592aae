"""Learning from fields with their values, on a handful of drawn strips."""

import csv
import json
from dataclasses import replace
from functools import partial

import cv2
import keras
import numpy as np
import pytest

from flows.cli import main
from models import learn as learning
from models import learn_reader
from models.classifier import CARD, NETWORK, PARAMETERS, SHIPPED, load_model
from models.doubts import SURE, find_doubts
from models.drawn_forms import draw_combs
from models.labelled import Crops, Cutter, DataError, join
from models.learn import deal, learn, load_fields, name_field
from models.learn_crops import aligned_crops, crop_batches, tune_crops
from models.learn_networks import KERAS, Lesson, Tuned
from models.learn_reader import Field, View, judge, refit, view, view_drawn
from models.truth import CutField, Row, cut_rows, read_truth
from pipeline.document import Box
from pipeline.strings.decode import JUNK
from sample_scans.strips import draw_strip

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
DOUBTS = [
    {"field": f"{k}.png, page 2", "value": "12345", "read": f"{k}", "confidence": 0.9 + 0.001 * k}
    for k in range(30, 0, -1)
]
VALUES = [f"{k * 7919 % 100000:05d}" for k in range(1, 25)]


@pytest.fixture(scope="module")
def truth(tmp_path_factory):
    """A truth.csv with its scans in a folder below it."""
    folder = tmp_path_factory.mktemp("fields")
    (folder / "scans").mkdir()
    rng = np.random.default_rng(5)
    with (folder / "truth.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["scan", "field", "value"])
        for k, value in enumerate(VALUES):
            cv2.imwrite(str(folder / "scans" / f"{k}.png"), draw_strip(rng, value).image)
            rows.writerow([f"{k}.png", "digits", value])
    return folder / "truth.csv"


def test_scans_are_found_by_name_below_the_truth(truth):
    rows = read_truth(truth)
    assert [row.value for row in rows] == VALUES
    assert all(row.scan.parent.name == "scans" for row in rows)


def test_a_scan_that_is_nowhere_is_named(tmp_path):
    (tmp_path / "truth.csv").write_text("scan,value\nlost.png,12\n")
    with pytest.raises(DataError, match=r"lost\.png"):
        read_truth(tmp_path / "truth.csv")


def test_every_turn_leaves_out_other_pages_the_same_ones_every_time(truth):
    fields = load_fields(read_truth(truth), load_model())
    turn = deal(fields, 5)
    assert sorted(np.bincount(turn)) == [4, 5, 5, 5, 5]
    assert (deal(fields[::-1], 5)[::-1] == turn).all()
    more = [replace(field, name=f"{field.name} again") for field in fields]
    assert (deal([*fields, *more], 5) == np.tile(turn, 2)).all()  # by their pages, not by themselves
    assert all("/" not in field.page for field in fields)  # nor by where their folder lies
    sheet = [replace(field, page="sheet.png:1") for field in fields]
    assert sorted(np.bincount(deal(sheet, 5))) == [4, 5, 5, 5, 5]  # no other page there is


def test_alignment_labels_digits_and_scraps(truth):
    model = load_model()
    of_field = aligned_crops(view(load_fields(read_truth(truth), model), model), model.parameters)
    assert len(of_field) == len(VALUES)
    crops = join(*of_field)
    assert crops.x.shape == (len(crops.y), 28, 28)
    found = {int(label) for label in np.unique(crops.y)}
    assert JUNK in found
    assert found - {JUNK} <= {int(digit) for value in VALUES for digit in value}


def test_digits_in_boxes_are_learned_from_and_judged_too(tmp_path, monkeypatch):
    monkeypatch.setattr(learn_reader, "CALIBRATION_STRIPS", 8)
    monkeypatch.setattr(learn_reader, "CALIBRATION_FORMS", 1)
    model = load_model()
    combs = draw_combs(5, 2, None)
    fields = [Field(str(k), str(k), CutField(c.lattices, boxed=True), c.value) for k, c in enumerate(combs)]
    seen = view(fields, model)
    labels = join(*aligned_crops(seen, model.parameters)).y
    assert (labels < JUNK).sum() >= 0.9 * sum(len(comb.value) for comb in combs)
    judged = judge(seen, model.parameters)
    assert judged.size == len(fields)
    assert judged.exact > 0.4
    fitted = refit(model.parameters, seen, view_drawn(model, fields, seed=1))
    assert fitted.boxes.calibration != model.parameters.boxes.calibration
    assert fitted.boxes.pair == model.parameters.boxes.pair
    assert fitted.lines.pair == model.parameters.lines.pair  # nothing was said of lines


@pytest.fixture(scope="module")
def told(truth, tmp_path_factory):
    """What a short lesson brought, and its folder."""
    out = tmp_path_factory.mktemp("models") / "learned"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(learning, "FEWEST", 1)
        patch.setattr(learn_reader, "CALIBRATION_STRIPS", 8)
        lesson = Lesson(turns=2, crop_epochs=1, line_epochs=1, line_repeat=1, strips=4)
        steps = []
        found = learn(
            read_truth(truth), SHIPPED, out, lesson, lambda *step: steps.append(step), "the command"
        )
    return found, out, steps


def test_learning_keeps_the_better_model_and_says_what_it_did(truth, told):
    found, out, _ = told
    assert found["fields"] == len(load_fields(read_truth(truth), load_model()))
    assert found["before"]["fields"] == found["after"]["fields"] == found["fields"]
    after, before = ((found[which]["exact"], found[which]["log_score"]) for which in ("after", "before"))
    assert found["kept"] == (after > before)
    card = json.loads((out / CARD).read_text())
    assert card["learned"] == found
    assert card["learned"]["command"] == "the command"
    for name in (NETWORK, PARAMETERS, KERAS):
        same = (out / name).read_bytes() == (SHIPPED / name).read_bytes()
        assert same == (not found["kept"])
    assert load_model(out).predict_proba(np.zeros((1, 28, 28), np.uint8)).shape == (1, 11)


def test_whoever_watches_is_told_every_step(told):
    steps = told[2]
    assert all(0 <= done <= of for _, done, of in steps)
    ended = [what for what, done, of in steps if done == of]
    turns = [f"turn {turn} of 2: {what}" for turn in (1, 2) for what in ("crops", "lines")]
    assert ended == ["cutting fields", "drawing strips", *turns, "reader"]


def test_the_same_seed_leaves_the_same_network(tmp_path):
    rng = np.random.default_rng(0)
    crops = Crops(rng.integers(0, 256, (300, 28, 28)).astype(np.uint8), np.arange(300) % 11)
    tune = partial(tune_crops, epochs=1, rate=1e-3)
    tuned = Tuned(SHIPPED / KERAS, tune, lambda network, folder: network.save(folder / KERAS))
    kept = []
    for seed in (4, 4, 5):
        tuned.turn(crop_batches([crops], [], 1, seed=4), tmp_path, seed, lambda epoch: None)
        kept.append(keras.models.load_model(tmp_path / KERAS).get_weights())
    one, again, other = kept
    assert all(np.array_equal(a, b) for a, b in zip(one, again, strict=True))
    assert not any(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_a_value_that_is_surely_read_otherwise_is_doubted(truth):
    model = load_model()
    fields = load_fields(read_truth(truth), model)
    right = view(fields, model)
    known = find_doubts(right, model.parameters)
    wrong = [replace(field, value=field.value[::-1] + "7") for field in fields]
    doubts = find_doubts(View(wrong, right.seen), model.parameters)
    assert {doubt.field for doubt in known} < {doubt.field for doubt in doubts}
    assert len(doubts) >= len(known) + 5
    read = {field.name: field.value for field in fields}
    assert sum(doubt.read == read[doubt.field] for doubt in doubts) >= len(doubts) - len(known)
    assert all(SURE <= doubt.confidence < 1.0 for doubt in doubts)


def test_fields_are_named_as_a_person_finds_them_again(tmp_path):
    where = {"page": 3, "value": "1", "box": None, "field": "amount"}
    assert name_field(Row(tmp_path / "a.tif", **where)) == "a.tif, page 3, amount"
    assert name_field(Row(tmp_path / "b.png", 1, "2", None)) == "b.png"
    assert name_field(Row(tmp_path / "c.png", 1, "2", Box(30, 40, 5, 6))) == "c.png, at 30 40"


def test_too_few_fields_prove_nothing(truth, tmp_path):
    with pytest.raises(DataError, match="too few"):
        learn(read_truth(truth), SHIPPED, tmp_path / "learned", Lesson())


@pytest.fixture
def lesson(monkeypatch):
    """In place of learning: a lesson that is over at once; its calls."""
    from flows import learning_run  # noqa: PLC0415 - brings TensorFlow

    figures = {"fields": 20, "exact": 0.5, "interval": [0.3, 0.7], "coverage": {"0.01": 0.1}}
    figures |= {"accepted": 3, "accepted_wrong": 1, "calibration_error": 0.04, "log_score": -0.25}
    calls = []

    def learn_nothing(rows, base, out, lesson, watch, command):
        calls.append((rows, base, command))
        watch("round 1: network", 5, 5)
        out.mkdir()
        (out / CARD).write_text("{}")
        return {
            "fields": len(rows),
            "before": figures,
            "after": figures | {"exact": 0.75},
            "kept": True,
            "doubts": DOUBTS,
        }

    monkeypatch.setattr(learning_run, "learn", learn_nothing)
    return calls


def test_train_from_prints_before_and_after(truth, lesson, tmp_path, capsys):
    out = tmp_path / "deep" / "learned"
    assert main(["train", "--from", str(truth), "-o", str(out)]) == 0
    ((rows, base, command),) = lesson
    assert [row.value for row in rows] == VALUES
    assert base == SHIPPED
    assert command == f"nightsort train --from {truth} -o {out}"
    printed = capsys.readouterr()
    assert printed.err == "nightsort: round 1: network: 5 of 5\n"
    assert "50.0%" in printed.out
    assert "75.0%" in printed.out
    assert "-0.250" in printed.out
    assert "On 20 fields" in printed.out
    assert "30 of the values given are surely read otherwise" in printed.out
    assert "30.png, page 2" in printed.out
    assert "11.png, page 2" in printed.out
    assert "10.png, page 2" not in printed.out
    assert f"10 more, in {out / CARD}" in printed.out
    assert f"nightsort run --model {out}" in printed.out.replace("\n", "")
    assert [path.name for path in out.iterdir()] == [CARD]
    assert [path.name for path in out.parent.iterdir()] == ["learned"]  # nothing is left aside


def test_a_model_may_learn_on_in_its_own_folder(truth, lesson, tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / CARD).write_text('"before"')
    site = str(tmp_path / "site")
    assert main(["train", "--from", str(truth), "--model", site, "-o", site]) == 0
    assert (tmp_path / "site" / CARD).read_text() == "{}"


def test_stopped_learning_leaves_everything_as_it_was(truth, lesson, tmp_path, monkeypatch, capsys):
    from flows import learning_run  # noqa: PLC0415 - brings TensorFlow

    def stop(rows, base, out, *_):
        (out / "half").mkdir(parents=True)
        raise KeyboardInterrupt

    monkeypatch.setattr(learning_run, "learn", stop)
    out = tmp_path / "models" / "learned"
    assert main(["train", "--from", str(truth), "-o", str(out)]) == 130
    assert list(out.parent.iterdir()) == []
    assert "interrupted" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--from", "TRUTH", "--network", "cnn"], 2, "either --from"),
        (["--from", "TRUTH", "--epochs", "3"], 2, "--epochs"),
        (["--from", "nowhere.csv"], 1, "nowhere.csv"),
        (["--from", "TRUTH"], 2, "too few"),
        (["--from", "TRUTH", "--model", "nowhere"], 6, "nowhere"),
    ],
)
def test_train_from_tells_what_is_wrong_in_one_line(
    arguments, code, said, truth, tmp_path, capsys, monkeypatch
):
    if "nowhere" in arguments:
        monkeypatch.setattr(learning, "FEWEST", 1)
    given = [str(truth) if each == "TRUTH" else each for each in arguments]
    assert main(["train", *given, "-o", str(tmp_path / "out")]) == code
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith("nightsort: error: ")
    assert said in line
    assert not (tmp_path / "out").exists()


def test_a_page_that_a_scan_has_not_is_named(truth):
    row, model = read_truth(truth)[0], load_model()
    with pytest.raises(DataError, match="no page 2"):
        list(cut_rows([replace(row, page=2)], Cutter(model, model.parameters)))
