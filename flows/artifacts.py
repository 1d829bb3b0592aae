"""What a night shows in Prefect's user interface: how far it is, its figures, what needs a person."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, cast
from uuid import UUID

from prefect.artifacts import (
    create_link_artifact,
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)

from flows.night import Night
from flows.pages import percent
from flows.results import Settled
from flows.summary import REPORT_NAME
from pipeline.document import Status

MOST_ROWS = 500
MOVE_EVERY_S = 2.0  # every move costs Prefect's server some milliseconds


class ReadingProgress:
    """A bar on the flow run's page; its `update` is told the scans read so far."""

    def __init__(self, planned: int) -> None:
        self._planned = planned
        self._shown = 0
        self._moved = time.monotonic()
        self._artifact: UUID | None = None
        if planned:
            made = create_progress_artifact(0.0, key="nightsort-progress", description="Scans read")
            self._artifact = cast(UUID, made)

    def update(self, read: int) -> None:
        """Move the bar where it would be seen to move, now and then, and at the end."""
        percent = int(100 * read / self._planned) if self._planned else 100
        due = percent == 100 or time.monotonic() - self._moved >= MOVE_EVERY_S
        if self._artifact is not None and percent != self._shown and due:
            update_progress_artifact(self._artifact, progress=float(percent))
            self._shown, self._moved = percent, time.monotonic()


def publish(night: Night) -> None:
    """Show the figures, the failures, the fields to review and where the report lies."""
    figures = night.figures
    create_markdown_artifact(
        key="nightsort-summary",
        markdown=summary(night),
        description=f"{figures.tried} scans read, {figures.failed} failed,"
        f" {night.tally.review} fields wait for a person.",
    )
    if failures := night.tally.failures:
        create_table_artifact(
            key="nightsort-failures",
            table=_rows(failures, lambda each: {"why": each.line.failure and each.line.failure.message}),
            description=_shown(len(failures), "pages could not be read"),
        )
    if uncertain := night.tally.uncertain:
        create_table_artifact(
            key="nightsort-review",
            table=_rows(
                uncertain,
                lambda each: {
                    "field": each.reading.field,
                    "value": each.reading.value,
                    "confidence": f"{each.reading.confidence:.4f}",
                },
            ),
            description=f"The least certain of {night.tally.review} fields that wait for a person.",
        )
    report = (night.settings.out / REPORT_NAME).absolute()
    create_link_artifact(
        key="nightsort-report",
        link=report.as_uri(),
        link_text=str(report),
        description="Lies on the machine of the night; open it there, or from a shared folder.",
    )


def summary(night: Night) -> str:
    """The figures as Markdown, what is unusual first."""
    tally, figures = night.tally, night.figures
    lines = [f"{figures.tried} scans read, {figures.known} read before, {figures.failed} failed.", ""]
    lines += [f"**Unusual:** {alarm}\n" for alarm in night.history.alarms]
    lines += ["| of all scans | fields | share |", "|---|---:|---:|"]
    counts = [(status.value, tally.statuses[status]) for status in Status if tally.statuses[status]]
    lines += [f"| {name} | {count} | {percent(count, tally.fields)} |" for name, count in counts]
    if seconds := figures.seconds.get("reading"):
        lines += ["", f"{figures.pages / seconds:.1f} pages a second."]
    lines += ["", f"Results and report: `{night.settings.out.resolve()}`"]
    return "\n".join(lines)


def _rows(lines: Iterable[Settled], more: Any) -> list[dict[str, Any]]:
    rows = []
    for each, _ in zip(lines, range(MOST_ROWS), strict=False):
        reading = each.reading
        rows.append({"scan": reading.scan, "page": reading.page, "reason": each.reason} | more(each))
    return rows


def _shown(count: int, what: str) -> str:
    return f"{count} {what}." if count <= MOST_ROWS else f"{count} {what}; the first {MOST_ROWS} of them."
