"""The templates that the report and the review station share: one look, one set of components."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from flows.results import HISTOGRAM_BINS
from pipeline.document import Status

if TYPE_CHECKING:
    from jinja2 import Environment

_SHARE_WIDTH = 1000.0
_LEAST_WIDTH = 4.0


@dataclass(frozen=True)
class Bar:
    """A bin of the histogram, in units of its 400 x 160 picture.

    accepted, review : heights; left, width : where it stands.
    """

    left: float
    width: float
    accepted: float
    review: float
    label: str


@dataclass(frozen=True)
class Share:
    """A status's part of the fields, in units of a strip 1000 wide."""

    status: Status
    count: int
    left: float
    width: float


@cache
def templates() -> Environment:
    """Where pages are made: names are relative to flows/templates; everything is escaped."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined  # noqa: PLC0415 - start-up time

    def load(name: str) -> str:
        return files("flows").joinpath("templates", name).read_text(encoding="utf-8")

    environment = Environment(
        loader=FunctionLoader(load),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = percent
    return environment


def histogram(confidences: Counter[tuple[int, Status]]) -> list[Bar]:
    """Bars of the fields by confidence, accepted on top of review, the highest 150 units high."""
    totals = bin_totals(confidences)
    highest = max(totals) or 1
    step = 400 / HISTOGRAM_BINS
    bars = []
    for number, total in enumerate(totals):
        review = confidences[number, Status.REVIEW]
        low, high = number / HISTOGRAM_BINS, (number + 1) / HISTOGRAM_BINS
        label = f"confidence {low:.2f} to {high:.2f}: {total - review} accepted, {review} for review"
        scale = 150 / highest
        bars.append(Bar(number * step + 1, step - 2, (total - review) * scale, review * scale, label))
    return bars


def bin_totals(confidences: Counter[tuple[int, Status]]) -> list[int]:
    """Fields by bin of confidence."""
    return [sum(confidences[number, status] for status in Status) for number in range(HISTOGRAM_BINS)]


def shares(statuses: Counter[Status]) -> list[Share]:
    """The statuses that occur, side by side; none so narrow that it cannot be seen."""
    total = sum(statuses.values())
    widths = {s: max(_SHARE_WIDTH * statuses[s] / total, _LEAST_WIDTH) for s in Status if statuses[s]}
    scale = _SHARE_WIDTH / max(sum(widths.values()), 1.0)
    strip, left = [], 0.0
    for status, width in widths.items():
        strip.append(Share(status, statuses[status], left, width * scale))
        left += width * scale
    return strip


def percent(part: float, whole: float) -> str:
    """'12.5 %' of the whole; '-' of nothing."""
    return f"{100 * part / whole:.1f} %" if whole else "-"
