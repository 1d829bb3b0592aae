"""The command `nightsort`. Imports little, so that `--help` answers at once."""

from __future__ import annotations

import atexit
import gc
import sys
import traceback
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

from cyclopts import App, CycloptsError, Parameter

from flows import layout_command, model_commands, train_command
from flows.benchmark import command as benchmark_command
from flows.errors import ExitCode, InterruptedNightError, NightError, UsageError
from flows.messages import say_error
from flows.options import DEFAULT_NIGHT, DEFAULT_TALK, RUNNING, Inputs, NightOptions, Out, Settle, TalkOptions
from flows.review import command as review_command
from flows.settings import usable_cores

# What importing makes stays; Python's 700 objects have it looked through for garbage some hundred times.
COLLECT_AFTER = 20_000

app = App(
    name="nightsort",
    help_format="plaintext",  # half as long to print as Markdown
    help="Read handwritten digit fields from folders of scans, and say how sure each reading is.",
    version=lambda: version("nightsort"),
    suppress_keyboard_interrupt=False,  # `main` says what to do
)


@app.command
def run(
    inputs: Inputs,
    /,
    *,
    out: Out,
    options: NightOptions = DEFAULT_NIGHT,
    settle: Settle = 0.0,
    dry_run: Annotated[
        bool,
        Parameter(
            group=RUNNING,
            negative=(),
            help="Only tell what would be read and why; with --verbose for each scan.",
        ),
    ] = False,
    talk: TalkOptions = DEFAULT_TALK,
) -> int:
    """Read every scan under the inputs that was not read before, and write OUT/results.csv.

    What was read is kept in OUT/ledger.sqlite, so a run can be killed at any
    moment and started again. Exit codes: 0 all read, 3 some scans failed (see
    OUT/quarantine), 4 stopped at --max-failures, 2 wrong usage, 5 layout or
    settings invalid, 6 model missing or unreadable, 130 interrupted, 1 anything
    else.
    """
    talk.check()
    settings = options.settings(inputs, out, settle=settle)
    from flows import command  # noqa: PLC0415 - brings OpenCV, pandas and Prefect

    if dry_run:
        return command.tell_plan(settings, verbose=talk.verbose, quiet=talk.quiet)
    return command.read_scans(settings, **talk.as_arguments())


app.command(review_command.review)
app.command(model_commands.evaluate)
app.command(model_commands.explain)
app.command(train_command.train)
app.command(layout_command.app)
app.command(benchmark_command.benchmark)


@app.command
def retry(
    out: Annotated[Path, Parameter(name="OUT", help="The --out folder of an earlier run.")],
    /,
    *,
    workers: Annotated[int | None, Parameter(group=RUNNING, help="As for run.")] = None,
    page_timeout: Annotated[
        float | None, Parameter(group=RUNNING, help="Seconds for one page; as before if not given.")
    ] = None,
    talk: TalkOptions = DEFAULT_TALK,
) -> int:
    """Read the scans in OUT/quarantine again, from where they lay and with the settings of then.

    Those that can be read now get their rows and leave the quarantine. Exit
    codes as of run.
    """
    talk.check()
    from flows import command  # noqa: PLC0415 - brings OpenCV, pandas and Prefect

    return command.retry_scans(
        out,
        workers=usable_cores() if workers is None else workers,
        page_timeout=page_timeout,
        **talk.as_arguments(),
    )


@app.command
def serve(
    inputs: Inputs,
    /,
    *,
    out: Out,
    cron: Annotated[
        str, Parameter(group=RUNNING, help="When to read, as cron writes it: minute hour day month weekday.")
    ],
    timezone: Annotated[
        str | None,
        Parameter(group=RUNNING, help="Of the schedule, such as Europe/Budapest; UTC if not given."),
    ] = None,
    options: NightOptions = DEFAULT_NIGHT,
    settle: Settle = 60.0,
    talk: TalkOptions = DEFAULT_TALK,
) -> int:
    """Read the inputs again and again, by a schedule: `run`, every night, as a Prefect deployment.

    Goes on until it is ended by SIGTERM or Ctrl-C, which stop a night as they
    stop `run`; started again it goes on with the same schedule. One night never
    begins while another one runs.
    """
    talk.check()
    settings = options.settings(inputs, out, settle=settle).absolute()
    from flows import serve as service  # noqa: PLC0415 - brings Prefect

    return service.serve_nights(settings, cron, timezone or "UTC", **talk.as_arguments())


def main(arguments: list[str] | None = None) -> int:
    """Carry out a command line and return its exit code; errors are one line on standard error."""
    gc.set_threshold(COLLECT_AFTER)
    if arguments is None:  # a process of its own, whose memory goes with it unsearched
        atexit.register(gc.freeze)
    given = sys.argv[1:] if arguments is None else arguments
    verbose = "--verbose" in given and "--quiet" not in given
    as_json = "--log-json" in given
    try:
        code = app(given, exit_on_error=False, print_error=False, result_action="return_value")
        sys.stdout.flush()
    except CycloptsError as error:
        return _report(UsageError(str(error)), verbose=False, as_json=as_json)
    except KeyboardInterrupt:
        return _report(
            InterruptedNightError("interrupted; run the same command again to go on"),
            verbose=False,
            as_json=as_json,
        )
    except BrokenPipeError:
        return _close_standard_output()
    except Exception as error:  # the one handler: whatever happens, one line and an exit code
        return _report(error, verbose=verbose, as_json=as_json)
    return int(code or ExitCode.OK)


def _report(error: Exception, *, verbose: bool, as_json: bool = False) -> int:
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
    say_error(text, code, as_json=as_json)
    return int(code)


def _close_standard_output() -> int:
    """Whoever read our output has gone (`nightsort ... | head`); that is no error of ours."""
    sys.stdout = None  # so that the interpreter's end does not flush into it
    return int(ExitCode.UNEXPECTED)


if __name__ == "__main__":
    sys.exit(main())
