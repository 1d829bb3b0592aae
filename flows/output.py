"""The output folder: made, writable, and written by one run at a time."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.errors import UsageError

try:
    import fcntl
except ImportError:  # Windows, where a second run is not kept out
    fcntl = None  # type: ignore[assignment]

LOCK_NAME = ".nightsort.lock"
_LEFT_AFTER_S = 3600.0


@contextmanager
def own_output_folder(
    out: Path, lock_name: str = LOCK_NAME, holder: str = "another run of nightsort"
) -> Iterator[Path]:
    """Make the folder and hold it for the length of the context: no second run can enter it.

    lock_name, holder : of what else excludes its like, and how the other one is called.

    The hold ends with the process, however it ends. Raises UsageError where the folder cannot
    be written or another run holds it.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(out / lock_name, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise UsageError(
            f"--out {out} cannot be written ({error.strerror}); choose a folder that can"
        ) from error
    try:
        _lock(descriptor, out, holder)
        yield out
    finally:
        os.close(descriptor)


def remove_leftovers(out: Path) -> None:
    """Remove what files were written to that were killed before they had their names.

    Young ones stay: the review station writes here as well. Raises OSError.
    """
    oldest = time.time() - _LEFT_AFTER_S
    for part in (*out.glob(".*.part"), *out.glob("quarantine/**/.*.part")):
        if part.stat().st_mtime < oldest:
            part.unlink()


def _lock(descriptor: int, out: Path, holder: str) -> None:
    if fcntl is None:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in (errno.EAGAIN, errno.EACCES):
            return  # some network file systems know no locks; one writer is then up to the operator
        raise UsageError(
            f"--out {out} is in use by {holder}; wait for it to end or choose another folder"
        ) from error
