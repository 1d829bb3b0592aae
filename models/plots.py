"""Pictures of training and of judging, as PNG files, by matplotlib."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from models.measures import Bin, Judgement
from models.strings import TARGET, StringJudgement
from pipeline.document import Image

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 110
SHOWN_MISTAKES = 48


class Calibrated(Protocol):
    """Confidences held against what was right, of crops or of fields."""

    @property
    def size(self) -> int:
        """How many were judged."""

    @property
    def calibration_error(self) -> float:
        """Mean gap of confidence and share right."""

    @property
    def reliability(self) -> tuple[Bin, ...]:
        """Those of like confidence."""


def _figure(width: float, height: float, rows: int = 1, columns: int = 1) -> tuple[Figure, list[Axes]]:
    """A figure that needs no display, and its axes row by row."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - slow to import
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, list(np.ravel(np.array(figure.subplots(rows, columns), dtype=object)))


def plot_curves(
    histories: Mapping[str, Sequence[Mapping[str, float]]], path: Path, watched: str = "held-back"
) -> None:
    """Loss and accuracy epoch by epoch, a colour for each of `histories`.

    Rows hold `epoch`, `loss`, `accuracy` (solid) and, where some data was watched, `watched_loss`
    and `watched_accuracy` (dashed).
    """
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415

    figure, axes = _figure(9.0, 3.8, 1, 2)
    for axis, what in zip(axes, ("loss", "accuracy"), strict=True):
        for number, (name, rows) in enumerate(histories.items()):
            epochs = [row["epoch"] for row in rows]
            label = f"{name}, " if len(histories) > 1 else ""
            axis.plot(epochs, [row[what] for row in rows], color=f"C{number}", label=f"{label}training")
            if rows and f"watched_{what}" in rows[0]:
                values = [row[f"watched_{what}"] for row in rows]
                axis.plot(epochs, values, "--", color=f"C{number}", label=f"{label}{watched}")
        axis.set(xlabel="epoch", ylabel=what)
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
        axis.grid(alpha=0.3)
        axis.legend(fontsize=8)
    figure.savefig(path, dpi=DPI)


def plot_confusion(confusion: NDArray[np.int64], path: Path, names: Sequence[str] = "0123456789") -> None:
    """The confusion matrix: shade by the share of the row, numbers are counts."""
    letters = max(map(len, names))
    figure, (axis,) = _figure(5.4 + 0.2 * letters, 5.0 + 0.2 * letters)
    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    # Mistakes are few: with plain shares nothing would be seen beside the diagonal.
    axis.imshow(np.sqrt(shares), cmap="Blues", vmin=0.0, vmax=1.0)
    for (row, column), count in np.ndenumerate(confusion):
        if count:
            colour = "white" if shares[row, column] > 0.4 else "black"
            axis.text(column, row, str(count), ha="center", va="center", fontsize=8, color=colour)
    axis.set_xticks(range(len(names)), list(names), rotation=0 if letters == 1 else 90)
    axis.set_yticks(range(len(names)), list(names))
    axis.set(xlabel="read", ylabel="true")
    figure.savefig(path, dpi=DPI)


def plot_mistakes(
    crops: Image, judgement: Judgement, path: Path, names: Sequence[str] = "0123456789"
) -> None:
    """The crops (N, 28, 28), or pages (N, 64, 64, 3) BGR, that are read wrong with the most confidence.

    judgement : of these crops. names : of the classes.
    """
    wrong = np.flatnonzero(judgement.read != judgement.true)
    worst = wrong[np.argsort(-judgement.confidence[wrong])][:SHOWN_MISTAKES]
    columns = 8
    rows = max(1, -(-len(worst) // columns))
    wide = 1.1 if max(map(len, names)) == 1 else 2.0
    figure, axes = _figure(columns * wide, rows * (wide + 0.25), rows, columns)
    for axis in axes:
        axis.set_axis_off()
    for axis, index in zip(axes, worst, strict=False):
        picture = crops[index] if crops.ndim == 3 else crops[index][..., ::-1]
        axis.imshow(picture, cmap="gray_r", vmin=0, vmax=255)
        said = f"{names[judgement.read[index]]} ({judgement.confidence[index]:.0%})"
        axis.set_title(f"{names[judgement.true[index]]} read {said}", fontsize=7)
    if not len(worst):
        axes[0].text(0.0, 0.5, "no mistake")
    figure.savefig(path, dpi=DPI)


def plot_reliability(judgements: Mapping[str, Calibrated], path: Path) -> None:
    """Share right against confidence: what is calibrated lies on the diagonal."""
    figure, (axis,) = _figure(5.2, 4.8)
    axis.plot([0, 1], [0, 1], color="grey", linewidth=0.8)
    for name, judgement in judgements.items():
        bins = judgement.reliability
        sizes = [8.0 + 40.0 * (b.size / judgement.size) ** 0.5 for b in bins]
        label = f"{name}: calibration error {judgement.calibration_error:.2%}"
        (line,) = axis.plot([b.confidence for b in bins], [b.accuracy for b in bins], label=label)
        axis.scatter([b.confidence for b in bins], [b.accuracy for b in bins], sizes, color=line.get_color())
    axis.set(xlabel="confidence", ylabel="share right", xlim=(0, 1.02), ylim=(0, 1.02))
    axis.legend(fontsize=8)
    figure.savefig(path, dpi=DPI)


def plot_error_reject(judgements: Mapping[str, Judgement], path: Path) -> None:
    """Error of what is kept against the share put aside, least confident first."""
    figure, (axis,) = _figure(5.8, 4.4)
    for name, judgement in judgements.items():
        order = np.argsort(-judgement.confidence, kind="stable")
        wrong = np.cumsum((judgement.read != judgement.true)[order])
        kept = np.arange(1, len(order) + 1)
        axis.plot(100.0 * (1.0 - kept / len(order)), 100.0 * wrong / kept, label=name)
    axis.set(
        xlabel="put aside for a person, %", ylabel="wrong among the rest, %", xlim=(0, 30), ylim=(0, None)
    )
    axis.grid(alpha=0.3)
    axis.legend(fontsize=8)
    figure.savefig(path, dpi=DPI)


def plot_risk_coverage(judgements: Mapping[str, StringJudgement], path: Path) -> None:
    """Share wrong of the fields taken, most certain first, against the share taken."""
    figure, (axis,) = _figure(5.8, 4.4)
    axis.axhline(100.0 * TARGET, color="grey", linewidth=0.8)
    for name, judgement in judgements.items():
        risk = judgement.risk
        label = f"{name}: {judgement.coverage(TARGET):.1%} at {TARGET:.0%} wrong, {judgement.exact:.1%} exact"
        axis.plot(100.0 * np.arange(1, len(risk) + 1) / judgement.size, 100.0 * risk, label=label)
    axis.set(xlabel="taken unseen, %", ylabel="wrong among these, %", xlim=(0, 100), ylim=(0, None))
    axis.grid(alpha=0.3)
    axis.legend(fontsize=8)
    figure.savefig(path, dpi=DPI)
