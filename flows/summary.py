"""summary.json, and the table at the end of a run: what was read, how well, how fast, with what."""

from __future__ import annotations

import json
import platform
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.history import History
from flows.quarantine import FOLDER as QUARANTINE
from flows.reader import Identity
from flows.results import Tally
from flows.settings import NightSettings
from pipeline.document import Status
from pipeline.results import write_atomically

if TYPE_CHECKING:
    from rich.table import Table

FILE_NAME = "summary.json"
REPORT_NAME = "report.html"
_LIBRARIES = ("nightsort", "prefect", "numpy", "opencv-python-headless", "ai-edge-litert")


@dataclass
class RunFigures:
    """What this run did; the results as a whole are in the `Tally`.

    found, known : scans below the inputs, and those of them that the ledger had.
    unsettled : files besides, which were left for the next night because they were still being written.
    tried, failed : scans that were read in this run, and those of them that had a page fail.
    pages : pages that were read in this run.
    seconds : wall time by step.
    outcome : `finished`, `interrupted` or `failure-ceiling`.
    """

    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    found: int = 0
    known: int = 0
    unsettled: int = 0
    tried: int = 0
    failed: int = 0
    pages: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    outcome: str = "finished"

    @property
    def planned(self) -> int:
        """Scans that this run was to read."""
        return self.found - self.known


def write_summary(
    out: Path,
    settings: NightSettings,
    identity: Identity,
    threshold: float,
    figures: RunFigures,
    tally: Tally,
    history: History,
) -> dict[str, Any]:
    """Write OUT/summary.json, whole or not at all, and return what it says. Raises OSError."""
    document = {
        "outcome": figures.outcome,
        "started": figures.started.isoformat(timespec="seconds"),
        "run": {
            "scans_found": figures.found,
            "scans_known_before": figures.known,
            "scans_read": figures.tried,
            "scans_failed": figures.failed,
            "pages_read": figures.pages,
            "scans_left": figures.planned - figures.tried,
            "scans_unsettled": figures.unsettled,
        },
        "results": _results(tally),
        "unusual": list(history.alarms),
        "seconds": {step: round(value, 3) for step, value in figures.seconds.items()},
        "rates": _rates(figures, tally),
        "settings": settings.as_json(),
        "reader": {
            "layout": identity.layout_label,
            "model": identity.model_label,
            # No confidence reaches a threshold above 1: nothing is accepted at this target error.
            "threshold": round(threshold, 6) if threshold <= 1 else None,
        },
        "versions": {"python": platform.python_version()} | {name: version(name) for name in _LIBRARIES},
    }
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    write_atomically(out / FILE_NAME, [text.encode("utf-8", "backslashreplace")])
    return document


def _results(tally: Tally) -> dict[str, Any]:
    return {
        "scans": tally.scans,
        "pages": tally.pages,
        "fields": tally.fields,
        "status": {status.value: tally.statuses[status] for status in Status},
        "reason": dict(sorted(tally.reasons.items())),
        "scans_failed": tally.failed_scans,
    }


def _rates(figures: RunFigures, tally: Tally) -> dict[str, float | None]:
    reading = figures.seconds.get("reading", 0.0)
    return {
        "accepted_of_fields": _ratio(tally.statuses[Status.ACCEPTED], tally.fields),
        "review_of_fields": _ratio(tally.statuses[Status.REVIEW], tally.fields),
        "failed_of_scans": _ratio(tally.failed_scans, tally.scans),
        "pages_per_second": _ratio(figures.pages, reading),
    }


def _ratio(part: float, whole: float) -> float | None:
    return round(part / whole, 4) if whole else None


def summary_table(document: dict[str, Any], out: Path) -> Table:
    """The figures for a person, as a rich table."""
    from rich.table import Table  # noqa: PLC0415 - costs start-up time where nothing is printed

    table = Table(show_header=False, box=None, pad_edge=False, title_justify="left")
    table.add_column(style="bold")
    table.add_column(justify="right")
    table.add_column(overflow="fold")
    run, results, rates = document["run"], document["results"], document["rates"]
    speed = f"{rates['pages_per_second']:.1f} pages/s" if rates["pages_per_second"] else ""
    table.add_row("read now", f"{run['scans_read']}", _count(run["pages_read"], "page", speed))
    if run["scans_known_before"]:
        table.add_row("read before", f"{run['scans_known_before']}", "")
    if run["scans_left"]:
        table.add_row("not read", f"{run['scans_left']}", "run again to read them")
    if run["scans_unsettled"]:
        table.add_row("left", f"{run['scans_unsettled']}", "still being written; the next run reads them")
    table.add_row("fields", f"{results['fields']}", f"in results.csv, of {_count(results['scans'], 'scan')}")
    meanings = {
        "accepted": "sure enough to use",
        "review": "for a person to decide",
        "empty": "nothing written there",
        "failed": f"see {out / QUARANTINE}",
        "verified": "decided by a person",
    }
    for status, meaning in meanings.items():
        if count := results["status"][status]:
            table.add_row(status, f"{count}", meaning)
    return table


def hint(document: dict[str, Any]) -> str:
    """What somebody may have overlooked whose pages are mostly not what the layout is for; '' if nothing."""
    results, layout = document["results"], document["settings"]["layout"]
    half = results["fields"] / 2
    if results["reason"].get("not-registered", 0) > half:
        return "most pages are not the form; `nightsort layout check FORM.toml SCAN` draws why"
    if results["reason"].get("not-found", 0) > half and layout == "envelope":
        return "no postal code on most pages; other scans need --layout digits, FORM.toml or auto"
    return ""


def _count(number: int, noun: str, more: str = "") -> str:
    text = f"{number} {noun}{'' if number == 1 else 's'}"
    return f"{text}, {more}" if more else text
