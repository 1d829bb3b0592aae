"""A review station in a thread, and people who ask it as their browsers would: for studies and tests."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from flows.review.app import make_app
from flows.review.security import Keys
from flows.review.station import Station


@contextmanager
def running(
    out: Path, *, token: str | None = None, audit: float | None = None, double: bool = False
) -> Iterator[str]:
    """The address of a station over this folder."""
    keys = Keys("secret", token, local=True)
    app = make_app(lambda: Station(out, audit=audit, double=double), keys, default_name="me")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


class Person:
    """A reviewer with a session; a context manager. Its methods raise AssertionError for another answer."""

    def __init__(self, address: str, name: str, token: str = "") -> None:
        """Come in under a name."""
        self.http = httpx.Client(base_url=address, follow_redirects=True, trust_env=False, timeout=60)
        page = self.http.post("/enter", data={"name": name, "token": token})
        assert page.status_code == 200, page.text
        found = re.search(r'name="form-token" content="([^"]+)"', page.text)
        assert found
        self.headers = {"x-nightsort-form": found[1]}

    def __enter__(self) -> Person:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def get(self, path: str, **params: Any) -> Any:
        """What the station answers, from JSON."""
        answer = self.http.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(
        self,
        path: str,
        body: dict[str, Any] | None = None,
        status: int = 200,
        wish: Mapping[str, str] | None = None,
    ) -> Any:
        """The same for what changes something; None where the answer is empty."""
        answer = self.http.post(path, params=wish, json=body or {}, headers=self.headers)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def next(self, **wish: str) -> dict[str, Any] | None:
        """The next field, None where none is left."""
        field: dict[str, Any] | None = self.get("/api/next", **wish)["field"]
        return field

    def key(
        self,
        field: dict[str, Any],
        value: str = "",
        kind: str = "value",
        status: int = 200,
        wish: Mapping[str, str] | None = None,
    ) -> Any:
        """Decide a field; the answer holds the next one."""
        body = {"id": field["id"], "kind": kind, "value": value, "seconds": 2.0}
        return self.post("/api/decide", body, status, wish)
