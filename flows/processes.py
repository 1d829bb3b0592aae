"""How processes that read are started: forked from one that has loaded all that reading needs.

A fork of the night's own process would copy the locks of Prefect's threads; a process from nothing
loads OpenCV, SciPy and the rest again. Between them stands `multiprocessing`'s fork server: a process
with one thread, which loads them once (`flows.warm`) and ends with the night. The memory that this
takes is shared.
"""

from __future__ import annotations

import multiprocessing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext, SpawnContext

_WARM = "flows.warm"


def reading_context() -> ForkServerContext | SpawnContext:
    """What makes processes that read, and pipes to them; where there is no fork server, from nothing."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([_WARM])
    return context
