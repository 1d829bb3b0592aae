"""`nightsort evaluate`: the command on small data, its JSON, its plots and its errors."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from flows.cli import main
from flows.reader import Reader
from models.classifier import SHIPPED, load_model
from models.evaluate import evaluate_pages
from models.evaluate_fields import evaluate_fields
from models.labelled import Crops, DataError
from models.network import ModelError
from models.page_classifier import SHIPPED_PAGE, PageNetwork, load_page_model
from models.truth import Row, part, read_truth
from pipeline import load_layout, read_pages
from pipeline.document import Box, Image, Reading, Reason
from pipeline.files.scans import decode
from sample_scans.page_kinds import draw_classes
from tests.flows.fakes import IDENTITY
from tests.models.samples import pen_digits

DIGITS = load_layout("digits")
MNIST = Path(__file__).parents[3] / "shared/data/mnist/mnist.npz"


def test_evaluate_one_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    crops = pen_digits(200)
    np.savez(tmp_path / "d.npz", x=crops.x, y=crops.y)
    figures, plots = tmp_path / "deep" / "f.json", tmp_path / "plots"
    code = main(["evaluate", "--data", f"{tmp_path}/d.npz", "--json", str(figures), "-o", str(plots)])
    assert code == 0
    document = json.loads(figures.read_text())
    assert document["accuracy"] > 0.9
    assert document["interval"][0] < document["accuracy"] < document["interval"][1]
    assert document["size"] == np.sum(document["confusion"]) == 200
    assert len(document["per_class"]) == 10
    names = {"reliability.png", "error-reject.png", "confusion.png", "mistakes.png"}
    assert {path.name for path in plots.iterdir()} == names
    printed = capsys.readouterr()
    assert f"{document['accuracy']:.2%}" in printed.out
    assert printed.err == ""


def test_evaluate_models_side_by_side(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    crops = pen_digits(50)
    np.savez(tmp_path / "d.npz", x=crops.x, y=np.where(np.arange(50) < 5, 10, crops.y))
    arguments = ["evaluate", "--data", f"{tmp_path}/d.npz", "--json", f"{tmp_path}/f.json"]
    assert main([*arguments, "--model", str(SHIPPED), str(SHIPPED)]) == 0
    document = json.loads((tmp_path / "f.json").read_text())
    assert [each["name"] for each in document["models"]] == ["digits", "digits"]
    assert document["scraps"] == 5
    assert "digits-2" in capsys.readouterr().out


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawn pages, a folder for each class that came up."""
    folder = tmp_path_factory.mktemp("pages")
    for number, (page, name) in enumerate(draw_classes(31, 24)):
        (folder / name).mkdir(exist_ok=True)
        cv2.imwrite(str(folder / name / f"{number}.png"), page)
    return folder


