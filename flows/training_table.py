"""What a person sees of a training: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich import box
from rich.console import Console
from rich.live import Live
from rich.table import Table

if TYPE_CHECKING:
    from models.compare import Line
    from models.dataflow import Stage
    from models.training import Row

HEADS = ("epoch", "loss", "accuracy", "loss", "accuracy", "seconds")


class TrainingTable:
    """Looks on while networks learn; a context manager.

    watched : what the second loss and accuracy are of.
    """

    def __init__(self, console: Console, watched: str) -> None:
        self._console, self._watched = console, watched
        self._live: Live | None = None
        self._rows: list[Row] = []
        self._steps = self._epochs = 0
        self._started = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def flow(self, stages: Sequence[Stage]) -> None:
        """Print the flow of the data, three lines a stage: shapes, what happens, an example."""
        for stage in stages:
            self._console.print(
                f"[bold]{stage.name:<8}[/] {stage.given} -> {stage.made}\n"
                f"         {stage.does}\n         e.g. {stage.example}",
                soft_wrap=True,
            )
        self._console.print()

    def begin(self, epochs: int, steps: int, rows: list[Row]) -> None:
        """Show the epochs that were done before, and wait for more."""
        self._epochs, self._steps, self._rows = epochs, steps, rows
        self._started = time.monotonic()
        if self._console.is_terminal:
            self._live = Live(self._table(), console=self._console, refresh_per_second=8)
            self._live.start()
        else:
            for row in rows:
                self._print(row)

    def step(self, done: int, loss: float, accuracy: float) -> None:
        """Show how far the epoch is."""
        if self._live is not None:
            seconds = f"{time.monotonic() - self._started:.1f}"
            share = f"{len(self._rows) + 1} ({done / self._steps:.0%})"
            self._live.update(self._table((share, f"{loss:.4f}", f"{accuracy:.2%}", "", "", seconds)))

    def epoch(self, row: Row) -> None:
        """Show a whole epoch."""
        self._rows.append(row)
        self._started = time.monotonic()
        if self._live is None:
            self._print(row)
            return
        self._live.update(self._table())
        if len(self._rows) == self._epochs:
            self._end()

    def answer(self, stage: Stage) -> None:
        """Print the answer of the trained network to the crop of the example."""
        self._end()
        self._console.print(f"predict: {stage.example}")

    def _end(self) -> None:
        if self._live is not None:
            self._live.update(self._table())
            self._live.stop()
            self._live = None

    def _table(self, running: tuple[str, ...] | None = None) -> Table:
        table = Table(box=box.SIMPLE_HEAD)
        for number, head in enumerate(HEADS):
            table.add_column(f"{self._watched} {head}" if number in {3, 4} else head, justify="right")
        for row in self._rows:
            table.add_row(*_cells(row))
        if running is not None:
            table.add_row(*running, style="dim")
        return table

    def _print(self, row: Row) -> None:
        _, loss, accuracy, watched_loss, watched_accuracy, seconds = _cells(row)
        self._console.print(
            f"epoch {row['epoch']:.0f}/{self._epochs}: loss {loss}, accuracy {accuracy}, "
            f"{self._watched} loss {watched_loss}, {self._watched} accuracy {watched_accuracy}, {seconds} s"
        )


def _cells(row: Row) -> tuple[str, ...]:
    return (
        f"{row['epoch']:.0f}",
        f"{row['loss']:.4f}",
        f"{row['accuracy']:.2%}",
        f"{row['watched_loss']:.4f}",
        f"{row['watched_accuracy']:.2%}",
        f"{row['seconds']:.1f}",
    )


def comparison_table(lines: Sequence[Line]) -> Table:
    """Activations side by side, best first."""
    table = Table(box=box.SIMPLE_HEAD)
    heads = ("seeds", "accuracy", "lowest", "highest", "after 1 epoch", "loss", "slope", "seconds")
    table.add_column("activation")
    for head in heads:
        table.add_column(head, justify="right")
    for line in lines:
        spread = f" ± {100 * line.spread:.2f}" if line.seeds > 1 else ""
        table.add_row(
            line.activation,
            str(line.seeds),
            f"{100 * line.accuracy:.2f}{spread} %",
            f"{line.worst:.2%}",
            f"{line.best:.2%}",
            f"{line.first_epoch:.2%}",
            f"{line.loss:.4f}",
            f"{line.passed:.2f}",
            f"{line.seconds:.0f}",
        )
    return table
