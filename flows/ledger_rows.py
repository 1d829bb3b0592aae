"""Scans and readings as rows of the ledger, and back."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from flows.chunk import PageFailure
from flows.reader import Identity
from flows.verdict import Kind, Verdict
from pipeline.document import Box, Reading, Reason

_UNHASHED = "unreadable:"
_IDENTITY = tuple(field.name for field in fields(Identity))


@dataclass(frozen=True, slots=True)
class Sighting:
    """A scan as it was found: where, under which name, with which content (see `content_key`).

    root : the input that it was found below.
    """

    path: Path
    root: Path
    name: str
    content: str


@dataclass(frozen=True)
class Line:
    """One line of the results: a reading, or the failure of a page.

    reading : carries the scan's current name; all but scan, page and field is empty for a failure.
    threshold : the least confidence to accept, as of the last run that used this reader.
    verdict : what people decided about the field, which stands above what was read.
    """

    path: Path
    sha256: str
    identity: Identity
    threshold: float
    reading: Reading
    failure: PageFailure | None = None
    verdict: Verdict | None = None


def content_key(sha256: str | None, path: Path) -> str:
    """The key of a scan's results: its hash, or a stand-in for a file that could not be hashed."""
    return sha256 or _UNHASHED + hashlib.sha256(os.fsencode(path)).hexdigest()


# All results by scan name, page and field order, as `line_of` takes them.
LINES = """
SELECT s.reader, s.path, s.name, s.content, r.page, r.position, r.field, r.value, r.confidence,
       r.alternatives, r.box, r.empty, r.reason, r.layout, NULL AS message,
       v.kind, v.value AS verified
  FROM scans s JOIN readings r ON r.content = s.content AND r.reader = s.reader
  LEFT JOIN verdicts v ON v.content = r.content AND v.page = r.page AND v.field = r.field
UNION ALL
SELECT s.reader, s.path, s.name, s.content, f.page, -1, '', '', 0.0, '[]', NULL, 0, f.reason, '',
       f.message, NULL, NULL
  FROM scans s JOIN failures f ON f.content = s.content AND f.reader = s.reader
 ORDER BY s.name, s.path, page, position
"""


def reading_row(reading: Reading, position: int) -> tuple[Any, ...]:
    """What the table of readings holds of one, after content and reader."""
    box = reading.box
    return (
        reading.page,
        position,
        reading.field,
        reading.value,
        float(reading.confidence),
        json.dumps([(value, float(probability)) for value, probability in reading.alternatives]),
        box and json.dumps((box.x, box.y, box.width, box.height)),
        reading.empty,
        reading.reason,
        reading.layout,
    )


def line_of(row: sqlite3.Row, reader: sqlite3.Row) -> Line:
    """The line of the results from a row that LINES gave, and that of its reader."""
    failed = row["message"] is not None
    reading = Reading(
        scan=row["name"],
        page=row["page"],
        field=reader["field"] if failed else row["field"],
        value=row["value"],
        confidence=row["confidence"],
        alternatives=tuple((other, probability) for other, probability in json.loads(row["alternatives"])),
        box=Box(*json.loads(row["box"])) if row["box"] else None,
        empty=bool(row["empty"]),
        reason=Reason(row["reason"]) if row["reason"] and not failed else None,
        layout=row["layout"],
    )
    return Line(
        path=Path(os.fsdecode(row["path"])),
        sha256="" if row["content"].startswith(_UNHASHED) else row["content"],
        identity=identity_of(reader),
        threshold=reader["threshold"],
        reading=reading,
        failure=PageFailure(row["page"], Reason(row["reason"]), row["message"]) if failed else None,
        verdict=Verdict(Kind(row["kind"]), row["verified"]) if row["kind"] else None,
    )


def identity_of(row: sqlite3.Row) -> Identity:
    """What it was read with, from a row of readers."""
    return Identity(**{name: row[name] for name in _IDENTITY})


def reader_key(identity: Identity) -> tuple[str, str, str, str]:
    """What tells one reader from another: its layout's name and hash, its model's."""
    return identity.layout, identity.layout_hash, identity.model, identity.model_hash
