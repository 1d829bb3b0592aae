"""What is said on standard error, in words for a person or as JSON for a log collector."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime

from flows.errors import ExitCode


def json_line(level: str, message: str, **more: object) -> str:
    """A message as one line of JSON, with the time in UTC."""
    entry = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "level": level, "message": message}
    return json.dumps(entry | more, ensure_ascii=False, default=str) + "\n"


def say_error(text: str, code: ExitCode | None = None, *, as_json: bool) -> None:
    """Say in one line what is wrong.

    code : with which this process is about to end.
    """
    text = " ".join(text.split())
    more = {} if code is None else {"exit_code": int(code)}
    sys.stderr.write(json_line("error", text, **more) if as_json else f"nightsort: error: {text}\n")
    sys.stderr.flush()
