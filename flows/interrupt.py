"""Ctrl-C and SIGTERM as a request that a loop looks at, instead of an exception anywhere."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def stop_on_signal() -> Iterator[threading.Event]:
    """Within the context the event tells that a stop was asked for; asking again stops at once.

    Outside the main thread, where Python allows no signal handlers, the event is never set.
    """
    asked = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def raise_on_sigterm() -> None:
    """Let SIGTERM end the process as Ctrl-C does: by an exception that `finally` sees."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
