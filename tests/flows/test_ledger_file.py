"""The ledger's file: what is no ledger, is damaged, or was written by another version."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from flows.errors import LedgerError
from flows.ledger import Ledger
from flows.ledger_file import _APPLICATION_ID, _SCHEMA, FORMAT
from tests.flows.test_ledger import Inbox


def test_newer_ledger_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    Ledger(path).__exit__(None, None, None)
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {FORMAT + 1}")
    with pytest.raises(LedgerError, match="newer Nightsort"):
        Ledger(path)


def test_other_programs_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE theirs (x)")
    before = path.read_bytes()
    with pytest.raises(LedgerError, match="not a ledger"):
        Ledger(path)
    assert path.read_bytes() == before


def test_damaged_ledger_is_named(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(b"no database at all, but long enough to have a header of a hundred bytes" * 9)
    with pytest.raises(LedgerError, match=r"ledger\.sqlite is damaged .* move it away"):
        Ledger(path)


def test_ledger_damaged_within_is_found_when_opened(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger(path) as ledger:
        inbox = Inbox(ledger, tmp_path / "inbox")
        inbox.see({str(n): str(n) for n in range(300)})
        inbox.read(*map(str, range(300)))
    data = bytearray(path.read_bytes())
    for start in range(4096, len(data), 4096):
        data[start : start + 200] = b"\xff" * 200
    path.write_bytes(data)
    with pytest.raises(LedgerError, match="damaged"):
        Ledger(path)


def test_ledger_of_the_first_format_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with closing(sqlite3.connect(path)) as db:
        db.executescript(f"{_SCHEMA}PRAGMA application_id = {_APPLICATION_ID}; PRAGMA user_version = 1;")
    with Ledger(path) as ledger:
        inbox = Inbox(ledger, tmp_path / "inbox")
        inbox.see({"a": "1"})
        inbox.read("1")
        assert [line.verdict for line in ledger.lines()] == [None]
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone()[0] == FORMAT
        assert not db.execute("SELECT * FROM decisions").fetchall()
        assert db.execute("SELECT layout FROM readings").fetchall() == [("",)]


def test_readings_of_an_older_format_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger(path) as ledger:
        inbox = Inbox(ledger, tmp_path / "inbox")
        inbox.see({"a": "1"})
        inbox.read("1")
        (line,) = ledger.lines()
    with closing(sqlite3.connect(path)) as db:  # as format 4 had it
        db.executescript(
            """
            ALTER TABLE readings RENAME TO new;
            CREATE TABLE readings (
                content TEXT, reader INTEGER, page INTEGER, position INTEGER, field TEXT NOT NULL,
                value TEXT NOT NULL, confidence REAL NOT NULL, digit_confidences TEXT NOT NULL,
                alternatives TEXT NOT NULL, box TEXT, empty INTEGER NOT NULL, reason TEXT,
                layout TEXT NOT NULL DEFAULT '', PRIMARY KEY (content, reader, page, position)
            ) WITHOUT ROWID;
            INSERT INTO readings SELECT content, reader, page, position, field, value, confidence, '[0.5]',
                   alternatives, box, empty, reason, layout FROM new;
            DROP TABLE new;
            PRAGMA user_version = 4;
            """
        )
    with Ledger(path) as ledger:
        assert list(ledger.lines()) == [line]
