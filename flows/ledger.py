"""What has been read, by which layout and model: the one record of all nights, in SQLite.

Results belong to a scan's content (its SHA-256), not to its name, so a renamed scan is not read
twice and changed content is. The night's process is the only writer and writes a chunk in one
transaction: a process killed at any moment leaves whole chunks and nothing else.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import astuple
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from flows.chunk import ScanResult
from flows.ledger_file import explained, open_ledger_file, transaction
from flows.ledger_rows import LINES, Line, Sighting, identity_of, line_of, reader_key, reading_row
from flows.reader import Identity

FILE_NAME = "ledger.sqlite"


class Ledger:
    """The ledger of one output folder, open; a context manager.

    Raises LedgerError where the file is no ledger, is damaged, or was written by a newer Nightsort.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db = open_ledger_file(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    # Runs ----------------------------------------------------------------------------------------

    def begin_run(self, settings: dict[str, Any]) -> int:
        """Note that a run begins; returns its number."""
        with self._transaction() as db:
            cursor = db.execute(
                "INSERT INTO runs (started, settings) VALUES (?, ?)", (_now(), json.dumps(settings))
            )
            return int(cursor.lastrowid or 0)

    def end_run(self, run: int, outcome: str) -> None:
        """Note how a run ended."""
        with self._transaction() as db:
            db.execute("UPDATE runs SET ended = ?, outcome = ? WHERE id = ?", (_now(), outcome, run))

    def register_reader(self, identity: Identity, threshold: float) -> int:
        """The number of a layout and model; from now on its results are settled by this threshold."""
        with self._transaction() as db:
            db.execute(
                "INSERT INTO readers (layout, layout_hash, model, model_hash, field, threshold)"
                " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET threshold = excluded.threshold",
                (*reader_key(identity), identity.field, threshold),
            )
        return cast(int, self.find_reader(identity))

    def find_reader(self, identity: Identity) -> int | None:
        """The number of a layout and model, None where they never read anything."""
        where = "layout = ? AND layout_hash = ? AND model = ? AND model_hash = ?"
        with explained(self._path):
            row = self._db.execute(f"SELECT id FROM readers WHERE {where}", reader_key(identity)).fetchone()
        return row and int(row[0])

    # Scans ---------------------------------------------------------------------------------------

    def register_scans(self, sightings: Sequence[Sighting], reader: int) -> None:
        """Take down where the scans lie now, and forget the old names of those that were renamed."""
        with self._transaction() as db:
            new = [sight for sight in sightings if not self._knows(sight.path)]
            db.executemany(
                "INSERT OR REPLACE INTO scans (path, root, name, content, reader) VALUES (?, ?, ?, ?, ?)",
                [
                    (os.fsencode(sight.path), os.fsencode(sight.root), sight.name, sight.content, reader)
                    for sight in sightings
                ],
            )
            for sight in new:
                self._forget_old_names(sight)

    def contents_done(self, reader: int) -> set[str]:
        """The contents that need no reading: read, or failing in a way that will not change."""
        rows = self._db.execute("SELECT content FROM outcomes WHERE reader = ? AND lasting", (reader,))
        return {content for (content,) in rows}

    def contents_by_place(self) -> dict[Path, str]:
        """The content of every scan, by where it lay when it was last seen."""
        with explained(self._path):
            rows = self._db.execute("SELECT path, content FROM scans").fetchall()
        return {Path(os.fsdecode(path)): content for path, content in rows}

    def readers_by_content(self) -> dict[str, list[Identity]]:
        """What every content was read with, the one that read it last first; failures count as read."""
        with explained(self._path):
            rows = self._db.execute(
                "SELECT o.content, r.* FROM outcomes o JOIN readers r ON r.id = o.reader ORDER BY o.run DESC"
            ).fetchall()
        readers: dict[str, list[Identity]] = {}
        for row in rows:
            readers.setdefault(row["content"], []).append(identity_of(row))
        return readers

    def failed_scans(self, reader: int) -> list[Sighting]:
        """The scans that failed when this reader read them last, by name."""
        with explained(self._path):
            rows = self._db.execute(
                "SELECT DISTINCT s.path, s.root, s.name, s.content FROM scans s JOIN failures f"
                " ON f.content = s.content AND f.reader = s.reader WHERE s.reader = ? ORDER BY s.name",
                (reader,),
            ).fetchall()
        return [
            Sighting(Path(os.fsdecode(path)), Path(os.fsdecode(root)), name, content)
            for path, root, name, content in rows
        ]

    def settings_of_failures(self) -> list[dict[str, Any]]:
        """For every reader with failed scans the settings of the last run that it failed in."""
        with explained(self._path):
            rows = self._db.execute(
                "SELECT settings FROM runs WHERE id IN (SELECT max(o.run) FROM scans s"
                " JOIN failures f ON f.content = s.content AND f.reader = s.reader"
                " JOIN outcomes o ON o.content = f.content AND o.reader = f.reader"
                " GROUP BY s.reader) ORDER BY id"
            ).fetchall()
        return [cast(dict[str, Any], json.loads(settings)) for (settings,) in rows]

    def write_results(self, run: int, reader: int, results: Iterable[ScanResult]) -> None:
        """Put down what came of some scans, in place of what was known, in one transaction."""
        with self._transaction() as db:
            for result in results:
                self._write_result(db, run, reader, result)

    # Lines ---------------------------------------------------------------------------------------

    def lines(self) -> Iterator[Line]:
        """All results by scan name, page and field order; the same for the same scans, always."""
        with explained(self._path):
            readers = {row["id"]: row for row in self._db.execute("SELECT * FROM readers")}
            for row in self._db.execute(LINES):
                yield line_of(row, readers[row["reader"]])

    # ---------------------------------------------------------------------------------------------

    def _transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        return transaction(self._db, self._path)

    def _knows(self, path: Path) -> bool:
        row = self._db.execute("SELECT 1 FROM scans WHERE path = ?", (os.fsencode(path),)).fetchone()
        return row is not None

    def _forget_old_names(self, sight: Sighting) -> None:
        """Drop the rows of files that are this one: renamed, or with all their inbox in another place.

        One name with one content below two inboxes is one scan, whether the first inbox is still
        there or not: its rows could not be told apart. Below one inbox a copy is a scan of its own.
        """
        rows = self._db.execute(
            "SELECT path, name = ? AND root != ? FROM scans WHERE content = ? AND path != ?"
            " AND (root = ? OR name = ?)",
            (
                *(sight.name, os.fsencode(sight.root), sight.content, os.fsencode(sight.path)),
                *(os.fsencode(sight.root), sight.name),
            ),
        ).fetchall()
        for path, elsewhere in rows:
            if elsewhere or not os.path.lexists(path):
                self._db.execute("DELETE FROM scans WHERE path = ?", (path,))

    def _write_result(self, db: sqlite3.Connection, run: int, reader: int, result: ScanResult) -> None:
        key = (result.content, reader)
        for table in ("readings", "failures", "conditions"):
            db.execute(f"DELETE FROM {table} WHERE content = ? AND reader = ?", key)
        lasting = all(failure.lasting for failure in result.failures)
        db.execute(
            "INSERT OR REPLACE INTO outcomes (content, reader, pages, lasting, run) VALUES (?, ?, ?, ?, ?)",
            (*key, result.pages, lasting, run),
        )
        db.executemany(
            "INSERT INTO readings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(*key, *reading_row(each, index)) for index, each in enumerate(result.readings)],
        )
        db.executemany(
            "INSERT INTO failures VALUES (?, ?, ?, ?, ?)",
            [(*key, each.page, each.reason.value, each.message) for each in result.failures],
        )
        if result.condition is not None:
            db.execute("INSERT INTO conditions VALUES (?, ?, ?, ?, ?)", (*key, *astuple(result.condition)))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
