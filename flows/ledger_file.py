"""The ledger's file: its tables, and whether a file is a ledger that can be used."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.errors import LedgerError

LOCKED_LIMIT_S = 30.0  # a person who decides in the review station holds it for a moment
_APPLICATION_ID = 0x4E694768  # "NiGh", so that no other program's database is taken for a ledger

_SCHEMA = """
CREATE TABLE readers (
    id INTEGER PRIMARY KEY,
    layout TEXT NOT NULL, layout_hash TEXT NOT NULL, model TEXT NOT NULL, model_hash TEXT NOT NULL,
    field TEXT NOT NULL, threshold REAL NOT NULL,
    UNIQUE (layout, layout_hash, model, model_hash)
);
CREATE TABLE runs (
    id INTEGER PRIMARY KEY, started TEXT NOT NULL, ended TEXT, outcome TEXT, settings TEXT NOT NULL
);
-- The files, where they lay when they were last seen; the reader is the one that last was to read them.
CREATE TABLE scans (
    path BLOB PRIMARY KEY, root BLOB NOT NULL, name TEXT NOT NULL, content TEXT NOT NULL,
    reader INTEGER NOT NULL REFERENCES readers
) WITHOUT ROWID;
CREATE INDEX scans_by_content ON scans (content);
-- One row per content that was read; tried again unless lasting.
CREATE TABLE outcomes (
    content TEXT, reader INTEGER REFERENCES readers, pages INTEGER NOT NULL, lasting INTEGER NOT NULL,
    run INTEGER NOT NULL REFERENCES runs,
    PRIMARY KEY (content, reader)
) WITHOUT ROWID;
CREATE TABLE readings (
    content TEXT, reader INTEGER, page INTEGER, position INTEGER, field TEXT NOT NULL, value TEXT NOT NULL,
    confidence REAL NOT NULL, digit_confidences TEXT NOT NULL, alternatives TEXT NOT NULL, box TEXT,
    empty INTEGER NOT NULL, reason TEXT,
    PRIMARY KEY (content, reader, page, position)
) WITHOUT ROWID;
CREATE TABLE failures (
    content TEXT, reader INTEGER, page INTEGER, reason TEXT NOT NULL, message TEXT NOT NULL,
    PRIMARY KEY (content, reader, page)
) WITHOUT ROWID;
"""

# What people decide belongs to a scan's content, page and field: neither another name nor another
# model takes it away, and no run writes these tables.
_REVIEW = """
-- Every keying, in its order; `reading` and what follows is what the machine had said by then. Those
-- before the last one that is `afresh` no longer count, nor do those that were undone.
CREATE TABLE decisions (
    id INTEGER PRIMARY KEY,
    content TEXT NOT NULL, page INTEGER NOT NULL, field TEXT NOT NULL,
    kind TEXT NOT NULL, value TEXT NOT NULL, reviewer TEXT NOT NULL, decided TEXT NOT NULL,
    needed INTEGER NOT NULL, afresh INTEGER NOT NULL, seconds REAL,
    reading TEXT NOT NULL, confidence REAL NOT NULL, status TEXT NOT NULL, model TEXT NOT NULL,
    undone TEXT
);
CREATE INDEX decisions_by_field ON decisions (content, page, field);
CREATE INDEX decisions_by_reviewer ON decisions (reviewer, id) WHERE undone IS NULL;
-- What follows from the decisions, where enough people agree.
CREATE TABLE verdicts (
    content TEXT, page INTEGER, field TEXT, kind TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (content, page, field)
) WITHOUT ROWID;
CREATE TABLE review_settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""

# The layout that the page took, where a run has several; '' for the reader's.
_PAGE_LAYOUT = """
ALTER TABLE readings ADD COLUMN layout TEXT NOT NULL DEFAULT '';
"""

# How some pages came out of the scanner, for comparing nights (`pipeline.paper.condition`).
_CONDITION = """
CREATE TABLE conditions (
    content TEXT, reader INTEGER, contrast REAL NOT NULL, stroke REAL NOT NULL, skew REAL NOT NULL,
    PRIMARY KEY (content, reader)
) WITHOUT ROWID;
"""

