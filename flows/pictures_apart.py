"""Pictures for the report, taken in a process of their own: a scan that could end one ends no report.

A scan that was read well by a reading process may still harm the next that opens it (it grew, or
its decoder fails at random), and by then the night's own process has everything else done.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from multiprocessing.connection import Connection
from typing import Any

from flows.limits import limit_memory, memory_a_worker
from flows.pictures import Picture, take_pictures
from flows.processes import reading_context
from flows.results import Settled
from flows.tether import end_with_parent

log = logging.getLogger(__name__)

SILENCE_LIMIT_S = 30.0
Take = Callable[[list[Settled]], list[Picture]]


def take_pictures_apart(
    fields: Sequence[Settled], *, take: Take = take_pictures, silence_limit_s: float = SILENCE_LIMIT_S
) -> list[Picture]:
    """A picture of every field, in the order of the fields; without one where its scan does harm.

    take : what the process does with the fields of one scan.
    silence_limit_s : how long one scan may take.
    """
    order = sorted(range(len(fields)), key=lambda i: (fields[i].line.path, fields[i].reading.page))
    waiting = [list(group) for _, group in groupby(order, key=lambda i: fields[i].line.path)]
    pictures: dict[int, Picture] = {}
    while waiting:
        groups = [[fields[i] for i in group] for group in waiting]
        for taken in _in_a_process(groups, take, silence_limit_s):
            pictures.update(zip(waiting.pop(0), taken, strict=True))
        if waiting:  # the process ended early, at the first of them
            log.debug("no picture of %s: it ended its process", fields[waiting[0][0]].line.path)
            pictures |= {i: Picture(fields[i], None) for i in waiting.pop(0)}
    return [pictures[i] for i in range(len(fields))]


def _in_a_process(groups: list[list[Settled]], take: Take, silence_limit_s: float) -> Iterator[list[Picture]]:
    """The pictures of one group after another, as far as the process lives."""
    context = reading_context()
    ours, theirs = context.Pipe()
    process = context.Process(
        target=_take, args=(theirs, groups, take), name="nightsort-pictures", daemon=True
    )
    process.start()
    theirs.close()
    try:
        for number in range(len(groups)):
            # The first one waits for the process to start as well.
            if not ours.poll(silence_limit_s if number else 2 * silence_limit_s):
                return
            yield ours.recv()
    except (EOFError, OSError):
        return
    finally:
        process.kill()
        process.join()
        ours.close()


def _take(connection: Connection[Any, Any], groups: list[list[Settled]], take: Take) -> None:
    end_with_parent()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # C libraries are talkative about damaged files
    limit_memory(memory_a_worker(1))
    for group in groups:
        connection.send(take(group))
