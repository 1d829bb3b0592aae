"""report.html: the night on one page, in one file that opens anywhere, with no server and no network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from flows.history import History
from flows.pages import bin_totals, histogram, shares, templates
from flows.reader import Identity
from flows.results import Settled, Tally
from flows.settings import NightSettings
from flows.summary import REPORT_NAME, RunFigures
from pipeline.document import Reason
from pipeline.results import write_atomically

if TYPE_CHECKING:
    from flows.pictures import Picture
    from flows.review.quality import Audit

MOST_FAILURES_LISTED = 200

REASONS_IN_WORDS = {
    Reason.LOW_CONFIDENCE: "read, but not sure enough",
    Reason.NOT_FOUND: "no such field was found on the page",
    Reason.BAD_FORMAT: "the digits do not have the form of this field",
    Reason.NOT_REGISTERED: "the form layout does not fit the page",
    Reason.NO_LAYOUT: "the page is a form, and no layout for it was given",
    Reason.OTHER_PAGE: "the page is of no kind that is read",
    Reason.UNSURE_KIND: "read, but it is not sure what kind of page it is",
    Reason.CROSSED_OUT: "a box of the field looks crossed out",
    Reason.GUIDE_MARKS: "guide marks in the boxes are as dark as the writing",
    Reason.CHECK_DIGIT: "the check digit does not fit the other digits",
    Reason.SUM_DIFFERS: "the sum on the form does not come out",
    Reason.UNKNOWN_ZIP: "no such ZIP code exists",
    Reason.BARCODE_MISMATCH: "the barcode on the piece states another code",
    Reason.UNREADABLE_FILE: "the file is damaged or may not be read",
    Reason.NOT_AN_IMAGE: "the file is no picture and no PDF",
    Reason.EMPTY_FILE: "the file is empty",
    Reason.TRUNCATED_FILE: "the file ends too early",
    Reason.TOO_LARGE: "the file is larger than Nightsort reads",
    Reason.TOO_SLOW: "reading it took too long",
    Reason.INTERNAL_ERROR: "Nightsort failed on it; please report it",
    Reason.ILLEGIBLE: "a person could not read it either",
    Reason.NOTHING_WRITTEN: "a person saw that nothing is written there",
    Reason.NOT_A_FIELD: "a person saw that this is not the field",
}


def write_report(
    out: Path,
    settings: NightSettings,
    identity: Identity,
    threshold: float,
    figures: RunFigures,
    tally: Tally,
    history: History,
) -> None:
    """Write OUT/report.html, whole or not at all. Raises OSError, LedgerError."""
    from flows.pictures_apart import take_pictures_apart  # noqa: PLC0415 - brings OpenCV
    from flows.review.quality import audit_of  # noqa: PLC0415 - only here of all that a run does

    pictures = take_pictures_apart(tally.uncertain)
    page = render(settings, identity, threshold, figures, tally, pictures, audit_of(out), history)
    write_atomically(out / REPORT_NAME, [page.encode("utf-8", "backslashreplace")])


def render(
    settings: NightSettings,
    identity: Identity,
    threshold: float,
    figures: RunFigures,
    tally: Tally,
    pictures: Sequence[Picture],
    audit: Audit | None = None,
    history: History | None = None,
) -> str:
    """The page as text. pictures : of the fields to show, see `flows.pictures`."""
    return (
        templates()
        .get_template("report.html.j2")
        .render(
            settings=settings,
            identity=identity,
            threshold=threshold,
            figures=figures,
            tally=tally,
            shares=shares(tally.statuses),
            audit=audit,
            history=history or History(),
            bars=histogram(tally.confidences),
            highest=max(bin_totals(tally.confidences)),
            reasons=reasons_in_words(tally.reasons),
            failures=_scans(tally.failures)[:MOST_FAILURES_LISTED],
            pictures=pictures,
        )
    )


def reasons_in_words(counts: Counter[str]) -> list[tuple[int, str, str]]:
    """Count, reason and what it means, the most frequent first."""
    by_count = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    return [(count, reason, in_words(reason)) for reason, count in by_count]


def in_words(reason: str) -> str:
    """A reason for a person; '' for none."""
    return REASONS_IN_WORDS.get(Reason(reason), "") if reason in set(Reason) else ""


def _scans(failures: list[Settled]) -> list[list[Settled]]:
    return [list(pages) for _, pages in groupby(failures, lambda each: each.line.path)]
