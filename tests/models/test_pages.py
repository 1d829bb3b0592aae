"""The page network: its pictures, how they are varied, its training, and what it tells of whole pages."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from flows.cli import main
from models.labelled import DataError
from models.network import CARD, NETWORK, ModelError
from models.page_classifier import SHIPPED_PAGE, PageModel, PageNetwork, load_page_model, open_network
from models.page_pictures import JUDGED, JUDGED_SEED, load_pages, read_page_folders, vary
from models.page_turns import after_quarter
from models.thumbnail import thumbnail
from pipeline.paper.kinds import KINDS, Kind
from pipeline.paper.turns import TURNS
from sample_scans.page_kinds import CLASSES, draw_classes

# Keras hands its own variables to NumPy in the old way when it writes weights.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def test_a_thumbnail_keeps_the_shape_of_the_page():
    small = thumbnail(np.full((300, 1200), 200, np.uint8))
    assert small.shape == (64, 64, 3)
    assert (small[24:40] == 200).all()
    assert not small[:24].any()
    assert not small[40:].any()
    assert (thumbnail(np.full((5, 2, 3), 9, np.uint8))[0, 32] == 9).all()


def test_thin_lines_are_seen_in_a_thumbnail():
    page = np.full((640, 640), 250, np.uint8)
    page[7::80] = 0  # a tenth of a pixel of the thumbnail thick
    rows = thumbnail(page)[:, 20:40].reshape(64, -1)
    assert (rows[::8] <= 250 - 36).all()  # shrinking alone takes 25
    assert (rows[2::8] == 250).all()


def test_a_thumbnail_shows_the_page_without_what_it_lies_on():
    scan = np.full((400, 600, 3), (60, 90, 130), np.uint8)
    scan[50:350, 100:500] = 245
    assert (thumbnail(scan)[12:52, 4:60] > 235).all()


def test_a_quarter_turn_changes_the_class_of_what_has_a_way_up():
    after = after_quarter(("cat", "form-0", "form-180", "form-90", "form-270", "tape-0"))
    assert after.tolist() == [0, 3, 4, 2, 1, -1]
    assert after_quarter(("strip-0", "strip-90")).tolist() == [1, 0]


def test_pictures_are_varied_with_their_labels():
    picture = np.full((64, 64, 3), 60, np.uint8)
    picture[:20, 24:40] = 250  # bright at the top
    classes = ("a-0", "a-90", "a-180", "a-270")
    pictures, labels = vary(
        np.stack([picture] * 40), np.zeros(40, np.int64), classes, np.random.default_rng(1)
    )
    assert set(labels) == {0, 1, 2, 3}
    for seen, label in zip(pictures, labels, strict=True):
        sides = [seen[:20, 24:40], seen[24:40, 44:], seen[44:, 24:40], seen[24:40, :20]]
        assert int(np.argmax([side.mean() for side in sides])) == label


def test_what_has_no_quarter_to_turn_to_is_not_turned():
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[:32] = 200
    pictures, labels = vary(
        np.stack([picture] * 20), np.zeros(20, np.int64), ("a-0",), np.random.default_rng(1)
    )
    assert not labels.any()
    assert all(seen[:28].mean() > 2 * seen[36:].mean() for seen in pictures)


def folders(place: Path, each: int = 40) -> Path:
    """Bright pictures and dark ones, of several sizes."""
    rng = np.random.default_rng(0)
    for name, level in (("bright", 200), ("dark", 60)):
        (place / name).mkdir(parents=True)
        for number in range(each):
            shape = (*rng.integers(40, 90, 2).tolist(), 3)
            picture = np.clip(rng.normal(level, 12, shape), 0, 255).astype(np.uint8)
            cv2.imwrite(str(place / name / f"{number}.png"), picture)
    return place


def test_folders_of_any_classes_are_read(tmp_path):
    crops = read_page_folders(folders(tmp_path / "data", each=3))
    assert crops.classes == ("bright", "dark")
    assert crops.x.shape == (6, 64, 64, 3)
    assert (crops.counted, crops.present) == (2, 2)
    (tmp_path / "data" / "dark" / "notes.txt").write_text("no picture")
    with pytest.raises(DataError, match=r"notes\.txt"):
        read_page_folders(tmp_path / "data")
    with pytest.raises(DataError, match="two classes"):
        read_page_folders(tmp_path)


def test_train_a_page_network_on_folders(tmp_path, capsys):
    out = tmp_path / "out"
    arguments = ["train", "--network", "page", "--data", str(folders(tmp_path / "data")), "-o", str(out)]
    assert main([*arguments, "--epochs", "12", "--held-back", "10", "--batch", "16"]) == 0
    printed = capsys.readouterr().out
    assert "(80, 64, 64, 3) uint8" in printed
    assert "of 16 right" in printed
    card = json.loads((out / CARD).read_text())
    assert card["classes"] == ["bright", "dark"]
    assert card["test"]["accuracy"] == 1.0
    assert card["export_difference"] < 1e-3
    assert {"confusion.png", "curves.png", "mistakes.png", "history.csv"} <= {p.name for p in out.iterdir()}
    network = open_network(out)
    assert isinstance(network, PageNetwork)
    (proba,) = network.predict_proba(np.full((1, 64, 64, 3), 60, np.uint8))
    assert proba.argmax() == 1
    with pytest.raises(ModelError, match="bright"):
        PageModel(out)


def test_drawn_pages_come_again_and_cover_all_classes():
    drawn = draw_classes(5, 60)
    assert {name.partition("-")[0] for _, name in drawn} == set(KINDS)
    assert {name for _, name in drawn} <= set(CLASSES)
    for (page, name), (again, named) in zip(drawn[:8], draw_classes(5, 60)[:8], strict=True):
        assert name == named
        assert page.shape[2] == 3
        np.testing.assert_array_equal(page, again)


def test_the_shipped_page_model_tells_kinds_and_way_up():
    model = load_page_model()
    seen, right = [], 0
    drawn = draw_classes(987_654, 60)
    for page, name in drawn:
        kind, _, turn = name.partition("-")
        share = model.look(page)
        assert share.sum() == pytest.approx(1.0)
        best = np.unravel_index(share.argmax(), share.shape)
        seen.append(KINDS[best[0]])
        ways = 180 if kind == Kind.STRIP else 360
        right += seen[-1] == kind and (not turn or TURNS[best[1]] % ways == int(turn))
    assert set(seen) == set(Kind)
    assert right >= 0.93 * len(drawn)


def test_a_picture_turned_by_every_quarter_is_told_as_reading_looks_at_it():
    model = load_page_model()
    for page, _ in draw_classes(987_656, 6):
        (proba,) = model.predict_turned(thumbnail(page)[None])
        best = model.classes[int(proba.argmax())].partition("-")
        kinds = model.look(page)
        kind, turn = np.unravel_index(kinds.argmax(), kinds.shape)
        assert best[0] == KINDS[kind]
        assert not best[2] or TURNS[turn] % (180 if best[0] == "strip" else 360) == int(best[2])


def test_a_page_is_told_the_same_any_way_up():
    model = load_page_model()
    for page, _ in draw_classes(987_655, 4):
        upright = model.look(page)
        turned = model.look(np.ascontiguousarray(np.rot90(page, -1)))
        np.testing.assert_allclose(np.roll(upright, 1, axis=1)[:3], turned[:3], atol=0.02)


def test_the_shipped_page_model_is_small_and_says_how_it_was_made():
    assert (SHIPPED_PAGE / NETWORK).stat().st_size < 1_500_000
    card = json.loads((SHIPPED_PAGE / CARD).read_text())
    assert "--data pages --network page" in card["command"]
    assert {name.partition("-")[0] for name in card["classes"]} == set(KINDS)


def test_pages_are_judged_by_a_seed_of_their_own(monkeypatch):
    monkeypatch.setattr("models.page_pictures.draw_pages", lambda seed, count, workers: (seed, count))
    assert load_pages("pages") == (JUDGED_SEED, JUDGED)
    assert JUDGED_SEED not in range(1_000)  # what people choose for training