def test_evaluate_models_of_pages_side_by_side(
    pages: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures, plots = tmp_path / "f.json", tmp_path / "plots"
    models = ["--model", str(SHIPPED_PAGE), str(SHIPPED_PAGE)]
    arguments = ["evaluate", "--data", str(pages), *models, "--json", str(figures), "-o", str(plots)]
    assert main(arguments) == 0
    document = json.loads(figures.read_text())
    assert document["judged"] == "pages"
    assert document["classes"] == list(load_page_model().classes)
    assert (document["size"], len(document["confusion"])) == (24, len(document["classes"]))
    assert document["accuracy"] > 0.7
    assert document["wrong"] == round(24 * (1 - document["accuracy"]))
    printed = capsys.readouterr().out
    assert f"{24 - document['wrong']} of 24" in printed
    assert "envelope-180" in printed
    names = {f"page-{n}-{what}.png" for n in (1, 2) for what in ("confusion", "mistakes")}
    assert {path.name for path in plots.iterdir()} == names | {"reliability.png", "error-reject.png"}


def test_pages_are_judged_by_the_names_of_their_classes() -> None:
    """Not by their places: the folders need not be all classes, nor the models' classes in one order."""

    class Known(PageNetwork):
        def __init__(self, *classes: str) -> None:
            self.directory, self.name, self.card = Path("some"), "some", {"classes": classes}

        def predict_proba(self, crops: Image) -> NDArray[np.float32]:
            """All of them are cats."""
            return np.eye(len(self.classes), dtype=np.float32)[[self.classes.index("cat")] * len(crops)]

    pictures = Crops(np.zeros((4, 64, 64, 3), np.uint8), np.array([0, 0, 0, 1]), ("cat", "dog"))
    one, other = evaluate_pages([Known("bird", "cat", "dog"), Known("dog", "cat", "bird")], pictures)
    assert one.judgement.accuracy == other.judgement.accuracy == 0.75
    assert one.judgement.confusion.tolist() == [[0, 0, 0], [0, 3, 0], [0, 1, 0]]
    np.testing.assert_array_equal(one.judgement.confusion, other.judgement.confusion)
    with pytest.raises(DataError, match="'dog'"):
        evaluate_pages([Known("bird", "cat")], pictures)
    with pytest.raises(ModelError, match="other classes"):
        evaluate_pages([Known("cat", "dog"), Known("bird", "cat", "dog")], pictures)


def test_models_of_pages_and_of_digits_are_not_judged_together(
    pages: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", "--data", str(pages), "--model", str(SHIPPED_PAGE), str(SHIPPED)]) == 2
    assert "one kind at a time" in capsys.readouterr().err


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The truth.csv of the sample strips."""
    folder = tmp_path_factory.mktemp("fields")
    samples = Path(__file__).parents[2] / "sample_scans"
    lines = (samples / "truth.csv").read_text().splitlines()
    lines = [line for line in lines if line.startswith(("scan,", "strips/"))]
    assert len(lines) > 5
    (folder / "strips").symlink_to(samples / "strips")
    (folder / "truth.csv").write_text("\n".join(lines))
    return folder / "truth.csv"


def test_digits_of_scans_with_their_truth(truth: Path, tmp_path: Path) -> None:
    legible = truth.with_name("legible.csv")
    lines = truth.read_text().splitlines()
    # strip_04 is a scrawl in a broad pen that nobody reads.
    legible.write_text("\n".join(line for line in lines if not line.startswith("strips/strip_04")))
    arguments = ["--data", str(legible), "--judge", "digits", "--json", f"{tmp_path}/f.json"]
    assert main(["evaluate", *arguments]) == 0
    document = json.loads((tmp_path / "f.json").read_text())
    assert document["judged"] == "digits"
    assert document["accuracy"] > 0.8


def test_fields_of_scans_with_their_truth(
    truth: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures, plots = tmp_path / "f.json", tmp_path / "plots"
    models = ["--model", str(SHIPPED), str(SHIPPED)]
    arguments = ["evaluate", "--data", str(truth), *models, "--json", str(figures), "-o", str(plots)]
    assert main(arguments) == 0
    document = json.loads(figures.read_text())
    first, second = document["models"]
    assert {**first, "fields_per_second": 0} == {**second, "fields_per_second": 0}
    assert document["judged"] == "fields"
    rows = read_truth(truth)
    assert document["fields"] == len(rows)
    model, right = load_model(), 0
    for row in rows:
        (page,) = decode(row.scan, row.scan.name)
        alone = replace(page, image=part(page.image, row.box))
        (reading,) = read_pages([alone], DIGITS, model, model.parameters)
        right += reading.value == row.value
    assert document["exact"] == round(right / len(rows), 4)
    assert f"{document['exact']:.1%}" in capsys.readouterr().out
    names = {"reliability.png", "risk-coverage.png", "digits-1-mistakes.csv", "digits-2-mistakes.csv"}
    assert {path.name for path in plots.iterdir()} == names
    with (plots / "digits-1-mistakes.csv").open() as file:
        assert len(list(csv.DictReader(file))) == len(rows) - right


def test_fields_are_judged_by_what_their_layout_reads(tmp_path: Path) -> None:
    """A field found elsewhere, or not at all, was not read; what is refused was not accepted."""
    box, off = Box(0, 0, 20, 10), Box(60, 60, 20, 10)
    readings = [
        Reading("", 1, "right", "12", 0.95, box=box),
        Reading("", 1, "refused", "34", 0.95, box=box, reason=Reason.BAD_FORMAT),
        Reading("", 1, "elsewhere", "56", 0.95, box=off),
        Reading("", 1, "unsure", "90", 0.85, box=box),
    ]
    opened = []

    def open_reader(layout: object) -> Reader:
        opened.append(layout)
        return Reader(IDENTITY, lambda pages: [each for _ in pages for each in readings], lambda target: 0.9)

    cv2.imwrite(str(tmp_path / "page.png"), np.full((100, 100), 255, np.uint8))
    values = {"right": "12", "refused": "34", "elsewhere": "56", "unsure": "91", "missing": "78"}
    rows = [Row(tmp_path / "page.png", 1, value, box, DIGITS, name) for name, value in values.items()]
    (judged,) = evaluate_fields([(Path("some"), open_reader)], rows)
    assert opened == [DIGITS]
    assert judged.judgement.right.tolist() == [True, True, False, False, False]
    assert judged.judgement.taken.tolist() == [True, False, False, False, False]
    assert judged.judgement.confidence.tolist() == [0.95, 0.95, 0.0, 0.85, 0.0]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--data", "nowhere"], 2, "nowhere"),
        (["--data", "nowhere", "--judge", "fields"], 2, "nowhere holds no ledger"),
        (["--data", "README.md", "--judge", "lines"], 2, "lines"),
        (["--data", "README.md", "--model", "nowhere"], 6, "nowhere"),
        (["--model", "nowhere"], 2, "--data"),
    ],
)
def test_evaluate_tells_what_is_wrong_in_one_line(
    arguments: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", *arguments]) == code
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("nightsort: error: ")
    assert said in line


@pytest.mark.skipif(not MNIST.is_file(), reason="needs MNIST")
def test_the_shipped_network_of_mnist_reads_as_its_card_says(tmp_path: Path) -> None:
    model = SHIPPED.parent / "mnist"
    told = json.loads((model / "card.json").read_text())
    assert (told["parameters"] <= 350_000, told["multiply_adds"] <= 16_000_000) == (True, True)
    arguments = ["evaluate", "--data", "mnist", "--mnist", str(MNIST), "--model", str(model)]
    assert main([*arguments, "--json", str(tmp_path / "f.json")]) == 0
    found = json.loads((tmp_path / "f.json").read_text())
    assert found["wrong"] == pytest.approx(told["test"]["wrong"], abs=1)
    assert found["accuracy"] >= 0.997
    assert found["calibration_error"] <= 0.002