# How sure each digit is follows from the value and its alternatives, and is no longer kept. (Older SQLite
# knows no DROP COLUMN.)
_WITHOUT_DIGITS = """
CREATE TABLE kept (
    content TEXT, reader INTEGER, page INTEGER, position INTEGER, field TEXT NOT NULL, value TEXT NOT NULL,
    confidence REAL NOT NULL, alternatives TEXT NOT NULL, box TEXT, empty INTEGER NOT NULL, reason TEXT,
    layout TEXT NOT NULL,
    PRIMARY KEY (content, reader, page, position)
) WITHOUT ROWID;
INSERT INTO kept SELECT content, reader, page, position, field, value, confidence, alternatives, box, empty,
       reason, layout FROM readings;
DROP TABLE readings;
ALTER TABLE kept RENAME TO readings;
"""

# What format 2 changed in format 1, format 3 in format 2, and so on; a new file gets all of it.
_STEPS = (_REVIEW, _PAGE_LAYOUT, _CONDITION, _WITHOUT_DIGITS)
FORMAT = 1 + len(_STEPS)


def open_ledger_file(path: Path) -> sqlite3.Connection:
    """Open a ledger, made if it is missing; transactions are begun by the caller, rows are `sqlite3.Row`.

    Raises LedgerError where the file is no ledger, is damaged, or was written by a newer Nightsort.
    """
    with explained(path):
        db = sqlite3.connect(path, timeout=LOCKED_LIMIT_S, isolation_level=None)
        db.row_factory = sqlite3.Row
        try:
            if _is_empty(db):
                _create(db)
            _check(db, path)
            _bring_up_to_date(db)
            db.execute("PRAGMA journal_mode = WAL")
            # A power cut may take the last chunks, which are then read again; it cannot take the file.
            db.execute("PRAGMA synchronous = NORMAL")
        except BaseException:
            db.close()
            raise
    return db


@contextmanager
def transaction(db: sqlite3.Connection, path: Path) -> Iterator[sqlite3.Connection]:
    """All that is done within the context, or nothing. Raises LedgerError as `explained` does."""
    with explained(path):
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
        except BaseException:
            db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what SQLite raises within the context into a LedgerError that says what to do."""
    try:
        yield
    except sqlite3.OperationalError as error:  # locked, disk full, no permission
        cause = str(error)
        remedy = next((what for word, what in _REMEDIES.items() if word in cause), "see to that")
        raise LedgerError(f"{path} cannot be used ({cause}); {remedy} and run again") from error
    except sqlite3.DatabaseError as error:
        raise LedgerError(_damaged(path, str(error))) from error


_REMEDIES = {
    "locked": "end the other program that uses it",
    "full": "make room on the disk",
    "disk I/O": "see to the disk and its room",
    "readonly": "make it writable",
    "unable to open": "make its folder writable",
}


def _is_empty(db: sqlite3.Connection) -> bool:
    return bool(db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0)


def _create(db: sqlite3.Connection) -> None:
    begin = f"BEGIN; PRAGMA application_id = {_APPLICATION_ID}; PRAGMA user_version = {FORMAT};"
    db.executescript(f"{begin}{_SCHEMA}{''.join(_STEPS)}COMMIT;")


def _bring_up_to_date(db: sqlite3.Connection) -> None:
    """Change a file of an older format into one of this, all of it or nothing."""
    if _format(db) == FORMAT:
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        for step in _STEPS[_format(db) - 1 :]:  # asked again: another process may have been faster
            for statement in _statements(step):
                db.execute(statement)
        db.execute(f"PRAGMA user_version = {FORMAT}")
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _format(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _check(db: sqlite3.Connection, path: Path) -> None:
    application, version = (
        db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
    )
    if application != _APPLICATION_ID:
        raise LedgerError(f"{path} is not a ledger of Nightsort; choose another --out")
    if version > FORMAT:
        raise LedgerError(
            f"{path} was written by a newer Nightsort (format {version}, this one knows {FORMAT});"
            " use that one, or choose another --out"
        )
    if (finding := db.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
        raise LedgerError(_damaged(path, finding))


def _damaged(path: Path, finding: str) -> str:
    finding = " ".join(finding.split())
    return f"{path} is damaged ({finding}); move it away to have all scans read again"
