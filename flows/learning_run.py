"""`nightsort train --from` from the fields to the table before and after. Brings TensorFlow."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from models.network import CARD
from models.quiet import native_chatter_dropped

with native_chatter_dropped():  # TensorFlow's notes on the machine, at import
    from models.learn import learn
    from models.learn_networks import Lesson
from flows.console import standard_error
from flows.errors import ExitCode
from flows.model_tables import standard_output
from models.truth import Row

SHOWN_DOUBTS = 20


def run_learning(rows: Sequence[Row], base: Path, out: Path, command: str) -> int:
    """Learn from fields with their values, print what it brought; returns the exit code.

    `out` is written once all is done, so it may be `base`, and stopping leaves it as it was.
    Raises DataError, ModelError, OSError.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".nightsort-", dir=out.parent) as aside:
        new = Path(aside) / out.name
        with LearningProgress(standard_error()) as progress:
            told = learn(rows, base, new, Lesson(), progress.watch, command)
        out.mkdir(exist_ok=True)
        for each in sorted(new.iterdir()):
            each.replace(out / each.name)
    standard_output().print(before_and_after(told))
    if told["doubts"]:
        count = len(told["doubts"])
        print(f"{count} of the values given are surely read otherwise, the surest first; look at them again:")
        standard_output().print(doubted(told["doubts"]))
        if count > SHOWN_DOUBTS:
            print(f"and {count - SHOWN_DOUBTS} more, in {out / CARD}")
    print(_outcome(told, out))
    return int(ExitCode.OK)


class LearningProgress:
    """What is being done: a bar on a terminal, elsewhere a line for each finished step of it."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._task: TaskID | None = None
        self._what = ""
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def watch(self, what: str, done: int, steps: int) -> None:
        """Show it (see `models.learn.Watch`)."""
        if self._task is None or what != self._what:
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._what, self._task = what, self._bar.add_task(what)
        self._bar.update(self._task, completed=done, total=steps)
        if not self._console.is_terminal and done == steps:
            self._console.print(f"nightsort: {what}: {done} of {steps}", highlight=False)


def before_and_after(told: dict[str, Any]) -> Table:
    """The figures on all fields, old model and new side by side."""
    before, after = told["before"], told["after"]
    title = f"On {before['fields']} fields, none learned from before it was read"
    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold")
    for head in ("", "before", "after"):
        table.add_column(head, justify="left" if not head else "right")
    for name, show in _ROWS:
        table.add_row(name, show(before), show(after))
    return table


_ROWS: tuple[tuple[str, Callable[[dict[str, Any]], str]], ...] = (
    ("read exactly", lambda f: f"{f['exact']:.1%}"),
    ("95 % interval", lambda f: f"{f['interval'][0]:.1%} to {f['interval'][1]:.1%}"),
    ("may be taken at 1 % error", lambda f: f"{f['coverage']['0.01']:.1%}"),
    ("accepted at --target-error 0.01", lambda f: f"{f['accepted']}, {f['accepted_wrong']} wrong"),
    ("calibration error", lambda f: f"{f['calibration_error']:.1%}"),
    ("logarithmic score", lambda f: f"{f['log_score']:.3f}"),
)


def doubted(doubts: Sequence[dict[str, Any]]) -> Table:
    """The values that a person may look at again, those that are most surely contradicted first."""
    table = Table(box=box.SIMPLE_HEAD)
    for head in ("field", "given", "read", "sure"):
        table.add_column(head)
    for doubt in doubts[:SHOWN_DOUBTS]:
        table.add_row(doubt["field"], doubt["value"], doubt["read"], f"{doubt['confidence']:.1%}")
    return table


def _outcome(told: dict[str, Any], out: Path) -> str:
    learned = told["fields"]
    if told["kept"]:
        return f"model: {out}, learned from {learned} fields; to read with it: nightsort run --model {out}"
    return f"model: {out} is the old one: what was learned from {learned} fields is not better"
