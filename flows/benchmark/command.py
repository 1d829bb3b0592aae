"""`nightsort benchmark`: measures how well Nightsort reads, on pieces that it draws itself.

Options only; what they start is imported once the command runs.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Group, Parameter

from flows.errors import ExitCode, UsageError
from flows.settings import usable_cores

ENVELOPES = Group("Envelopes", sort_key=1)
SPEED = Group("Speed", sort_key=2)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class SpeedOptions:
    """What speed is measured on; every field is an option of the command line."""

    layout: Annotated[str, Parameter(group=SPEED, help="Of the SCANS, as for run.")] = "envelope"
    pages: Annotated[int, Parameter(group=SPEED, help="How many of each kind are drawn.")] = 100
    rounds: Annotated[int, Parameter(group=SPEED, help="How often each is measured.")] = 3
    peer_pages: Annotated[
        int | None,
        Parameter(group=SPEED, help="How many of each the loop and other readers read; all if not given."),
    ] = None


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class EnvelopeOptions:
    """Which pieces are drawn, and how they are read; every field is an option of the command line."""

    postal: Annotated[str, Parameter(group=ENVELOPES, help="Country of the postal codes.")] = "us"
    case: Annotated[
        list[str] | None,
        Parameter(group=ENVELOPES, negative=(), help="Only pieces of this case; may be given again."),
    ] = None
    without: Annotated[
        list[str] | None,
        Parameter(
            group=ENVELOPES,
            negative=(),
            help="Evidence that is not heard: zip-list, barcodes; may be given again.",
        ),
    ] = None
    model: Annotated[
        Path | None, Parameter(help="Folder of a model to read with, instead of the shipped one.")
    ] = None
    target_error: Annotated[float, Parameter(help="Rate at which accepted values may be wrong.")] = 0.01


DEFAULT_SPEED, DEFAULT_ENVELOPES = SpeedOptions(), EnvelopeOptions()


def benchmark(
    scans: Annotated[
        list[Path] | None,
        Parameter(
            name="SCANS",
            group=SPEED,
            negative=(),
            help="Folders to measure speed on; envelopes, form pages and strips are drawn if none is given.",
        ),
    ] = None,
    /,
    *,
    speed: Annotated[
        bool,
        Parameter(
            group=SPEED,
            negative=(),
            help="Tell how fast it reads, against decoding alone, a plain loop, Tesseract and RapidOCR.",
        ),
    ] = False,
    speed_options: SpeedOptions = DEFAULT_SPEED,
    envelopes: Annotated[
        int | None,
        Parameter(group=ENVELOPES, help="Draw so many mail pieces, read them, and tell how well that went."),
    ] = None,
    envelope_options: EnvelopeOptions = DEFAULT_ENVELOPES,
    seed: Annotated[int, Parameter(help="Of chance: the same seed draws the same pieces.")] = 1,
    workers: Annotated[
        int | None, Parameter(help="Reading processes; as many as there are cores if not given.")
    ] = None,
    out: Annotated[
        Path | None,
        Parameter(name=["--out", "-o"], help="Folder for the table, the figures and the worst pieces."),
    ] = None,
) -> int:
    """Measure how well drawn mail is read (--envelopes N), or how fast scans are (--speed).

    Of mail: read exactly, coverage at 1 % error, wrong ones accepted, finds where
    no code is, and every hard case by itself; the same for any number of workers.
    Of speed: processor time a page of everything in turn, stage by stage, memory,
    and the exact rate beside it where a truth.csv (scan, field, value) lies in or
    beside the folder.
    """
    processes = usable_cores() if workers is None else workers
    if not speed and envelopes is None:
        raise UsageError(
            "say what to measure: --envelopes N draws and reads N mail pieces, --speed tells how fast"
        )
    _need_one(("--workers", processes))
    if speed:
        return _measure_speed(scans or [], envelope_options.postal, speed_options, processes, seed, out)
    assert envelopes is not None
    return _measure_envelopes(envelopes, envelope_options, processes, seed, out)


def _measure_envelopes(
    count: int, options: EnvelopeOptions, workers: int, seed: int, out: Path | None
) -> int:
    _need_one(("--envelopes", count))
    target = options.target_error
    if not 0 < target < 1:
        raise UsageError(f"--target-error {target}: give a rate between 0 and 1, such as 0.01")
    from flows.benchmark.envelopes import Order, read_pieces  # noqa: PLC0415 - brings OpenCV
    from flows.benchmark.figures import judge  # noqa: PLC0415
    from flows.benchmark.report import print_figures, write_report  # noqa: PLC0415

    cases, without = tuple(options.case or ()), tuple(options.without or ())
    order = Order(options.postal, seed, cases, options.model, target, without)
    outcomes = read_pieces(order, count, workers)
    figures = judge(outcomes)
    print_figures(figures, order, outcomes)
    if out is not None:
        for place in write_report(out, figures, order, outcomes):
            print(place)
    return int(ExitCode.OK)


def _measure_speed(
    places: list[Path], postal: str, options: SpeedOptions, workers: int, seed: int, out: Path | None
) -> int:
    peers = options.pages if options.peer_pages is None else options.peer_pages
    _need_one(("--pages", options.pages), ("--rounds", options.rounds), ("--peer-pages", peers))
    from flows.benchmark import scan_sets  # noqa: PLC0415 - brings OpenCV
    from flows.benchmark.speed import measure_speed  # noqa: PLC0415
    from flows.benchmark.speed_report import print_speeds, write_speeds  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="nightsort-speed-") as folder:
        sets = [scan_sets.given_scans(place, options.layout, postal) for place in places]
        sets = sets or scan_sets.draw_sets(Path(folder), options.pages, seed)
        speeds = measure_speed(
            sets,
            options.rounds,
            workers,
            say=lambda text: print(text, file=sys.stderr, flush=True),
            peer_pages=options.peer_pages,
        )
    print_speeds(speeds)
    if out is not None:
        for place in write_speeds(out, speeds):
            print(place)
    return int(ExitCode.OK)


def _need_one(*numbers: tuple[str, int]) -> None:
    for name, number in numbers:
        if number < 1:
            raise UsageError(f"{name} {number}: give at least 1")
