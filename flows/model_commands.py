"""`nightsort evaluate` and `explain`: models judged and looked into, from the command line.

Defines options and prints; NumPy, OpenCV and TensorFlow are imported once a command runs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from flows.errors import ExitCode, ModelUnavailableError, NightError, UsageError

if TYPE_CHECKING:
    from models.labelled import Cutter
    from models.truth import Row

DATA_HELP = (
    "mnist, an npz file with x and y, a folder with a folder of pictures for each digit, a folder with "
    "MNIST's IDX files, a JSON file with a box for each digit, or a truth.csv, the latter two beside their "
    "scans."
)
MNIST_HELP = "MNIST's npz file, instead of Keras's cache or download."
MnistFile = Annotated[Path | None, Parameter(help=MNIST_HELP)]


def evaluate(
    *,
    data: Annotated[
        str,
        Parameter(help=f"{DATA_HELP[:-1]}, or the folder of a night with fields that people verified."),
    ],
    judge: Annotated[
        Literal["fields", "digits"] | None,
        Parameter(
            help="fields: whole values, read as a night reads them; digits: crops one by one, or pages. Of a "
            "truth.csv and of a night fields if not given."
        ),
    ] = None,
    model: Annotated[
        list[Path] | None,
        Parameter(
            consume_multiple=True, negative=(), help="Folders of models to judge, instead of the shipped one."
        ),
    ] = None,
    json: Annotated[Path | None, Parameter(help="File for the figures, as JSON.")] = None,
    out: Annotated[
        Path | None, Parameter(name=["--out", "-o"], help="Folder for the plots and the worst mistakes.")
    ] = None,
    mnist: MnistFile = None,
) -> int:
    """Judge models side by side: on fields with their values, on labelled digits, or on pictures of pages.

    Of fields: read exactly, what may be taken at which error, accepted and wrong
    among them, calibration of the confidence. Of digits: accuracy, confusion,
    calibration, what rejecting buys, over the ten digits. Of pages, for models of
    pages: the same over their classes, of a folder with a folder of pictures for
    each class, or of pages drawn for it (--data pages). With several models the
    top level of the JSON is the first one's.
    """
    with told_errors():
        if (judge or _natural_judge(data)) == "fields":
            _judge_fields(Path(data), model, json, out)
        else:
            _judge_digits(data, model, json, out, mnist)
    return int(ExitCode.OK)


def _natural_judge(data: str) -> str:
    """What is judged of such data if nothing is said."""
    from flows.ledger import FILE_NAME  # noqa: PLC0415 - brings NumPy

    return "fields" if data.endswith(".csv") or (Path(data) / FILE_NAME).is_file() else "digits"


def _judge_fields(source: Path, places: list[Path] | None, json: Path | None, out: Path | None) -> None:
    from flows import model_tables  # noqa: PLC0415
    from flows.reader import reader_of  # noqa: PLC0415
    from models import evaluate_fields as judging  # noqa: PLC0415
    from models import load_model  # noqa: PLC0415
    from models.evaluate import distinct_names, write_json  # noqa: PLC0415

    rows = rows_from(source)
    models = [load_model(place) for place in places] if places else [load_model()]
    candidates = [(each.directory, partial(reader_of, network=each)) for each in models]
    evaluated = judging.evaluate_fields(candidates, rows)
    model_tables.print_fields_judged(evaluated)
    if json is not None:
        write_json(judging.to_document(evaluated, str(source)), json)
    if out is not None:
        judging.draw(dict(zip(distinct_names(evaluated), evaluated, strict=True)), rows, out)


def _judge_digits(
    data: str, places: list[Path] | None, json: Path | None, out: Path | None, mnist: Path | None
) -> None:
    from flows import model_tables  # noqa: PLC0415
    from models import evaluate as judging  # noqa: PLC0415
    from models.classifier import SHIPPED  # noqa: PLC0415
    from models.data import load_crops  # noqa: PLC0415
    from models.page_classifier import PageNetwork, open_network  # noqa: PLC0415
    from models.page_pictures import load_pages  # noqa: PLC0415

    found = places or [SHIPPED]
    networks = [open_network(place) for place in found]
    pages = [network for network in networks if isinstance(network, PageNetwork)]
    if pages and len(pages) < len(networks):
        raise UsageError("--model names models of pages and of digits; judge them one kind at a time")
    if pages:
        crops = load_pages(data)
        evaluated = judging.evaluate_pages(pages, crops)
    else:
        crops = load_crops(data, mnist, cutter_for(data, found[0]))
        evaluated = judging.evaluate(networks, crops)
    model_tables.print_judgements(evaluated)
    if json is not None:
        judging.write_json(judging.to_document(evaluated, data), json)
    if out is not None:
        judging.draw(evaluated, crops, out)


def explain(
    image: Annotated[Path, Parameter(name="IMAGE", help="A 28x28 crop, or the picture of a field.")],
    /,
    *,
    versus: Annotated[
        int | None, Parameter(help="Digit to hold the reading against; the next likely if not given.")
    ] = None,
    model: Annotated[Path | None, Parameter(help="Folder of a model, instead of the shipped one.")] = None,
    out: Annotated[
        Path, Parameter(name=["--out", "-o"], help="The page to write; the picture goes beside it as PNG.")
    ] = Path("explain.html"),
) -> int:
    """Show how a crop or a field is read: its pixels, every layer, and what speaks for the answer.

    Writes one HTML page that opens without a server, and the same in short as a
    PNG picture.
    """
    if versus is not None and not 0 <= versus <= 9:
        raise UsageError(f"--versus {versus} is no digit; give one from 0 to 9")
    if out.suffix.lower() not in {".html", ".htm"}:
        raise UsageError(f"--out {out} is no page; give a name that ends in .html")
    if out.with_suffix(".png").resolve() == image.resolve():
        raise UsageError(f"--out {out} would write its picture over {image}; give another name")
    with told_errors():
        import cv2  # noqa: PLC0415

        from models.classifier import SHIPPED  # noqa: PLC0415
        from models.explain import explain_picture, open_network  # noqa: PLC0415
        from models.explain_page import render_page  # noqa: PLC0415
        from models.explain_sheet import draw_sheet  # noqa: PLC0415

        network = open_network(model or SHIPPED)
        field, explanations = explain_picture(image, network, versus)
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(render_page(image.name, field, explanations, network), encoding="utf-8")
        _, png = cv2.imencode(".png", cv2.cvtColor(draw_sheet(field, explanations), cv2.COLOR_RGB2BGR))
        out.with_suffix(".png").write_bytes(png.tobytes())
    for crop in explanations:
        print(f"{crop.best} ({crop.proba[crop.best]:.1%}), lead over {crop.rival}: {crop.saliency.lead:+.2f}")
    for each in field.said:
        (one, other), value = field.readers, each.value or "nothing"
        print(f"{value}: {one} {each.cut:.1%}, {other} {each.whole:.1%}, together {each.together:.1%}")
    print(f"page:    {out}\npicture: {out.with_suffix('.png')}")
    return int(ExitCode.OK)


def cutter_for(data: str, place: Path | None) -> Cutter | None:
    """What cuts the scans of a truth.csv, None where the data is no such file."""
    if not data.endswith(".csv"):
        return None
    from models import load_model  # noqa: PLC0415
    from models.labelled import Cutter  # noqa: PLC0415

    model = load_model(place)
    return Cutter(model, model.parameters)


def rows_from(source: Path) -> list[Row]:
    """Fields with their values, from a truth.csv or the folder of a night; says what it leaves out."""
    if source.suffix == ".csv":
        from models.truth import read_truth  # noqa: PLC0415

        return read_truth(source)
    from flows.review.verified import learnable  # noqa: PLC0415

    found = learnable(source)
    missing = "; ".join(f"{count} {what}" for what, count in sorted(found.left_out.items()))
    told = f"{source}: {len(found.rows)} verified fields"
    print(f"{told}; left out: {missing}" if missing else told, file=sys.stderr)
    if not found.rows:
        raise UsageError(f"{source} has no verified field to take; settle some with nightsort review")
    return found.rows


@contextmanager
def told_errors() -> Iterator[None]:
    """Turn what the models folder raises into errors that carry an exit code."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's chatter about the machine
    try:
        yield
    except NightError:
        raise
    except ImportError as error:
        missing = (error.name or str(error)).partition(".")[0]
        if missing not in {"tensorflow", "keras", "matplotlib"}:
            raise
        raise UsageError(f"{missing} is not installed; add it with pip install 'nightsort[train]'") from error
    except Exception as error:
        from models import ModelError  # noqa: PLC0415
        from models.labelled import DataError  # noqa: PLC0415

        if isinstance(error, ModelError):
            raise ModelUnavailableError(str(error)) from error
        if isinstance(error, DataError):
            raise UsageError(str(error)) from error
        raise
