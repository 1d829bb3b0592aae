"""Processes that end when their parent ends, even if it was killed and could say nothing.

The parent holds the one writing end of a pipe; when the parent is gone, by whatever death, the
operating system closes that end and the child notices. Unlike Linux's PR_SET_PDEATHSIG this
does not depend on the thread that started the child, and it works on every system.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable
from multiprocessing import connection, parent_process
from typing import TYPE_CHECKING, Any

from flows.messages import say_error

if TYPE_CHECKING:
    from prefect import Flow
    from prefect.client.schemas.objects import FlowRun, State

_SERVICE = "NIGHTSORT_SERVICE"
_SAYS, _JSON = "NIGHTSORT_SERVICE_SAYS", "json"
_PREFECT_SAYS = "Flow run encountered an exception: "
_LOOK_EVERY_S = 0.5


def end_with_parent(cleanup: Callable[[], None] = lambda: None) -> None:
    """Tie this process, which `multiprocessing` started, to its parent; `cleanup` runs last."""
    parent = parent_process()
    if parent is not None:
        _watch(lambda: connection.wait([parent.sentinel]), cleanup)


def end_with_service() -> None:
    """Tie a night to the `nightsort serve` that started it; elsewhere nothing happens.

    Left alone, a night would go on without the Prefect server of its service, and the service that
    is started in place of the old one could not tell when it ends.
    """
    service = int(os.environ.get(_SERVICE, "0"))

    def wait() -> None:
        while os.getppid() == service or is_alive(service):
            time.sleep(_LOOK_EVERY_S)

    if service:  # which may have died before this process came so far
        _watch(wait)


def is_alive(process: int) -> bool:
    """Whether there is a process of this number, of ours."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # of another user: the number was given out again
        return False
    return True


def announce_service(*, as_json: bool = False) -> None:
    """Have the nights that this process starts be tied to it, and say on its standard error why they fail.

    as_json : in the form that it says everything in.
    """
    os.environ[_SERVICE] = str(os.getpid())
    os.environ[_SAYS] = _JSON if as_json else ""


def say_failure(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Say in one line that a service's night failed, and why; for Prefect to call. `run` says it itself."""
    if _SERVICE in os.environ:
        cause = (state.message or "it ended for no known reason").removeprefix(_PREFECT_SAYS)
        cause = re.sub(r"^\w+Error: ", "", cause)
        as_json = os.environ.get(_SAYS) == _JSON
        say_error(f"the night {flow_run.name} failed: {cause}", as_json=as_json)


def _watch(wait_for_end: Callable[[], object], cleanup: Callable[[], None] = lambda: None) -> None:
    def watch() -> None:
        wait_for_end()
        cleanup()
        os._exit(1)  # nothing in this process is worth saving, and nothing must delay its end

    threading.Thread(target=watch, name="tether", daemon=True).start()
