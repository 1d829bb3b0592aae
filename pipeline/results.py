"""What becomes of a reading, and how it is written down: status, records, rows, whole files.

A record (JSON types, everything known) is the one form a result is kept in; `results.jsonl` is
records, one a line, and `results.csv` is the same records as rows of text.
"""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pipeline.document import Reading, Reason, Status

Record = dict[str, Any]
Row = dict[str, str]

COLUMNS: Final = (
    "scan",
    "page",
    "field",
    "value",
    "confidence",
    "status",
    "reason",
    "digit_confidences",
    "alternatives",
    "x",
    "y",
    "width",
    "height",
    "layout",
    "model",
    "sha256",
)
_TEXT_COLUMNS: Final = ("scan", "field", "value", "status", "reason", "layout", "model", "sha256")
_BOX_COLUMNS: Final = ("x", "y", "width", "height")
# Spreadsheets also take the full-width forms for the start of a formula.
_FORMULA_STARTS: Final = tuple("=+-@\t\r\n＝＋－＠")
_FLUSH_BYTES: Final = 1 << 16


def settle(reading: Reading, threshold: float) -> tuple[Status, str]:
    """Decide what may be done with a reading.

    threshold : the least confidence that is acted on without a person.

    Returns the status (accepted, review or empty, never failed) and the reason, '' where
    nothing speaks against the value. A confidence that is no number is never accepted.
    """
    if reading.empty:
        return Status.EMPTY, reading.reason or ""
    if reading.reason is not None:
        return Status.REVIEW, reading.reason.value
    if not reading.value:
        return Status.REVIEW, Reason.NOT_FOUND.value
    if reading.confidence >= threshold:
        return Status.ACCEPTED, ""
    return Status.REVIEW, Reason.LOW_CONFIDENCE.value


def record(reading: Reading, status: Status, reason: str, *, layout: str, model: str, sha256: str) -> Record:
    """All that is known about one field, in types that JSON keeps: it survives `json` unchanged.

    layout, model : name and content hash as they shall stand in the results.
    sha256 : of the scan file, 64 hex digits; '' where the file could not be read.

    Raises ValueError for a confidence outside 0..1 (NaN included).
    """
    box = reading.box
    return {
        "scan": reading.scan,
        "page": reading.page,
        "field": reading.field,
        "value": reading.value,
        "confidence": _probability(reading.confidence),
        "status": status.value,
        "reason": str(reason),
        "digit_confidences": [_probability(p) for p in reading.digit_confidences],
        "alternatives": [
            {"value": value, "probability": _probability(p)} for value, p in reading.alternatives
        ],
        "box": box and {"x": box.x, "y": box.y, "width": box.width, "height": box.height},
        "layout": layout,
        "model": model,
        "sha256": sha256,
    }


def row(record: Mapping[str, Any]) -> Row:
    """The record as the cells of results.csv, in the order of `COLUMNS`, safe in a spreadsheet."""
    box = record["box"] or {}
    cells = {column: defuse(record[column]) for column in _TEXT_COLUMNS}
    cells |= {column: str(box.get(column, "")) for column in _BOX_COLUMNS}
    cells["page"] = str(record["page"])
    cells["confidence"] = f"{record['confidence']:.4f}"
    cells["digit_confidences"] = " ".join(f"{p:.4f}" for p in record["digit_confidences"])
    cells["alternatives"] = " ".join(
        f"{other['value']}:{other['probability']:.4f}" for other in record["alternatives"]
    )
    return {column: cells[column] for column in COLUMNS}


def defuse(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet would run as a formula.

    Text that already has one before such a start gets another, so two different texts stay
    different: taking one apostrophe away gives the original back.

    >>> defuse("=SUM(A1).png"), defuse("'=x"), defuse("007")
    ("'=SUM(A1).png", "''=x", '007')
    """
    return f"'{text}" if text.lstrip("'").startswith(_FORMULA_STARTS) else text


def write_csv(path: Path, rows: Iterable[Mapping[str, str]]) -> int:
    """Write results.csv (UTF-8, RFC 4180, header first) and return the number of rows.

    The rows are taken one by one. KeyError for a row without one of `COLUMNS`; OSError as
    `write_atomically`.
    """
    count = 0

    def lines() -> Iterator[bytes]:
        nonlocal count
        buffer = io.StringIO(newline="")
        writer = csv.writer(buffer, lineterminator="\r\n")
        writer.writerow(COLUMNS)
        for cells in rows:
            writer.writerow([cells[column] for column in COLUMNS])
            count += 1
            if buffer.tell() >= _FLUSH_BYTES:
                yield _drain(buffer)
        yield _drain(buffer)

    write_atomically(path, lines())
    return count


def write_jsonl(path: Path, records: Iterable[Mapping[str, Any]]) -> int:
    """Write results.jsonl (UTF-8, one record a line) and return the number of records.

    The records are taken one by one. ValueError for NaN or infinity, which JSON has not;
    OSError as `write_atomically`.
    """
    count = 0

    def lines() -> Iterator[bytes]:
        nonlocal count
        for entry in records:
            count += 1
            yield _encode(json.dumps(entry, ensure_ascii=False, allow_nan=False) + "\n")

    write_atomically(path, lines())
    return count


def write_atomically(path: Path, chunks: Iterable[bytes]) -> None:
    """Replace the file by the chunks: whoever reads it sees the old content or the new, whole.

    What is written is on the disk when this returns. If anything fails, the chunks included,
    the old file stays as it was and nothing else is left. Raises OSError.
    """
    part = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with part.open("xb") as file:  # unlike tempfile's, readable for whom the umask allows
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":  # elsewhere a folder cannot be opened, and a rename needs no help
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Network file systems (CIFS) refuse this on a folder; the file itself is safe.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def _probability(value: float) -> float:
    """A plain float with 6 decimals: what lies beyond differs between processors."""
    if not 0 <= value <= 1:
        raise ValueError(f"a probability lies between 0 and 1, not at {value}")
    return round(float(value), 6)


def _drain(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return _encode(text)


def _encode(text: str) -> bytes:
    # A lone surrogate (from a file name in no known encoding) must not cost the whole file.
    return text.encode("utf-8", "backslashreplace")
