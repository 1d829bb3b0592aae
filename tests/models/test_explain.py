"""`nightsort explain`: its figures add up, its maps point at the right pixels, its page is one file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.cli import main
from flows.reader import open_reader
from models.classifier import SHIPPED
from models.explain import explain_crop, open_network
from models.explain_page import _stroke
from models.network import Network
from models.shades import lead_picture, maps_picture
from models.strokes import find_strokes
from pipeline.files.scans import decode
from tests.models.samples import pen_digits


@pytest.fixture(scope="module")
def network() -> Network:
    return open_network(SHIPPED)


@settings(max_examples=8, deadline=None)
@given(index=st.integers(0, 99), versus=st.none() | st.integers(0, 9))
def test_the_shares_of_the_last_layer_are_the_lead(network: Network, index: int, versus: int | None) -> None:
    e = explain_crop(network, pen_digits(100).x[index], versus)
    assert e.best != e.rival
    assert versus in (None, e.best, e.rival)
    bias = float(e.anatomy.bias[e.best] - e.anatomy.bias[e.rival])
    lead = (e.anatomy.shares(e.best, e.rival).sum() + bias) / network.temperature
    assert lead == pytest.approx(e.saliency.lead, abs=1e-3)
    odds = np.log(float(e.proba[e.best]) / max(float(e.proba[e.rival]), 1e-30))
    if e.proba[e.rival] > 1e-6:
        assert odds == pytest.approx(e.saliency.lead, abs=1e-2)


def test_gradient_is_the_slope_of_the_lead(network: Network) -> None:
    crop = pen_digits(100).x[9]
    e = explain_crop(network, crop, 4)
    pixels = crop.astype(np.float32) / np.float32(255)
    way = np.sign(e.saliency.gradient).astype(np.float32)
    step = np.float32(1e-4)
    ahead, back = network.logits(np.stack([pixels + step * way, pixels - step * way])).astype(float)
    slope = ((ahead - back)[e.best] - (ahead - back)[e.rival]) / (2 * step) / network.temperature
    assert slope == pytest.approx(np.abs(e.saliency.gradient).sum(), rel=0.2)
    assert e.saliency.parts.sum() + e.saliency.offset == pytest.approx(e.saliency.lead)
    assert (e.saliency.parts[crop == 0] == 0).all()


def test_wiping_paper_changes_nothing(network: Network) -> None:
    crop = pen_digits(100).x[3]
    e = explain_crop(network, crop, 5)
    inked = cv2.dilate(crop, np.ones((5, 5), np.uint8)) > 0
    assert np.abs(e.saliency.wiped[~inked]).max(initial=0.0) < 1e-4
    assert np.abs(e.saliency.wiped[inked]).max() > 0.1


def test_a_four_has_three_strokes_and_every_pixel_of_its_ink_belongs_to_one() -> None:
    crop = np.zeros((28, 28), np.uint8)
    for start, end in (((6, 4), (6, 15)), ((6, 15), (22, 15)), ((17, 4), (17, 25))):
        cv2.line(crop, start, end, 255, 2)
    strokes = find_strokes(crop)
    assert np.array_equal(strokes > 0, crop >= 96)
    left, above, below = strokes[8, 6], strokes[8, 17], strokes[22, 17]
    assert strokes.max() >= 3
    assert len({left, above, below}) == 3
    assert strokes[15, 10] == left  # around the corner the pen goes on


def test_specks_and_bars_are_strokes_too() -> None:
    speck = np.zeros((28, 28), np.uint8)
    speck[10:12, 10:12] = 255
    assert find_strokes(speck).max() == 1
    assert find_strokes(np.zeros((28, 28), np.uint8)).max() == 0


def test_a_stroke_wiped_out_costs_what_the_network_says_without_it(network: Network) -> None:
    crop = pen_digits(100).x[9]
    e = explain_crop(network, crop, 4)
    strokes = find_strokes(crop)
    greatest = int(strokes[np.unravel_index(np.abs(e.saliency.strokes).argmax(), strokes.shape)])
    others = (strokes > 0) & (strokes != greatest)
    soft = cv2.dilate((strokes == greatest).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    left = np.where(soft & ~others, 0, crop).astype(np.float32) / np.float32(255)
    scores = network.logits(left[None])[0] / network.temperature
    lost = e.saliency.lead - float(scores[e.best] - scores[e.rival])
    assert e.saliency.strokes[strokes == greatest] == pytest.approx(lost, abs=0.3 * abs(lost) + 0.1)
    assert (e.saliency.strokes[strokes == 0] == 0).all()


def test_the_page_names_a_stroke_even_where_the_reading_gains_without_any(network: Network) -> None:
    saliency = explain_crop(network, pen_digits(100).x[9], 4).saliency
    hinting = np.zeros((28, 28))
    hinting[3:9, 5], hinting[12:20, 7] = -2.0, -0.5
    spot = _stroke(replace(saliency, strokes=hinting))
    assert spot is not None
    assert (spot.row, spot.column, spot.lead) == (13, 8, pytest.approx(saliency.lead + 0.5))
    assert _stroke(replace(saliency, strokes=np.zeros((28, 28)))) is None


def test_pictures_of_numbers() -> None:
    values = np.array([[2.0, -2.0], [0.0, 1.0]])
    picture = lead_picture(values, np.zeros((2, 2), np.uint8))
    assert picture[0, 0].tolist() == [213, 94, 0]
    assert picture[0, 1].tolist() == [0, 114, 178]
    assert picture[1, 0].tolist() == [255, 255, 255]
    sheet = maps_picture(np.ones((3, 3, 5), np.float32), columns=2)
    assert sheet.shape == (3 * 4 + 1, 2 * 4 + 1, 3)


def test_explain_a_crop(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cv2.imwrite(str(tmp_path / "nine <b>.png"), pen_digits(100).x[9])
    arguments = ["explain", str(tmp_path / "nine <b>.png"), "--versus", "4"]
    assert main([*arguments, "-o", str(tmp_path / "deep" / "page.html")]) == 0
    page = (tmp_path / "deep" / "page.html").read_text(encoding="utf-8")
    assert "a 9 rather than a 4" in page
    assert "nine &lt;b&gt;.png is read as 9" in page
    assert "http" not in page.replace("<!doctype html>", "")
    assert page.count("<td style=") >= 784
    picture = cv2.imread(str(tmp_path / "deep" / "page.png"))
    assert picture is not None
    assert picture.shape[1] > 5 * 196
    printed = capsys.readouterr()
    assert printed.out.startswith("9 (")
    assert "\n9: by its 28x28 pixels " in printed.out
    assert printed.err == ""


def test_explain_a_field(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    strip = next((Path(__file__).parents[2] / "sample_scans" / "strips").glob("*.*g"))
    assert main(["explain", str(strip), "-o", str(tmp_path / "page.html")]) == 0
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Digit 2: a " in page
    assert "cut into" in page
    assert "What the two readers say" in page
    printed = capsys.readouterr().out
    said = [line for line in printed.splitlines() if "by cutting" in line]
    assert len(printed.splitlines()) == page.count("<section>") + len(said) + 2
    reader = open_reader("digits", "us", None)
    (reading,) = reader.read(decode(strip, strip.name))
    assert said[0].startswith(f"{reading.value}: ")
    assert {value for value, _ in reading.alternatives} <= {line.partition(":")[0] for line in said[1:]}


def test_a_value_that_cannot_be_cut_out_is_explained_without_crops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.explain_reading.align", lambda *_: [])
    strip = next((Path(__file__).parents[2] / "sample_scans" / "strips").glob("*.*g"))
    assert main(["explain", str(strip), "-o", str(tmp_path / "page.html")]) == 0
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "no single digits to show" in page
    assert "<section>" not in page
    assert cv2.imread(str(tmp_path / "page.png")) is not None


def test_the_digit_that_both_networks_read_is_explained(network: Network) -> None:
    """Also where the network of digits by itself would say another."""
    crop = pen_digits(100).x[9]
    alone = explain_crop(network, crop)
    e = explain_crop(network, crop, read=alone.rival)
    assert (e.best, e.rival) == (alone.rival, alone.best)
    assert e.saliency.lead == pytest.approx(-alone.saliency.lead, abs=1e-4)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nowhere.png"], 2, "nowhere.png"),
        (["README.md"], 2, "README.md"),
        (["blank.png"], 2, "blank.png"),
        (["blank.png", "--versus", "12"], 2, "12"),
        (["blank.png", "-o", "page.txt"], 2, "page.txt"),
        (["blank.png", "-o", "blank.html"], 2, "over blank.png"),
        (["blank.png", "--model", "nowhere"], 6, "nowhere"),
    ],
)
def test_explain_tells_what_is_wrong_in_one_line(
    arguments: list[str],
    code: int,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    cv2.imwrite("blank.png", np.full((28, 28), 255, np.uint8))
    Path("README.md").write_text("text")
    assert main(["explain", *arguments]) == code
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("nightsort: error: ")
    assert said in line
