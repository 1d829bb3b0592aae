"""`--on-failure`: somebody is told when a night ends otherwise than well."""

from __future__ import annotations

import json
import logging
import os
import shlex
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

POST_LIMIT_S = 20.0
COMMAND_LIMIT_S = 120.0


def tell(target: str, *, out: Path, exit_code: int, message: str, figures: dict[str, Any]) -> bool:
    """Post the facts as JSON to an address, or give them to a command; whether that went well.

    target : `http://...` or `https://...`, else a command with its arguments (no shell reads it).
        The command finds NIGHTSORT_OUT, NIGHTSORT_EXIT_CODE and NIGHTSORT_MESSAGE in its environment
        and the JSON on its standard input.

    That nobody could be told is a warning and changes nothing of the night.
    """
    facts = {"out": str(out), "exit_code": exit_code, "message": message, **figures}
    try:
        if is_address(target):
            _post(target, facts)
        else:
            _run(target, facts)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        log.warning("--on-failure %s: %s", target, error)
        return False
    return True


def is_address(target: str) -> bool:
    """Whether it is an address to post to, and not a command."""
    return target.startswith(("http://", "https://"))


def _post(address: str, facts: dict[str, Any]) -> None:
    request = urllib.request.Request(
        address, json.dumps(facts).encode(), {"Content-Type": "application/json", "User-Agent": "nightsort"}
    )
    urllib.request.urlopen(request, timeout=POST_LIMIT_S).close()


def _run(command: str, facts: dict[str, Any]) -> None:
    environment = os.environ | {
        "NIGHTSORT_OUT": str(facts["out"]),
        "NIGHTSORT_EXIT_CODE": str(facts["exit_code"]),
        "NIGHTSORT_MESSAGE": str(facts["message"]),
    }
    words = shlex.split(command)
    if not words:
        raise ValueError("it names no command")
    subprocess.run(
        words,
        input=json.dumps(facts).encode(),
        env=environment,
        timeout=COMMAND_LIMIT_S,
        check=True,
        stdout=subprocess.DEVNULL,
    )
