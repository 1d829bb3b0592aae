"""What a run leaves in OUT, brought up to what people decided since: results, and report and summary."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from flows.formats import parse_formats
from flows.history import read_history
from flows.ledger import FILE_NAME, Ledger
from flows.reader import Identity
from flows.report import write_report
from flows.results import Tally, write_results
from flows.review.store import Store
from flows.settings import NightSettings
from flows.summary import FILE_NAME as SUMMARY_NAME
from flows.summary import RunFigures, write_summary


def refresh(out: Path, *, report: bool) -> None:
    """Write the results in the formats of the last run; with `report` also report.html and summary.json.

    Those two are left alone where no run has written them. Raises OSError, NightError.
    """
    with Ledger(out / FILE_NAME) as ledger, Store(out / FILE_NAME) as store:
        run, options = store.last_run()
        tally = write_results(ledger, out, parse_formats(str(options.get("formats", ""))))
        if report and "inputs" in options and (out / SUMMARY_NAME).exists():
            _refresh_report(out, store, run, options, tally)


def _refresh_report(out: Path, store: Store, run: int, options: dict[str, Any], tally: Tally) -> None:
    reader = store.readers()[-1]
    identity = Identity(**{field.name: reader[field.name] for field in fields(Identity)})
    settings = replace(NightSettings.from_json(options), out=out)
    figures = _figures(json.loads((out / SUMMARY_NAME).read_text(encoding="utf-8")))
    history = read_history(out, run)
    write_report(out, settings, identity, reader["threshold"], figures, tally, history)
    write_summary(out, settings, identity, reader["threshold"], figures, tally, history)


def _figures(summary: dict[str, Any]) -> RunFigures:
    """What the last run did, from its summary.json."""
    run = summary["run"]
    return RunFigures(
        started=datetime.fromisoformat(summary["started"]),
        found=run["scans_found"],
        known=run["scans_known_before"],
        unsettled=run.get("scans_unsettled", 0),
        tried=run["scans_read"],
        failed=run["scans_failed"],
        pages=run["pages_read"],
        seconds=summary["seconds"],
        outcome=summary["outcome"],
    )
