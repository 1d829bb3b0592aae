"""Ctrl-C and SIGTERM as a request that a loop looks at, instead of an exception anywhere."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# Set by the handler of `raise_on_signal`. Python drops an exception that falls into a finalizer or a callback
# from C, of which the start of a night has many: what was asked for there is known from this.
_asked_before = threading.Event()


@contextmanager
def stop_on_signal() -> Iterator[threading.Event]:
    """Within the context the event tells that a stop was asked for; asking again stops at once.

    It is set from the beginning where a signal came before, but the exception that it raised was lost.
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
    if _asked_before.is_set():
        asked.set()
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def raise_on_signal() -> None:
    """Let SIGTERM end the process as Ctrl-C does, by an exception that `finally` sees; remember either."""
    _asked_before.clear()
    signal.signal(signal.SIGTERM, _raise)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # a job in the background ignores it
        signal.signal(signal.SIGINT, _raise)


def _raise(number: int, frame: FrameType | None) -> None:
    _asked_before.set()
    raise KeyboardInterrupt
