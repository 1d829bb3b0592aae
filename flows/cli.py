"""The command `nightsort`. Imports little, so that `--help` answers at once."""

from __future__ import annotations

import sys
import traceback
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

from cyclopts import App, CycloptsError, Group, Parameter

from flows import layout_command, model_commands
from flows.errors import ExitCode, InterruptedNightError, NightError, UsageError
from flows.settings import Existing, NightSettings, usable_cores

app = App(
    name="nightsort",
    help_format="plaintext",  # half as long to print as Markdown
    help="Read handwritten digit fields from folders of scans, and say how sure each reading is.",
    version=lambda: version("nightsort"),
)
_READING = Group("Reading", sort_key=1)
_RUNNING = Group("Running", sort_key=2)
_TALKING = Group("Messages", sort_key=3)


@app.command
def run(
    inputs: Annotated[
        list[Path], Parameter(name="INPUT", negative=(), help="Folders of scans, or single scans.")
    ],
    /,
    *,
    out: Annotated[Path, Parameter(name=["--out", "-o"], help="Folder for the results; made if missing.")],
    layout: Annotated[
        str,
        Parameter(
            group=_READING, help="What is on the pages: envelope (a postal code) or digits (one number)."
        ),
    ] = "envelope",
    postal: Annotated[str, Parameter(group=_READING, help="Country of the postal codes.")] = "us",
    model: Annotated[
        Path | None,
        Parameter(group=_READING, help="Folder of a model to read with, instead of the shipped one."),
    ] = None,
    target_error: Annotated[
        float, Parameter(group=_READING, help="Rate at which accepted values may be wrong, between 0 and 1.")
    ] = 0.01,
    workers: Annotated[
        int | None,
        Parameter(group=_RUNNING, help="Reading processes; as many as there are cores if not given."),
    ] = None,
    recursive: Annotated[bool, Parameter(group=_RUNNING, help="Read subfolders too.")] = True,
    existing: Annotated[
        Existing,
        Parameter(group=_RUNNING, help="Scans that were read before: skip them, or read them again."),
    ] = Existing.SKIP,
    max_failures: Annotated[
        str,
        Parameter(
            group=_RUNNING, help="Stop when more scans fail: a share of those to be read, or a number."
        ),
    ] = "10%",
    dry_run: Annotated[
        bool, Parameter(group=_RUNNING, negative=(), help="Only list the scans that would be read.")
    ] = False,
    quiet: Annotated[bool, Parameter(group=_TALKING, negative=(), help="Say nothing but errors.")] = False,
    verbose: Annotated[
        bool, Parameter(group=_TALKING, negative=(), help="Say more; show where an error comes from.")
    ] = False,
) -> int:
    """Read every scan under the inputs that was not read before, and write OUT/results.csv.

    What was read is kept in OUT/ledger.sqlite, so a run can be killed at any moment and started again.
    Exit codes: 0 all read, 3 some scans failed (see OUT/quarantine), 4 stopped at --max-failures,
    2 wrong usage, 5 layout or settings invalid, 6 model missing or unreadable, 130 interrupted,
    1 anything else.
    """
    if quiet and verbose:
        raise UsageError("--quiet and --verbose exclude each other; give one of them")
    settings = NightSettings(
        inputs=tuple(inputs),
        out=out,
        layout=layout,
        postal=postal,
        model=model,
        target_error=target_error,
        workers=usable_cores() if workers is None else workers,
        recursive=recursive,
        existing=existing,
        max_failures=max_failures,
    )
    settings.check()
    from flows import command  # noqa: PLC0415 - brings OpenCV, pandas and Prefect

    if dry_run:
        return command.list_scans(settings)
    return command.read_scans(settings, quiet=quiet, verbose=verbose)


app.command(model_commands.evaluate)
app.command(model_commands.explain)
app.command(model_commands.train)


def main(arguments: list[str] | None = None) -> int:
    """Carry out a command line and return its exit code; errors are one line on standard error."""
    given = sys.argv[1:] if arguments is None else arguments
    verbose = "--verbose" in given and "--quiet" not in given
    try:
        code = app(given, exit_on_error=False, print_error=False, result_action="return_value")
        sys.stdout.flush()
    except CycloptsError as error:
        return _report(UsageError(str(error)), verbose=False)
    except KeyboardInterrupt:
        return _report(
            InterruptedNightError("interrupted; run the same command again to go on"), verbose=False
        )
    except BrokenPipeError:
        return _close_standard_output()
    except Exception as error:  # the one handler: whatever happens, one line and an exit code
        return _report(error, verbose=verbose)
    return int(code or ExitCode.OK)


def _report(error: Exception, *, verbose: bool) -> int:
    if verbose:
        traceback.print_exception(error)
    if isinstance(error, NightError):
        text, code = str(error), error.exit_code
    elif isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        text, code = f"{place}{error.strerror or error}", ExitCode.UNEXPECTED
    else:
        text = f"{type(error).__name__}: {error}; run again with --verbose to see where it comes from"
        code = ExitCode.UNEXPECTED
    print(f"nightsort: error: {' '.join(text.split())}", file=sys.stderr)
    return int(code)


def _close_standard_output() -> int:
    """Whoever read our output has gone (`nightsort ... | head`); that is no error of ours."""
    sys.stdout = None  # so that the interpreter's end does not flush into it
    return int(ExitCode.UNEXPECTED)


if __name__ == "__main__":
    sys.exit(main())
