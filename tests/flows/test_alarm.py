from __future__ import annotations

import json
import shlex
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from flows.alarm import tell
from flows.errors import ModelUnavailableError
from flows.night import Night
from flows.settings import NightSettings
from tests.flows import fakes
from tests.flows.fakes import draw_scan

FACTS: dict[str, Any] = {"out": Path("/out"), "exit_code": 3, "message": "1 failed", "figures": {"run": {}}}


@pytest.fixture
def posts() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    received: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204 if self.path == "/good" else 500)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", received
        server.shutdown()


def test_address_gets_the_facts(posts: tuple[str, list[dict[str, Any]]]) -> None:
    address, received = posts
    assert tell(f"{address}/good", **FACTS)
    assert received == [{"out": "/out", "exit_code": 3, "message": "1 failed", "run": {}}]
    assert not tell(f"{address}/bad", **FACTS)


def test_command_gets_the_facts(tmp_path: Path) -> None:
    code = (
        "import os, sys; open(sys.argv[1], 'w').write(os.environ['NIGHTSORT_EXIT_CODE'] + sys.stdin.read())"
    )
    target = shlex.join([sys.executable, "-c", code, str(tmp_path / "told me")])
    assert tell(target, **FACTS)
    text = (tmp_path / "told me").read_text()
    assert text[0] == "3"
    assert json.loads(text[1:])["message"] == "1 failed"


@pytest.mark.parametrize("target", ["/no/such/command", "false", "http://127.0.0.1:9/", "'unbalanced", ""])
def test_nobody_to_tell_is_no_error(target: str) -> None:
    assert not tell(target, **FACTS)


def test_night_tells_of_its_failures_and_of_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[int, str]] = []
    monkeypatch.setattr(
        "flows.night.tell", lambda target, *, exit_code, message, **_: told.append((exit_code, message))
    )
    draw_scan(tmp_path / "in" / "a.png", 1)
    settings = NightSettings((tmp_path / "in",), tmp_path / "out", on_failure="somebody")
    with Night(settings, open_with=fakes.open_reader):
        pass
    assert told == []
    with pytest.raises(ModelUnavailableError):
        Night(settings, open_with=fakes.open_no_reader).__enter__()
    with pytest.raises(KeyError), Night(settings, open_with=fakes.open_reader):
        raise KeyError("x")
    assert told == [(6, "no model there"), (1, "KeyError: 'x'")]
