"""The ledger as the review station uses it: fields, keyings, verdicts, settings.

A keying and what follows from it are written in one transaction that is on the disk before the
reviewer sees the next field.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from flows.ledger_file import explained, open_ledger_file, transaction
from flows.review.fields import Detail, Field, Key, entropy
from flows.review.votes import Keying, agreed, counted, is_doubtful
from flows.verdict import Kind, Verdict
from pipeline.document import Box, Reading, Reason
from pipeline.results import settle


@dataclass(frozen=True)
class Entry:
    """A keying as it goes into the ledger. seconds : from the field's being shown, None if not known."""

    key: Key
    reviewer: str
    verdict: Verdict
    needed: int = 1
    afresh: bool = False
    seconds: float | None = None


class Store:
    """A connection of the station to the ledger; a context manager, for one thread. Raises LedgerError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._db = open_ledger_file(path)
        self._db.execute("PRAGMA synchronous = FULL")  # a person's work is worth waiting for the disk

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    # Fields --------------------------------------------------------------------------------------

    def fields(self) -> list[Field]:
        """Every field that was read, once, by the name of the first scan that holds it."""
        with explained(self.path):
            keyers = self._open_keyers()
            found: dict[Key, Field] = {}
            for row in self._db.execute(_FIELDS):
                key = (row["content"], row["page"], row["field"])
                if key not in found:
                    field = found[key] = _field(key, row, keyers.get(key, ()))
                    if field.verified and field.sure:
                        field.verified, field.keyers = self.standing(field)
        return list(found.values())

    def detail(self, key: Key) -> Detail | None:
        """What is needed to show a field, None where the ledger has it no more."""
        with explained(self.path):
            row = self._db.execute(_DETAIL, key).fetchone()
        if row is None:
            return None
        box = Box(*json.loads(row["box"])) if row["box"] else None
        alternatives = tuple((value, share) for value, share in json.loads(row["alternatives"]))
        return Detail(row["path"], row["layout"], box, alternatives)

    def version(self) -> int:
        """A number that changes when another process writes to the ledger."""
        return int(self._db.execute("PRAGMA data_version").fetchone()[0])

    # Keyings -------------------------------------------------------------------------------------

    def record(self, entry: Entry) -> Verdict | None:
        """Put down a keying; returns what the field's keyings now say together."""
        with self._transaction() as db:
            machine = db.execute(_MACHINE, entry.key).fetchone()
            reading = (machine["value"], machine["confidence"]) if machine else ("", 0.0)
            status = settle(_reading(machine), machine["threshold"])[0].value if machine else ""
            model = f"{machine['model']}@{machine['model_hash']}" if machine else ""
            verdict = entry.verdict
            db.execute(
                "INSERT INTO decisions (content, page, field, kind, value, reviewer, decided, needed, afresh,"
                f" seconds, reading, confidence, status, model) VALUES ({', '.join('?' * 14)})",
                (
                    *entry.key, verdict.kind.value, verdict.value, entry.reviewer, _now(),
                    entry.needed, entry.afresh, entry.seconds, *reading, status, model,
                ),
            )  # fmt: skip
            return self._conclude(entry.key)

    def undo(self, reviewer: str) -> tuple[Key, Verdict] | None:
        """Take the reviewer's last keying back; returns which field it was and what was keyed."""
        with self._transaction() as db:
            row = db.execute(
                "SELECT * FROM decisions WHERE reviewer = ? AND undone IS NULL ORDER BY id DESC LIMIT 1",
                (reviewer,),
            ).fetchone()
            if row is None:
                return None
            db.execute("UPDATE decisions SET undone = ? WHERE id = ?", (_now(), row["id"]))
            key = (row["content"], row["page"], row["field"])
            self._conclude(key)
        return key, Verdict(Kind(row["kind"]), row["value"])

    def keyings(self, key: Key) -> list[Keying]:
        """All keyings of a field that were not undone, in their order."""
        rows = self._db.execute(
            f"SELECT * FROM decisions WHERE {_OF_KEY} AND undone IS NULL ORDER BY id", key
        )
        return [_keying(row) for row in rows]

    def standing(self, field: Field) -> tuple[bool, tuple[str, ...]]:
        """Whether people have settled a field beyond doubt, and who keyed it where they have not."""
        keyings = self.keyings(field.key)
        if agreed(keyings) is not None and not is_doubtful(keyings, field.value, very_certain=field.sure):
            return True, ()
        return False, tuple(keying.reviewer for keying in counted(keyings))

    def verdict(self, key: Key) -> Verdict | None:
        """What stands for a field, None where people have not settled it."""
        row = self._db.execute(f"SELECT kind, value FROM verdicts WHERE {_OF_KEY}", key).fetchone()
        return row and Verdict(Kind(row["kind"]), row["value"])

    def verdicts(self) -> dict[Key, Verdict]:
        """All that people settled."""
        rows = self._db.execute("SELECT * FROM verdicts")
        return {
            (row["content"], row["page"], row["field"]): Verdict(Kind(row["kind"]), row["value"])
            for row in rows
        }

    def pace(self, reviewer: str, last: int = 30) -> float | None:
        """Seconds that the reviewer's last keyings took, by the median; None before the first."""
        rows = self._db.execute(
            "SELECT seconds FROM decisions WHERE reviewer = ? AND undone IS NULL AND seconds IS NOT NULL"
            " ORDER BY id DESC LIMIT ?",
            (reviewer, last),
        ).fetchall()
        times = sorted(seconds for (seconds,) in rows)
        return times[len(times) // 2] if times else None

    # Settings ------------------------------------------------------------------------------------

    def setting(self, name: str) -> str | None:
        """A setting of the station, None where it was never set."""
        row = self._db.execute("SELECT value FROM review_settings WHERE name = ?", (name,)).fetchone()
        return row and str(row[0])

    def set(self, name: str, value: str) -> None:
        """Keep a setting of the station."""
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO review_settings VALUES (?, ?)", (name, value))

    def setting_once(self, name: str, value: str) -> str:
        """The setting; `value` where there is none yet, which is then kept."""
        with self._transaction() as db:
            db.execute("INSERT OR IGNORE INTO review_settings VALUES (?, ?)", (name, value))
        return self.setting(name) or value

    def readers(self) -> list[sqlite3.Row]:
        """The readers whose results count today: id, model, model_hash, threshold."""
        return self._db.execute(
            "SELECT * FROM readers WHERE id IN (SELECT reader FROM scans) ORDER BY id"
        ).fetchall()

    def set_threshold(self, reader: int, threshold: float) -> None:
        """Settle a reader's results by this threshold from now on."""
        with self._transaction() as db:
            db.execute("UPDATE readers SET threshold = ? WHERE id = ?", (threshold, reader))

    def last_run(self) -> tuple[int, dict[str, Any]]:
        """Number and options of the last run; 0 and none where there was none."""
        row = self._db.execute("SELECT id, settings FROM runs ORDER BY id DESC LIMIT 1").fetchone()
        return (int(row["id"]), dict(json.loads(row["settings"]))) if row else (0, {})

    def layouts_used(self) -> list[tuple[str, str]]:
        """Layout and country of the postal codes of every run, as they were given, the last first."""
        rows = self._db.execute("SELECT settings FROM runs ORDER BY id DESC").fetchall()
        settings = [json.loads(text) for (text,) in rows]
        pairs = [(str(each.get("layout", "")), str(each.get("postal", "us"))) for each in settings]
        return list(dict.fromkeys(pair for pair in pairs if pair[0]))

    # ---------------------------------------------------------------------------------------------

    def _transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        return transaction(self._db, self.path)

    def _conclude(self, key: Key) -> Verdict | None:
        verdict = agreed(self.keyings(key))
        self._db.execute(f"DELETE FROM verdicts WHERE {_OF_KEY}", key)
        if verdict is not None:
            self._db.execute(
                "INSERT INTO verdicts VALUES (?, ?, ?, ?, ?)", (*key, verdict.kind, verdict.value)
            )
        return verdict

    def _open_keyers(self) -> dict[Key, tuple[str, ...]]:
        """Who keyed the fields that are not settled yet."""
        keyers: dict[Key, list[str]] = defaultdict(list)
        for row in self._db.execute(_OPEN):
            keyers[row["content"], row["page"], row["field"]].append(row["reviewer"])
        return {key: tuple(names) for key, names in keyers.items()}


_OF_KEY = "content = ? AND page = ? AND field = ?"
_FIELDS = """
SELECT s.name, s.content, r.page, r.position, r.field, r.value, r.confidence, r.alternatives, r.empty,
       r.reason, k.threshold, v.kind IS NOT NULL AS verified
  FROM scans s JOIN readings r ON r.content = s.content AND r.reader = s.reader
  JOIN readers k ON k.id = s.reader
  LEFT JOIN verdicts v ON v.content = r.content AND v.page = r.page AND v.field = r.field
 ORDER BY s.name, s.path, r.page, r.position
"""
_OF_ONE = """
  FROM scans s JOIN readings r ON r.content = s.content AND r.reader = s.reader
  JOIN readers k ON k.id = s.reader
 WHERE s.content = ? AND r.page = ? AND r.field = ? ORDER BY s.name, s.path LIMIT 1
"""
_DETAIL = f"SELECT s.path, k.layout, r.box, r.alternatives {_OF_ONE}"
_MACHINE = f"SELECT r.value, r.confidence, r.empty, r.reason, k.threshold, k.model, k.model_hash {_OF_ONE}"
_OPEN = """
SELECT d.content, d.page, d.field, d.reviewer FROM decisions d
 WHERE d.undone IS NULL AND NOT EXISTS (
    SELECT 1 FROM verdicts v WHERE v.content = d.content AND v.page = d.page AND v.field = d.field)
 ORDER BY d.id
"""


def _field(key: Key, row: sqlite3.Row, keyers: tuple[str, ...]) -> Field:
    status, reason = settle(_reading(row), row["threshold"])
    return Field(
        key=key,
        scan=row["name"],
        position=row["position"],
        value=row["value"],
        confidence=row["confidence"],
        status=status,
        reason=reason,
        entropy=entropy(row["confidence"], json.loads(row["alternatives"])),
        verified=bool(row["verified"]),
        keyers=keyers,
    )


def _reading(row: sqlite3.Row) -> Reading:
    return Reading(
        scan="",
        page=0,
        field="",
        value=row["value"],
        confidence=row["confidence"],
        empty=bool(row["empty"]),
        reason=Reason(row["reason"]) if row["reason"] else None,
    )


def _keying(row: sqlite3.Row) -> Keying:
    verdict = Verdict(Kind(row["kind"]), row["value"])
    return Keying(row["id"], row["reviewer"], verdict, row["needed"], bool(row["afresh"]))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
