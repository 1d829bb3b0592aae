"""What the model commands print: judgements side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table

if TYPE_CHECKING:
    from models.evaluate import Evaluated
    from models.evaluate_fields import FieldsEvaluated
    from models.measures import Judgement


def standard_output() -> Console:
    """The console for results; where it is no terminal, wide enough never to cut a table."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=160)


def print_judgements(evaluated: Sequence[Evaluated]) -> None:
    """Print the figures of one model or of several side by side."""
    from models.evaluate import distinct_names  # noqa: PLC0415 - brings NumPy

    names = distinct_names(evaluated)
    for renderable in (
        _overall(evaluated, names),
        _per_class(evaluated, names),
        _rejecting(evaluated, names),
        *(_confusion(name, each) for name, each in zip(names, evaluated, strict=True)),
        *(_reliability(name, each.judgement) for name, each in zip(names, evaluated, strict=True)),
    ):
        standard_output().print(renderable)


def print_fields_judged(evaluated: Sequence[FieldsEvaluated]) -> None:
    """Print what models read of whole fields, one or several side by side."""
    from models.evaluate import distinct_names  # noqa: PLC0415 - brings NumPy
    from models.strings import TARGETS  # noqa: PLC0415

    judged = [each.judgement for each in evaluated]
    table = _table(f"{judged[0].size} fields", "", *distinct_names(evaluated))
    table.add_row("read exactly", *(f"{j.exact:.1%}" for j in judged))
    table.add_row("95 % interval", *(f"{j.interval[0]:.1%} to {j.interval[1]:.1%}" for j in judged))
    for target in TARGETS:
        table.add_row(f"may be taken at {target:.1%} wrong", *(f"{j.coverage(target):.1%}" for j in judged))
    taken = (f"{j.accepted} ({j.accepted / j.size:.1%}), {j.accepted_wrong} wrong" for j in judged)
    table.add_row("accepted at --target-error 0.01", *taken)
    table.add_row("calibration error", *(f"{j.calibration_error:.1%}" for j in judged))
    table.add_row("fields a second, one core", *(f"{each.fields_per_second:,.0f}" for each in evaluated))
    standard_output().print(table)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold")
    table.add_column(columns[0])
    for column in columns[1:]:
        table.add_column(column, justify="right")
    return table


def _overall(evaluated: Sequence[Evaluated], names: Sequence[str]) -> RenderableType:
    judged = [each.judgement for each in evaluated]
    over = "the ten digits" if _of_digits(evaluated) else f"{len(evaluated[0].classes)} classes of pages"
    table = _table(f"Accuracy over {over}", "", *names)
    table.add_row("accuracy", *(f"{j.accuracy:.2%}" for j in judged))
    table.add_row("95 % interval", *(f"{j.interval[0]:.2%} to {j.interval[1]:.2%}" for j in judged))
    table.add_row("right of total", *(f"{(j.read == j.true).sum()} of {j.size}" for j in judged))
    table.add_row("loss", *(f"{j.loss:.4f}" for j in judged))
    table.add_row("calibration error", *(f"{j.calibration_error:.2%}" for j in judged))
    if judged[0].scraps:
        table.add_row("scraps", *(str(j.scraps) for j in judged))
        scraps = [j.scraps_called_digits for j in judged]
        row = (f"{share:.2%}" if share is not None else "" for share in scraps)
        table.add_row("called digits at 1 % lost", *row)
    what = "crops" if _of_digits(evaluated) else "pictures"
    table.add_row(f"{what} a second, one core", *(f"{each.crops_per_second:,.0f}" for each in evaluated))
    return table


def _of_digits(evaluated: Sequence[Evaluated]) -> bool:
    from models.evaluate import DIGITS  # noqa: PLC0415 - brings NumPy

    return evaluated[0].classes == DIGITS


def _per_class(evaluated: Sequence[Evaluated], names: Sequence[str]) -> RenderableType:
    heads = [f"{name}: {what}" if len(names) > 1 else what for name in names for what in ("found", "right")]
    title = "Class by class: share found, share of what is named so that is right"
    if _of_digits(evaluated):
        title = "Digit by digit: share found, share of its readings that are right"
    table = _table(title, "", "crops" if _of_digits(evaluated) else "pictures", *heads)
    for rows in zip(*(each.judgement.per_class for each in evaluated), strict=True):
        figures = [f"{share:.2%}" for row in rows for share in (row.recall, row.precision)]
        table.add_row(evaluated[0].classes[rows[0].digit], str(rows[0].size), *figures)
    return table


def _rejecting(evaluated: Sequence[Evaluated], names: Sequence[str]) -> RenderableType:
    table = _table("Wrong among the rest, when the least confident are put aside", "put aside", *names)
    for points in zip(*(each.judgement.error_reject for each in evaluated), strict=True):
        table.add_row(f"{points[0][0]:.1%}", *(f"{error:.2%}" for _, error in points))
    return table


def _confusion(name: str, evaluated: Evaluated) -> RenderableType:
    what = "digit" if _of_digits([evaluated]) else "class"
    table = _table(f"{name}: true {what} down, read as across", "", *evaluated.classes)
    for number, row in enumerate(evaluated.judgement.confusion.tolist()):
        cells = (f"[bold]{n}[/]" if column == number else str(n or "·") for column, n in enumerate(row))
        table.add_row(evaluated.classes[number], *cells)
    return table


def _reliability(name: str, judgement: Judgement) -> RenderableType:
    table = _table(f"{name}: is the confidence true?", "confidence", "crops", "mean confidence", "right")
    for each in judgement.reliability:
        table.add_row(
            f"{each.low:.2f} to {each.high:.2f}",
            str(each.size),
            f"{each.confidence:.2%}",
            f"{each.accuracy:.2%}",
        )
    return table
