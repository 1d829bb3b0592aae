"""What can end a night early, each with the exit code that tells a scheduler about it."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What `nightsort` returns to its caller."""

    OK = 0
    UNEXPECTED = 1
    USAGE = 2
    SCANS_FAILED = 3
    FAILURE_CEILING = 4
    SETTINGS = 5
    MODEL = 6
    INTERRUPTED = 130


class NightError(Exception):
    """Ends the night; `str(error)` is one line: which file, what is wrong, what to do."""

    exit_code = ExitCode.UNEXPECTED


class UsageError(NightError):
    """The command cannot be carried out as it was given: a missing input, a useless option."""

    exit_code = ExitCode.USAGE


class SettingsError(NightError):
    """A layout or another setting that the reading depends on is invalid."""

    exit_code = ExitCode.SETTINGS


class ModelUnavailableError(NightError):
    """The model is missing or cannot be read."""

    exit_code = ExitCode.MODEL


class InterruptedNightError(NightError):
    """Somebody asked the night to stop (Ctrl-C, SIGTERM); what was read is kept."""

    exit_code = ExitCode.INTERRUPTED


class LedgerError(NightError):
    """The ledger is damaged, or was written by a newer Nightsort."""


class WorkerStartError(NightError):
    """A reading process ends before it can read anything."""


class CopyError(NightError):
    """The results are written, but not where they were to be copied."""


class DaskUnavailableError(NightError):
    """The Dask cluster that reads for the night is gone."""


class PrefectUnavailableError(NightError):
    """No Prefect server answers, neither one that is set nor one that was started for the night."""
