"""`nightsort run`: the night from the command line to what it prints in the end."""

from __future__ import annotations

import functools
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from flows.console import Loudness, ProgressBar, set_up_logging, standard_error
from flows.errors import ExitCode, UsageError
from flows.interrupt import raise_on_signal
from flows.ledger import FILE_NAME, Ledger
from flows.night import Night
from flows.plan import READ, Why, plan_night
from flows.prefect_server import configured_api_url, prefect_api
from flows.quarantine import FOLDER as QUARANTINE
from flows.reader import OpenReader, open_reader
from flows.results import CSV_NAME
from flows.settings import NightSettings
from flows.summary import REPORT_NAME, hint, summary_table


def read_scans(
    settings: NightSettings,
    *,
    quiet: bool = False,
    verbose: bool = False,
    log_json: bool = False,
    open_with: OpenReader | None = None,
) -> int:
    """Carry out the run, print what came of it, and return the exit code. Raises NightError, OSError."""
    raise_on_signal()
    console = standard_error()
    loudness = Loudness.QUIET if quiet else Loudness.VERBOSE if verbose else Loudness.NORMAL
    set_up_logging(loudness, console, as_json=log_json)
    with (
        ProgressBar(console, shown=not (quiet or log_json)) as progress,
        Night(settings, watcher=progress, open_with=open_with, verbose=verbose) as night,
    ):
        _carry_out(night, verbose=verbose)
    if not quiet:
        _print_outcome(night)
    return int(night.exit_code)


def retry_scans(
    out: Path,
    *,
    workers: int,
    page_timeout: float | None = None,
    quiet: bool = False,
    verbose: bool = False,
    log_json: bool = False,
    open_with: OpenReader | None = None,
) -> int:
    """Read the scans in quarantine again, each as it was read before, and return the worst exit code.

    page_timeout : in place of the one that they were given before.

    Raises UsageError where OUT holds no results, NightError, OSError.
    """
    if not (out / FILE_NAME).is_file():
        raise UsageError(f"{out} holds no {FILE_NAME}; name the --out folder of an earlier run")
    with Ledger(out / FILE_NAME) as ledger:
        before = [NightSettings.from_json(document) for document in ledger.settings_of_failures()]
    if not before:
        print(f"Nothing to retry: no scan of {out} failed.")
        return int(ExitCode.OK)
    codes = []
    with prefect_api(out, verbose=verbose):
        for earlier in before:
            again = replace(
                earlier,
                out=out,
                workers=workers,
                page_timeout=page_timeout or earlier.page_timeout,
                max_failures="100%",  # all of them failed once
                retry=True,
            )
            codes.append(
                read_scans(again, quiet=quiet, verbose=verbose, log_json=log_json, open_with=open_with)
            )
    return max(codes)


def tell_plan(
    settings: NightSettings,
    *,
    verbose: bool = False,
    quiet: bool = False,
    open_with: OpenReader | None = None,
) -> int:
    """Print what a run would read and leave, and why, as a table with tabs; write nothing.

    verbose : a line for each file; otherwise one for each reason, with the number of files.

    Raises NightError.
    """
    open_with = open_with or functools.partial(open_reader, settings.layout, settings.postal, settings.model)
    entries = plan_night(settings, open_with().identity)
    counts = Counter((entry.action, entry.why) for entry in entries)
    if verbose:
        print("action\treason\tscan")
        for entry in entries:
            print(f"{entry.action}\t{entry.why}\t{entry.name}")
    else:
        print("action\treason\tfiles")
        for (action, why), count in sorted(counts.items(), key=lambda each: list(Why).index(each[0][1])):
            print(f"{action}\t{why}\t{count}")
    if not quiet:
        reads = sum(count for (action, _), count in counts.items() if action == READ)
        print(f"{_scans(reads)} would be read, {len(entries) - reads} files left", file=sys.stderr)
    return int(ExitCode.OK)


def _carry_out(night: Night, *, verbose: bool) -> None:
    """Run the night under Prefect, unless nothing is to be read and nobody asked for Prefect's record."""
    night.prepare()
    kept = configured_api_url() is not None  # else the records of Prefect end with the night
    if not night.chunks and not kept:
        night.finish()
        return
    night.start_workers()  # they load and begin while Prefect starts
    with prefect_api(night.settings.out, verbose=verbose):
        from flows.flow import run_as_flow  # noqa: PLC0415 - brings Prefect, whose environment is set now

        run_as_flow(night, kept=kept)


def _print_outcome(night: Night) -> None:
    figures, out = night.figures, night.settings.out
    if figures.unsettled and not figures.tried:
        print(f"{figures.unsettled} files are still being written and left for the next run.")
    elif not figures.found and night.settings.retry:
        print(f"None of the scans that failed is there any more; {out / CSV_NAME} is as it was.")
    elif not figures.found:
        inputs = ", ".join(str(path) for path in night.settings.inputs)
        print(f"No scans found in {inputs}; {out / CSV_NAME} holds what was read before.")
    elif not figures.tried and figures.outcome == "finished":
        failed = night.tally.failed_scans
        more = f" ({failed} of them failed, see {out / QUARANTINE})" if failed else ""
        print(f"Nothing new: {_were(figures.known)} read before{more}; results are in {out / CSV_NAME}")
    elif night.document is not None:
        Console(highlight=False).print(summary_table(night.document, out))
        print(f"results: {out / CSV_NAME}\nreport:  {out / REPORT_NAME}")
        if advice := hint(night.document):
            print(f"hint:    {advice}")


def _were(number: int) -> str:
    return f"{_scans(number)} {'was' if number == 1 else 'were'}"


def _scans(number: int) -> str:
    return f"{number} scan" if number == 1 else f"{number} scans"
