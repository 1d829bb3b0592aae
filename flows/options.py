"""The options that `run` and `serve` have in common, and the settings they make."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypedDict

from cyclopts import Group, Parameter

from flows.addresses import Address, parse_input
from flows.errors import UsageError
from flows.settings import Existing, NightSettings, usable_cores

READING = Group("Reading", sort_key=1)
RUNNING = Group("Running", sort_key=2)
TALKING = Group("Messages", sort_key=3)

Inputs = Annotated[
    list[str],
    Parameter(
        name="INPUT",
        negative=(),
        help="Folders of scans, or single scans; also addresses such as s3://bucket/scans.",
    ),
]
Out = Annotated[Path, Parameter(name=["--out", "-o"], help="Folder for the results; made if missing.")]
Settle = Annotated[
    float,
    Parameter(
        group=RUNNING,
        help="Leave files alone that change within so many seconds: they are still being copied.",
    ),
]

# Of pipeline/countries.toml, which --help has no time to read; a test compares the two.
POSTAL_COUNTRIES = "us fr de hu jp in br pl es it"


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class NightOptions:
    """What is read, and how; every field is an option of the command line."""

    layout: Annotated[
        tuple[str, ...],
        Parameter(
            group=READING,
            negative=(),
            show_default=" ".join,
            help="What is on the pages: envelope (a postal code), digits (one number), or the path of a form"
            " layout or of a folder of them; may be given again, each page takes the form that fits it. auto,"
            " alone or with forms: each page is read as what it is.",
        ),
    ] = ("envelope",)
    postal: Annotated[
        str, Parameter(group=READING, help=f"Country of the postal codes, of {POSTAL_COUNTRIES}.")
    ] = "us"
    model: Annotated[
        Path | None,
        Parameter(group=READING, help="Folder of a model to read with, instead of the shipped one."),
    ] = None
    target_error: Annotated[
        float, Parameter(group=READING, help="Rate at which accepted values may be wrong, between 0 and 1.")
    ] = 0.01
    workers: Annotated[
        int | None,
        Parameter(group=RUNNING, help="Reading processes; as many as there are cores if not given."),
    ] = None
    recursive: Annotated[bool, Parameter(group=RUNNING, help="Read subfolders too.")] = True
    existing: Annotated[
        Existing,
        Parameter(group=RUNNING, help="Scans that were read before: skip them, or read them again."),
    ] = Existing.SKIP
    max_failures: Annotated[
        str,
        Parameter(group=RUNNING, help="Stop when more scans fail: a share of those to be read, or a number."),
    ] = "10%"
    page_timeout: Annotated[
        float, Parameter(group=RUNNING, help="Seconds that one page may take before it is given up.")
    ] = 300.0

    dask: Annotated[
        str | None,
        Parameter(
            group=RUNNING,
            help="Read on a Dask cluster: the address of its scheduler, or local for one of this machine.",
        ),
    ] = None
    formats: Annotated[
        str,
        Parameter(
            name="--format",
            group=RUNNING,
            help="Write parquet or xlsx as well, separated by commas; csv and jsonl are always written.",
        ),
    ] = ""
    copy_to: Annotated[
        str | None,
        Parameter(
            group=RUNNING,
            help="Address, such as s3://bucket/results, that the results are copied to after every night.",
        ),
    ] = None
    debug_images: Annotated[
        bool,
        Parameter(
            group=RUNNING,
            negative=(),
            help="Draw every page that this run reads into OUT/debug, with every decision on it.",
        ),
    ] = False
    on_failure: Annotated[
        str | None,
        Parameter(
            group=RUNNING,
            help="Command to run, or http address to post to, when a night ends with a failure.",
        ),
    ] = None

    def settings(self, inputs: list[str], out: Path, *, settle: float = 0.0) -> NightSettings:
        """The settings of a night on these folders, checked. Raises UsageError."""
        settings = NightSettings(
            inputs=tuple(map(parse_input, inputs)),
            out=out,
            layout=os.pathsep.join(self.layout),
            postal=self.postal,
            model=self.model,
            target_error=self.target_error,
            workers=self._workers(),
            recursive=self.recursive,
            existing=self.existing,
            max_failures=self.max_failures,
            page_timeout=self.page_timeout,
            settle=settle,
            formats=self.formats,
            debug_images=self.debug_images,
            on_failure=self.on_failure,
            dask=self.dask,
            copy_to=Address(self.copy_to) if self.copy_to else None,
        )
        settings.check()
        return settings.absolute() if self.dask else settings  # its workers live in other folders

    def _workers(self) -> int:
        if self.dask is not None:
            from flows.dask_reading import LOCAL, check_dask, cluster_threads  # noqa: PLC0415 - start-up time
            from flows.prefect_server import configured_api_url  # noqa: PLC0415

            check_dask(self.dask, prefect_api=configured_api_url())
            if self.workers is None and self.dask != LOCAL:
                return cluster_threads(self.dask)
        return usable_cores() if self.workers is None else self.workers


class Talk(TypedDict):
    """How much is said, as arguments of a function."""

    quiet: bool
    verbose: bool
    log_json: bool


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class TalkOptions:
    """How much is said."""

    quiet: Annotated[bool, Parameter(group=TALKING, negative=(), help="Say nothing but errors.")] = False
    verbose: Annotated[
        bool, Parameter(group=TALKING, negative=(), help="Say more; show where an error comes from.")
    ] = False

    log_json: Annotated[
        bool,
        Parameter(group=TALKING, negative=(), help="Messages, progress and errors as JSON, one a line."),
    ] = False

    def as_arguments(self) -> Talk:
        """The same for whoever does the talking."""
        return {"quiet": self.quiet, "verbose": self.verbose, "log_json": self.log_json}

    def check(self) -> None:
        """Raise UsageError for options that contradict each other."""
        if self.quiet and self.verbose:
            raise UsageError("--quiet and --verbose exclude each other; give one of them")


DEFAULT_NIGHT = NightOptions()
DEFAULT_TALK = TalkOptions()
