"""Processes that end when their parent ends, even if it was killed and could say nothing.

The parent holds the one writing end of a pipe; when the parent is gone, by whatever death, the
operating system closes that end and the child notices. Unlike Linux's PR_SET_PDEATHSIG this
does not depend on the thread that started the child, and it works on every system.

`python -m flows.tether HOME MODULE ARGUMENTS...` runs a module that way, tied to its standard
input, and removes the folder HOME when the parent has died (an empty one: nothing).
"""

from __future__ import annotations

import os
import runpy
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing import connection, parent_process

_SERVICE = "NIGHTSORT_SERVICE"
_LOOK_EVERY_S = 0.5


def end_with_parent() -> None:
    """Tie this process, which `multiprocessing` started, to its parent."""
    parent = parent_process()
    if parent is not None:
        _watch(lambda: connection.wait([parent.sentinel]), lambda: None)


def end_with_standard_input(cleanup: Callable[[], None]) -> None:
    """Tie this process to whoever holds the other end of its standard input; `cleanup` runs last."""
    _watch(sys.stdin.buffer.read, cleanup)


def end_with_service() -> None:
    """Tie a night to the `nightsort serve` that started it; elsewhere nothing happens.

    Left alone, a night would go on without the Prefect server of its service, and the service that
    is started in place of the old one could not tell when it ends.
    """
    service = int(os.environ.get(_SERVICE, "0"))

    def wait() -> None:
        while os.getppid() == service or _lives(service):
            time.sleep(_LOOK_EVERY_S)

    if service:  # which may have died before this process came so far
        _watch(wait, lambda: None)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # of another user: the number was given out again
        return False
    return True


def announce_service() -> None:
    """Have the nights that this process starts be tied to it."""
    os.environ[_SERVICE] = str(os.getpid())


def _watch(wait_for_end: Callable[[], object], cleanup: Callable[[], None]) -> None:
    def watch() -> None:
        wait_for_end()
        cleanup()
        os._exit(1)  # nothing in this process is worth saving, and nothing must delay its end

    threading.Thread(target=watch, name="tether", daemon=True).start()


def main() -> None:
    """Run a module, tied to standard input."""
    home, module, *arguments = sys.argv[1:]
    if hasattr(signal, "pthread_sigmask"):
        # A service manager signals every process of the night, and this one is needed until the last.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    end_with_standard_input(lambda: shutil.rmtree(home, ignore_errors=True) if home else None)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
