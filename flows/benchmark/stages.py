"""Processor time of the pipeline stage by stage, without changing the pipeline.

The functions that do a stage's work are wrapped where their callers look them up; time that a wrapped
function spends in another one counts for the inner one alone.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from typing import Any, TypeVar
from unittest.mock import patch

Item = TypeVar("Item")

DECODE, LOCATE, SEGMENT, CROPS, NETWORKS, VALUES = (
    "decode",
    "locate",
    "segment",
    "crops",
    "networks",
    "values",
)
STAGES = (DECODE, LOCATE, SEGMENT, CROPS, NETWORKS, VALUES)
# Where a stage's work is called. What is in none of them is locating.
_WORK = (
    ("pipeline.cut", "segment", SEGMENT),
    ("pipeline.envelopes.written", "segment", SEGMENT),
    ("pipeline.forms.cut", "segment", SEGMENT),
    ("pipeline.cut", "build_lattice", CROPS),
    ("pipeline.envelopes.written", "build_lattice", CROPS),
    ("pipeline.forms.cut", "build_lattice", CROPS),
    ("models.network", "Network.predict_proba", NETWORKS),
    ("models.line_network", "LineNetwork.predict_frames", NETWORKS),
    ("models.page_classifier", "PageModel.look", NETWORKS),
    ("pipeline.read", "read_ways", VALUES),
)


class StageClock:
    """Seconds of processor time of every stage, counted while `running`; crops : classified meanwhile."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(STAGES, 0.0)
        self.crops = 0
        self._stack: list[str] = []
        self._since = 0.0

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count what is done within for a stage, and no longer for the one around it."""
        self._charge()
        self._stack.append(name)
        try:
            yield
        finally:
            self._charge()
            self._stack.pop()

    def each(self, items: Iterable[Item], name: str) -> Iterator[Item]:
        """The items, the making of each counted for a stage."""
        source = iter(items)
        while True:
            with self.stage(name):
                try:
                    item = next(source)
                except StopIteration:
                    return
            yield item

    @contextmanager
    def running(self) -> Iterator[None]:
        """Have the pipeline's work counted; everything else within counts as locating."""
        with ExitStack() as stack:
            for module, name, stage in _WORK:
                owner: Any = import_module(module)
                *classes, last = name.split(".")
                for each in classes:
                    owner = getattr(owner, each)
                stack.enter_context(patch.object(owner, last, self._wrapped(getattr(owner, last), stage)))
            with self.stage(LOCATE):
                yield

    def _wrapped(self, work: Callable[..., Any], stage: str) -> Callable[..., Any]:
        @functools.wraps(work)
        def timed(*arguments: Any, **named: Any) -> Any:
            with self.stage(stage):
                result = work(*arguments, **named)
            if work.__name__ == "predict_proba":
                self.crops += len(result)
            return result

        return timed

    def _charge(self) -> None:
        now = time.process_time()
        if self._stack:
            self.seconds[self._stack[-1]] += now - self._since
        self._since = now
