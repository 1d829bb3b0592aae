"""The process of a Prefect server of our own: its API for the length of a night, all of it for a service.

A night that has no threads forks it off when it has loaded Prefect itself: loading it twice would cost a
second of CPU time more. `prefect server start` would besides bring the command line, and what serves a
team for months.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import shutil
import signal
import sys
from multiprocessing import parent_process
from multiprocessing.process import BaseProcess
from pathlib import Path

from flows.tether import end_with_parent

LOG_NAME = "server.log"


def start_server(home: Path, host: str, port: int, *, lasting: bool) -> BaseProcess:
    """Start a server that answers on a free port of the host and ends with this process.

    home : where it writes its log; if not lasting, it is removed when this process was killed.
    lasting : with its pages for browsers, its scheduler and what else it does by itself.
    """
    # A fork has no other threads, but what they held is held in it for ever: libraries' own threads, too.
    forks = sys.platform == "linux" and _threads() == 1
    context = multiprocessing.get_context("fork") if forks else multiprocessing.get_context("spawn")
    server = context.Process(
        target=_serve, args=(home, host, port, lasting, forks), name="nightsort-prefect", daemon=True
    )
    server.start()
    return server


def _threads() -> int:
    """How many threads this process has, of Linux; Python counts none but its own."""
    return sum(1 for _ in Path("/proc/self/task").iterdir())


def _serve(home: Path, host: str, port: int, lasting: bool, forked: bool) -> None:
    # Terminals and service managers signal every process of a night, and this one is needed until the last.
    if os.name == "posix":
        os.setsid()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    if forked:
        _let_go_of_files()
    end_with_parent(lambda: None if lasting else shutil.rmtree(home, ignore_errors=True))
    log = os.open(home / LOG_NAME, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    gc.freeze()  # what the night has loaded is no garbage, and looking through it would copy it
    import uvicorn  # noqa: PLC0415 - Prefect and its server, after their environment is set
    from prefect.context import refresh_global_settings_context  # noqa: PLC0415

    refresh_global_settings_context()  # the night may have loaded Prefect before it made this environment
    from prefect.server.api.server import create_app  # noqa: PLC0415

    app = create_app(final=lasting, webserver_only=not lasting)
    uvicorn.run(app, host=host, port=port, log_level="error")


def _let_go_of_files() -> None:
    """Close what the night has open: its hold on the output folder must end with it."""
    parent = parent_process()
    assert parent is not None
    os.closerange(3, parent.sentinel)
    os.closerange(parent.sentinel + 1, os.sysconf("SC_OPEN_MAX"))
