"""A Prefect server of our own in a thread of this process: its API for a night, all of it for a service.

In the night's own process because loading Prefect is most of what its server costs, and the night has
loaded it for itself: a server in a process of its own takes a second of processor time more, and one
that is forked off is only sound while no library has threads. It ends with the process, however that
ends. `prefect server start` would besides bring the command line, and what serves a team for months.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from flows.errors import PrefectUnavailableError

if TYPE_CHECKING:
    import uvicorn

START_LIMIT_S = 180.0  # a loaded machine with a cold disk took 25 s
_END_LIMIT_S = 10.0
_LOOK_EVERY_S = 0.02
LOOPBACK = "127.0.0.1"


class ServerThread:
    """A server on a free port of the loopback interface, once `start` has come back.

    lasting : with its pages for browsers, its scheduler and what else it does by itself.

    Prefect's settings are those of the process, and must be complete before `start`.
    """

    def __init__(self, *, lasting: bool) -> None:
        self._lasting = lasting
        self._socket = socket.create_server((LOOPBACK, 0))
        self._server: uvicorn.Server | None = None
        self._thread = threading.Thread(target=self._run, name="prefect-server", daemon=True)
        self._words = _FirstWords()

    @property
    def address(self) -> str:
        """Of the API."""
        return f"http://{LOOPBACK}:{self._socket.getsockname()[1]}/api"

    def start(self) -> None:
        """Start it and wait until it answers. Raises PrefectUnavailableError where it does not."""
        import uvicorn  # noqa: PLC0415 - Prefect and its server, after their environment is set
        from prefect.server.api.server import create_app  # noqa: PLC0415

        app = create_app(final=self._lasting, webserver_only=not self._lasting, ignore_cache=True)
        config = uvicorn.Config(app, log_config=None, lifespan="on", timeout_graceful_shutdown=1)
        self._server = server = uvicorn.Server(config)
        logging.getLogger("uvicorn.error").addHandler(self._words)
        self._thread.start()
        limit = time.monotonic() + START_LIMIT_S
        while not server.started:
            if not self._thread.is_alive() or time.monotonic() > limit:
                raise PrefectUnavailableError(
                    f"the local Prefect server did not start ({self._words.text or 'it said nothing'});"
                    " set PREFECT_API_URL to a running one to do without it"
                )
            time.sleep(_LOOK_EVERY_S)

    def end(self) -> None:
        """End it, started or not; what it has in its database is safe."""
        if self._server is not None:
            self._server.should_exit = True
            self._thread.join(_END_LIMIT_S)
            logging.getLogger("uvicorn.error").removeHandler(self._words)
        self._socket.close()

    def _run(self) -> None:
        assert self._server is not None
        with suppress(SystemExit):  # by which it says that it cannot start
            self._server.run([self._socket])


class _FirstWords(logging.Handler):
    """Keeps the first error that the server told, of a traceback the last line."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text = self.text or record.getMessage().strip().rpartition("\n")[2].strip()
