"""Copies of the scans that could not be read, each with a text that says why.

The inbox is never changed. What lies here is always what failed as of now: the entry of a scan
that was read well since, or renamed, goes; other files that somebody put here stay.
"""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
import shutil
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path, PurePosixPath

from flows.results import Settled

log = logging.getLogger(__name__)

FOLDER = "quarantine"
REASON_SUFFIX = ".reason.txt"
_LONGEST_NAME = 200  # bytes; file systems take 255


def update_quarantine(out: Path, failures: Iterable[Settled]) -> int:
    """Make OUT/quarantine hold exactly the scans of `failures` (lines in order of scans).

    Returns the number of scans in it. Raises OSError where OUT cannot be written.
    """
    folder = out / FOLDER
    wanted: set[Path] = set()
    for (source, sha256), lines in groupby(failures, lambda line: (line.line.path, line.line.sha256)):
        pages = list(lines)
        target = _target(folder, pages[0].reading.scan, wanted)
        wanted.add(target)
        _put(target, source, _explain(pages, source, sha256))
    _remove_others(folder, wanted)
    return len(wanted)


def _target(folder: Path, name: str, taken: set[Path]) -> Path:
    """Where a scan goes, always below the folder; of two with one name the second gets a number."""
    parts = [_short(part) for part in PurePosixPath(name).parts if part not in ("/", "..", ".")]
    target = plain = folder.joinpath(*parts) if parts else folder / "unnamed"
    number = 1
    while target in taken:
        number += 1
        target = plain.with_name(f"{plain.stem}-{number}{plain.suffix}")
    return target


def _short(part: str) -> str:
    """The file name, or as much of it as leaves room for the endings that are put to it."""
    if len(part.encode()) <= _LONGEST_NAME:
        return part
    mark = hashlib.sha256(part.encode()).hexdigest()[:12]
    suffix = PurePosixPath(part).suffix[:12]
    return f"{part.encode()[: _LONGEST_NAME - 40].decode(errors='ignore')}-{mark}{suffix}"


def _explain(pages: list[Settled], source: Path, sha256: str) -> str:
    lines = [
        f"scan: {pages[0].reading.scan}",
        f"file: {os.fsencode(source).decode(errors='backslashreplace')}",
    ]
    lines.append(f"sha256: {sha256 or 'unknown'}")
    for page in pages:
        if page.line.failure is not None:
            lines.append(f"page {page.reading.page}: {page.reason}: {page.line.failure.message}")
    return "\n".join(lines) + "\n"


def _put(target: Path, source: Path, explanation: str) -> None:
    note = _note(target)
    if target.exists() and note.exists() and note.read_text(encoding="utf-8") == explanation:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        shutil.copyfile(source, part)
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        if not target.exists():
            explanation += f"There is no copy: the file could not be read ({error.strerror}).\n"
        log.debug("no copy of %s: %s", source, error)
    note.write_text(explanation, encoding="utf-8")


def _note(target: Path) -> Path:
    return target.with_name(target.name + REASON_SUFFIX)


def _remove_others(folder: Path, wanted: set[Path]) -> None:
    notes = {_note(target) for target in wanted}
    for note in sorted(folder.rglob(f"*{REASON_SUFFIX}")):
        if note not in notes:
            note.with_name(note.name.removesuffix(REASON_SUFFIX)).unlink(missing_ok=True)
            note.unlink()
            _remove_empty(note.parent, folder.parent)


def _remove_empty(folder: Path, stop: Path) -> None:
    while folder != stop and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
