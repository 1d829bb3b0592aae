"""report.html: the night on one page, in one file that opens anywhere, with no server and no network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from flows.reader import Identity
from flows.results import HISTOGRAM_BINS, Settled, Tally
from flows.settings import NightSettings
from flows.summary import REPORT_NAME, RunFigures
from pipeline.document import Reason, Status
from pipeline.results import write_atomically

if TYPE_CHECKING:
    from flows.pictures import Picture

MOST_FAILURES_LISTED = 200

REASONS_IN_WORDS = {
    Reason.LOW_CONFIDENCE: "read, but not sure enough",
    Reason.NOT_FOUND: "no such field was found on the page",
    Reason.BAD_FORMAT: "the digits do not have the form of this field",
    Reason.UNREADABLE_FILE: "the file is damaged or may not be read",
    Reason.NOT_AN_IMAGE: "the file is no picture and no PDF",
    Reason.EMPTY_FILE: "the file is empty",
    Reason.TRUNCATED_FILE: "the file ends too early",
    Reason.TOO_LARGE: "the file is larger than Nightsort reads",
    Reason.INTERNAL_ERROR: "Nightsort failed on it; please report it",
    Reason.ILLEGIBLE: "a person could not read it either",
    Reason.NOTHING_WRITTEN: "a person saw that nothing is written there",
    Reason.NOT_A_FIELD: "a person saw that this is not the field",
}


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


def write_report(
    out: Path,
    settings: NightSettings,
    identity: Identity,
    threshold: float,
    figures: RunFigures,
    tally: Tally,
) -> None:
    """Write OUT/report.html, whole or not at all. Raises OSError."""
    from flows.pictures import take_pictures  # noqa: PLC0415 - brings OpenCV

    page = render(settings, identity, threshold, figures, tally, take_pictures(tally.uncertain))
    write_atomically(out / REPORT_NAME, [page.encode("utf-8", "backslashreplace")])


def render(
    settings: NightSettings,
    identity: Identity,
    threshold: float,
    figures: RunFigures,
    tally: Tally,
    pictures: Sequence[Picture],
) -> str:
    """The page as text. pictures : of the fields to show, see `flows.pictures`."""
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415 - costs start-up time where not used

    source = files("flows").joinpath("templates/report.html.j2").read_text(encoding="utf-8")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["percent"] = percent
    return environment.from_string(source).render(
        settings=settings,
        identity=identity,
        threshold=threshold,
        figures=figures,
        tally=tally,
        shares=[(status, tally.statuses[status]) for status in Status if tally.statuses[status]],
        bars=histogram(tally.confidences),
        highest=max(_totals(tally.confidences)),
        reasons=[(count, reason, _in_words(reason)) for reason, count in _by_count(tally.reasons)],
        failures=_scans(tally.failures)[:MOST_FAILURES_LISTED],
        pictures=pictures,
    )


def histogram(confidences: Counter[tuple[int, Status]]) -> list[Bar]:
    """Bars of the fields by confidence, accepted on top of review, the highest 150 units high."""
    totals = _totals(confidences)
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


def _totals(confidences: Counter[tuple[int, Status]]) -> list[int]:
    return [sum(confidences[number, status] for status in Status) for number in range(HISTOGRAM_BINS)]


def percent(part: float, whole: float) -> str:
    """'12.5 %' of the whole; '-' of nothing."""
    return f"{100 * part / whole:.1f} %" if whole else "-"


def _in_words(reason: str) -> str:
    return REASONS_IN_WORDS.get(Reason(reason), "") if reason in set(Reason) else ""


def _by_count(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))


def _scans(failures: list[Settled]) -> list[list[Settled]]:
    return [list(pages) for _, pages in groupby(failures, lambda each: each.line.path)]
