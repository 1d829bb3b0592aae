"""A night that the command line has prepared, handed to the flow that runs in the same process.

Not in `flows.flow`: Prefect sends the flow's code to Dask workers with all that it refers to.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from flows.night import Night

_prepared: ContextVar[tuple[Night | None, bool]] = ContextVar("prepared", default=(None, True))


def prepared_night() -> tuple[Night | None, bool]:
    """The night that was handed over, None where a deployment runs the flow; whether its record is kept."""
    return _prepared.get()


@contextmanager
def handed_over(night: Night, *, kept: bool) -> Iterator[None]:
    """Have the flow that is called within take this night."""
    token = _prepared.set((night, kept))
    try:
        yield
    finally:
        _prepared.reset(token)
