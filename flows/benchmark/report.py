"""What a benchmark leaves: a table, figures as JSON, every piece as CSV, the worst ones as pictures."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import asdict
from io import StringIO
from pathlib import Path

import cv2
from rich import box
from rich.table import Table

from flows.benchmark.envelopes import Order, Outcome, draw_piece, open_for
from flows.benchmark.figures import Figures
from flows.model_tables import standard_output
from pipeline.document import Page

WORST = 24
_COLUMNS = ("number", "case", "truth", "value", "confidence", "accepted", "found", "milliseconds")


def print_figures(figures: dict[str, Figures], order: Order, outcomes: Sequence[Outcome]) -> None:
    """Print a row for all pieces and one for every case."""
    without = f" without {', '.join(order.without)}" if order.without else ""
    table = Table(
        title=f"{len(outcomes)} drawn mail pieces, codes of {order.postal}{without}, seed {order.seed}",
        box=box.SIMPLE_HEAD,
        title_justify="left",
        title_style="bold",
    )
    table.add_column("case")
    for column in (
        "pieces", "exact", "cover@1%", "accepted", "of them wrong", "no code on", "found there", "suggested",
        "ms a piece",
    ):  # fmt: skip
        table.add_column(column, justify="right")
    for name, each in figures.items():
        table.add_row(name, *_cells(each))
    standard_output().print(table)
    standard_output().print(
        "found: accepted, or as probable as finds are; suggested: any value, for a person to decide"
    )


def _cells(figures: Figures) -> list[str]:
    read = (
        [f"{figures.exact:.1%}", f"{figures.coverage:.1%}", f"{figures.accepted:.1%}"]
        if figures.coded
        else ["", "", ""]
    )
    found = [figures.uncoded, figures.false_finds, figures.offered] if figures.uncoded else ["", "", ""]
    return [
        str(figures.pieces),
        *read,
        str(figures.accepted_wrong),
        *map(str, found),
        f"{figures.milliseconds:.0f}",
    ]


def write_report(
    out: Path, figures: dict[str, Figures], order: Order, outcomes: Sequence[Outcome]
) -> list[Path]:
    """Write figures.json, pieces.csv and worst/*.jpg below `out`; returns their places. Raises OSError."""
    out.mkdir(parents=True, exist_ok=True)
    document = {
        "order": {**asdict(order), "model": order.model and str(order.model), "pieces": len(outcomes)},
        "figures": {
            name: {**asdict(each), "false_find_rate": each.false_find_rate} for name, each in figures.items()
        },
    }
    (out / "figures.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    text = StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for each in outcomes:
        writer.writerow([getattr(each, column) for column in _COLUMNS])
    (out / "pieces.csv").write_text(text.getvalue(), encoding="utf-8")
    return [out / "figures.json", out / "pieces.csv", draw_worst(out / "worst", order, outcomes)]


def worst(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The pieces to look at first: wrong ones by falling confidence, then codes that were not found."""
    failed = [each for each in outcomes if each.wrong or (each.truth and not each.value)]
    return sorted(failed, key=lambda each: (-each.confidence, each.number))[:WORST]


def draw_worst(folder: Path, order: Order, outcomes: Sequence[Outcome]) -> Path:
    """A picture of each of the worst pieces with every decision on it."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.jpg"):
        old.unlink()
    explain = open_for(order).explain
    assert explain is not None
    for rank, outcome in enumerate(worst(outcomes), 1):
        piece = draw_piece(order, outcome.number)
        page = Page(str(outcome.number), 1, piece.page, piece.dpi)
        picture = explain(page)
        told = f"{outcome.case}: is {outcome.truth or 'no code'}, read {outcome.value or 'nothing'}"
        cv2.putText(picture, told, (8, picture.shape[0] - 8), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (0, 0, 200), 2)
        name = f"{rank:02d}_{outcome.case}_{outcome.number}.jpg"
        _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 85])
        (folder / name).write_bytes(data.tobytes())
    return folder
