"""The results copied to an address after every night: `--copy-to s3://bucket/results`.

OUT itself is always a local folder, because its ledger is; what is copied is what OUT holds when the
night has ended, a backup of the ledger included, from which OUT can be made again.
"""

from __future__ import annotations

import logging
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from flows.addresses import Address, file_system
from flows.errors import CopyError
from flows.ledger import FILE_NAME as LEDGER
from flows.quarantine import FOLDER as QUARANTINE
from flows.summary import FILE_NAME as SUMMARY

log = logging.getLogger(__name__)


def copy_results(out: Path, address: Address) -> int:
    """Copy the files of OUT, the summary last, so that who sees it there sees all of that night.

    Copies of scans that left the quarantine are removed there; nothing else is ever removed.
    Returns the number of files copied. Raises UsageError for an address that cannot be opened,
    CopyError where a file cannot be written there.
    """
    system, root = file_system(address.url)
    root = root.rstrip("/")
    names = sorted(_files(out), key=lambda name: (name == SUMMARY, name))
    try:
        with tempfile.TemporaryDirectory(dir=out, prefix=".copy-") as scratch:
            backup = Path(scratch) / LEDGER
            _back_up(out / LEDGER, backup)
            for name in [LEDGER, *names]:
                target = f"{root}/{name}"
                system.makedirs(system._parent(target), exist_ok=True)
                system.put_file(str(backup if name == LEDGER else out / name), target)
        system.invalidate_cache()
        for old in system.find(f"{root}/{QUARANTINE}"):
            if old.strip("/").removeprefix(f"{root}/".lstrip("/")) not in names:
                system.rm_file(old)
    except Exception as error:  # every file system raises its own kinds
        cause = " ".join(f"{type(error).__name__}: {error}".split())
        raise CopyError(
            f"the results are in {out}, but copying them to {address} failed ({cause}); run the same command"
            " again when that is mended"
        ) from error
    return len(names) + 1


def _files(out: Path) -> Iterator[str]:
    """The results by their path below OUT; what begins with a dot, and the ledger itself, are ours."""
    for path in out.rglob("*"):
        name = path.relative_to(out)
        if path.is_file() and not name.parts[0].startswith((".", LEDGER)):
            yield name.as_posix()


def _back_up(ledger: Path, target: Path) -> None:
    with closing(sqlite3.connect(ledger)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
