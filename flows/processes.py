"""How processes that read are started: forked from one that has loaded all that reading needs.

A fork of the night's own process would copy the locks of Prefect's threads; a process from nothing
loads OpenCV, LiteRT and the rest again. Between them stands `multiprocessing`'s fork server: a process
with one thread, which loads them once (`flows.warm`) and ends with the night. The memory that this
takes is shared.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
import threading
from multiprocessing import forkserver
from typing import TYPE_CHECKING

from flows.environment import environment

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext, SpawnContext

_WARM = "flows.warm"
# Longest name of a folder for temporary files under which the fork server's socket still has a name that
# systems allow: 107 characters, of Linux (103 elsewhere), without /pymp-12345678/listener-12345678.
_LONGEST = 70
_starting = threading.Lock()


def reading_context() -> ForkServerContext | SpawnContext:
    """What makes processes that read, and pipes to them; where there can be no fork server, from nothing."""
    possible = "forkserver" in multiprocessing.get_all_start_methods()
    if not possible or len(os.fsencode(tempfile.gettempdir())) > _LONGEST:
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([_WARM])
    with _starting, environment(_own_search_path()):
        forkserver.ensure_running()
    return context


def _own_search_path() -> dict[str, str | None]:
    """The environment in which a Python process looks for modules where this one does.

    The fork server would look first in the folder that the night is started from, and there may be a
    `models.py` of somebody else's: it does not use the search path that it is handed.
    """
    return {"PYTHONSAFEPATH": "1", "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))}
