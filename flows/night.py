"""One night's work on one output folder, step by step; knows nothing of Prefect.

prepare (find, hash, subtract what the ledger has) -> read chunk by chunk -> finish (results, quarantine,
report, summary). `flows.flow` has Prefect run these steps.
"""

from __future__ import annotations

import functools
import logging
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Any, Self

from flows import debug_images
from flows.alarm import tell
from flows.chunk import Job, ScanResult
from flows.copies import copy_results
from flows.dask_reading import DaskPool, RemoteTurn
from flows.errors import ExitCode, NightError
from flows.formats import parse_formats
from flows.history import History, read_history
from flows.inventory import Inventory, portion, take_again, take_inventory
from flows.ledger import FILE_NAME, Ledger
from flows.ledger_rows import Sighting
from flows.limits import memory_a_worker
from flows.output import own_output_folder, remove_leftovers
from flows.quarantine import update_quarantine
from flows.reader import OpenReader, open_reader
from flows.report import write_report
from flows.results import Tally, write_results
from flows.settings import Existing, NightSettings
from flows.summary import RunFigures, write_summary
from flows.watcher import Watcher
from flows.workers import HeadStart, Turn, WorkerPool

log = logging.getLogger(__name__)


class Night:
    """A run on an output folder, from taking hold of the folder to letting it go; a context manager.

    chunks : what is to be read, after `prepare`.
    document, tally, exit_code : how it ended, after `finish`.

    Entering raises UsageError, SettingsError, ModelUnavailableError and LedgerError.
    """

    def __init__(
        self,
        settings: NightSettings,
        *,
        watcher: Watcher | None = None,
        open_with: OpenReader | None = None,
        verbose: bool = False,
    ) -> None:
        self.settings = settings
        self.figures = RunFigures()
        self.chunks: list[Sequence[Job]] = []
        self.document: dict[str, Any] | None = None
        self.tally = Tally()
        self.history = History()
        self.exit_code = ExitCode.OK
        self._watcher = watcher or Watcher()
        debug = (settings.out / debug_images.FOLDER).absolute()
        self._debug_folder = debug if settings.debug_images else None
        self._open_with = open_with or functools.partial(
            open_reader, settings.layout, settings.postal, settings.model, self._debug_folder
        )
        self._verbose = verbose
        self._sightings: tuple[Sighting, ...] = ()
        self._names_of: Counter[str] = Counter()
        self._prepared = self._started = False
        self._head_starts: dict[int, HeadStart] = {}
        self._exit = ExitStack()

    def __enter__(self) -> Self:
        try:
            self._open()
        except NightError as error:
            self._tell(error.exit_code, str(error))
            raise
        return self

    def _open(self) -> None:
        self.settings.check()
        with ExitStack() as stack:
            reader = self._open_with()
            self.identity = reader.identity
            self.threshold = reader.threshold(self.settings.target_error)
            if self.threshold > 1:
                log.warning(
                    "model %s cannot promise --target-error %g: nothing is accepted, all goes to review;"
                    " choose a larger one",
                    self.identity.model,
                    self.settings.target_error,
                )
            stack.enter_context(own_output_folder(self.settings.out))
            remove_leftovers(self.settings.out)
            if self._debug_folder is not None:
                self._debug_folder.mkdir(exist_ok=True)
            self._ledger = stack.enter_context(Ledger(self.settings.out / FILE_NAME))
            self._run = self._ledger.begin_run(self.settings.absolute().as_json())
            self._reader = self._ledger.register_reader(self.identity, self.threshold)
            self.pool = self._make_pool()
            stack.callback(self.pool.stop)
            self._exit = stack.pop_all()

    def _make_pool(self) -> WorkerPool | DaskPool:
        settings = self.settings
        if settings.dask is not None:
            return DaskPool(
                settings.dask,
                self._open_with,
                self.identity,
                silence_limit_s=settings.page_timeout,
                verbose=self._verbose,
            )
        return WorkerPool(
            self._open_with,
            self.identity,
            silence_limit_s=settings.page_timeout,
            memory_limit=memory_a_worker(settings.workers),
            verbose=self._verbose,
        )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._exit.close()
        if isinstance(error, NightError):
            self._tell(error.exit_code, str(error))
        elif isinstance(error, Exception):
            self._tell(ExitCode.UNEXPECTED, f"{type(error).__name__}: {error}")
        elif error is None and self.exit_code not in (ExitCode.OK, ExitCode.INTERRUPTED):
            self._tell(self.exit_code, f"{self.figures.failed} of {self.figures.tried} scans failed")

    def _tell(self, exit_code: ExitCode, message: str) -> None:
        if self.settings.on_failure is not None and exit_code != ExitCode.INTERRUPTED:
            figures = self.document or {}
            tell(
                self.settings.on_failure,
                out=self.settings.out.absolute(),
                exit_code=int(exit_code),
                message=message,
                figures={name: figures[name] for name in ("run", "results", "rates") if name in figures},
            )

    def prepare(self) -> None:
        """Find out what is to be read. Does nothing the second time. Raises UsageError, LedgerError."""
        if self._prepared:
            return
        self._prepared = True
        with self._timed("inventory"):
            found = self._find()
            self._sightings = found.sightings
            self._names_of = Counter(sighting.content for sighting in found.sightings)
            self._ledger.register_scans(found.sightings, self._reader)
            redo = self.settings.existing is Existing.REDO or self.settings.retry
            done = set() if redo else self._ledger.contents_done(self._reader)
        self.chunks = portion([job for job in found.jobs if job.content not in done], self.settings.workers)
        self.figures.found = len(found.sightings)
        self.figures.unsettled = len(found.unsettled)
        self.figures.known = sum(self._names_of[content] for content in done if content in self._names_of)
        if found.unreadable:
            self.record(found.unreadable)

    def _find(self) -> Inventory:
        hashed = self._watcher.hashed
        if self.settings.retry:
            return take_again(self._ledger.failed_scans(self._reader), on_hashed=hashed)
        return take_inventory(
            self.settings.inputs,
            self.settings.out,
            recursive=self.settings.recursive,
            settle=self.settings.settle,
            on_hashed=hashed,
        )

    def start_workers(self) -> None:
        """Start the reading processes, no more of them than there are chunks, and have them begin.

        They load on their own, and read the first chunks while Prefect is still starting, say. Does
        nothing the second time.
        """
        if self._started:
            return
        self._started = True
        self._watcher.begin(self.figures.planned)
        if self.chunks:
            self.pool.start(min(self.settings.workers, len(self.chunks)))
        if isinstance(self.pool, WorkerPool):
            first = enumerate(self.chunks[: self.at_once], 1)
            self._head_starts = {number: HeadStart(self.pool, jobs) for number, jobs in first}

    @property
    def at_once(self) -> int:
        """Chunks to have in work: one more than there are processes, so that none waits for the ledger."""
        return self.settings.workers + 1

    def turn(self, number: int) -> Turn | HeadStart | RemoteTurn:
        """What the chunk of this number, counted from 1, is read with."""
        return self._head_starts.pop(number, None) or self.pool.queue_up()

    def record(self, results: Sequence[ScanResult]) -> int:
        """Put what came of some scans into the ledger; returns the number of them that failed."""
        self._ledger.write_results(self._run, self._reader, results)
        read = sum(self._names_of[result.content] for result in results)
        failed = sum(self._names_of[result.content] for result in results if result.failures)
        self.figures.tried += read
        self.figures.failed += failed
        self.figures.pages += sum(result.pages for result in results)
        self._watcher.advance(read, failed)
        return failed

    def ceiling_reached(self) -> bool:
        """Whether too many scans fail for the night to go on."""
        figures = self.figures
        return self.settings.ceiling.reached(
            failed=figures.failed, tried=figures.tried, planned=figures.planned
        )

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Spans the reading, for the figures."""
        with self._timed("reading"):
            yield

    def finish(self, outcome: str = "finished") -> None:
        """Write the results, the quarantine, the report and the summary, from all that was read ever.

        outcome : `finished`, `interrupted` or `failure-ceiling`.

        Raises OSError where the output folder can no longer be written, CopyError.
        """
        out = self.settings.out
        self.figures.outcome = outcome
        with self._timed("results"):
            self.tally = write_results(self._ledger, out, parse_formats(self.settings.formats))
            update_quarantine(out, self.tally.failures)
        self._name_debug_images()
        self.history = read_history(out, self._run)
        for alarm in self.history.alarms:
            log.warning("unusual: %s", alarm)
        with self._timed("report"):
            write_report(
                out, self.settings, self.identity, self.threshold, self.figures, self.tally, self.history
            )
        document = write_summary(
            out, self.settings, self.identity, self.threshold, self.figures, self.tally, self.history
        )
        self._ledger.end_run(self._run, outcome)
        if self.settings.copy_to is not None:
            copy_results(out, self.settings.copy_to)
        self.document = document
        self.exit_code = self._exit_code(outcome)

    def _name_debug_images(self) -> None:
        if self._debug_folder is None:
            return
        names = {sighting.content: sighting.name for sighting in reversed(self._sightings)}
        drawn = debug_images.name_pictures(self._debug_folder, names)
        if drawn < self.figures.pages:
            log.warning(
                "%s holds pictures of %d of the %d pages that were read; look whether the disk is full,"
                " or run again with --existing redo --verbose",
                self._debug_folder,
                drawn,
                self.figures.pages,
            )

    def _exit_code(self, outcome: str) -> ExitCode:
        if outcome == "interrupted":
            return ExitCode.INTERRUPTED
        if outcome == "failure-ceiling":
            return ExitCode.FAILURE_CEILING
        here = {sighting.path for sighting in self._sightings}
        # A night that continues a broken one ends as an unbroken one would have ended.
        if self.figures.tried and any(failure.line.path in here for failure in self.tally.failures):
            return ExitCode.SCANS_FAILED
        return ExitCode.OK

    @contextmanager
    def _timed(self, step: str) -> Iterator[None]:
        begin = time.monotonic()
        try:
            yield
        finally:
            self.figures.seconds[step] = self.figures.seconds.get(step, 0.0) + time.monotonic() - begin
