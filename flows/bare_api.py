"""Prefect's API and nothing else, for the length of a night: `python -m flows.bare_api HOST PORT`.

`prefect server start` brings the command line, the schedulers and what else serves a team for
months; a server that nobody else asks and that is gone in the morning needs none of it, and starts in
two thirds of the CPU time.
"""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Answer on HOST and PORT until the process is ended."""
    host, port = sys.argv[1:]
    # What importing makes stays; looking through it for garbage again and again takes a sixth of the start.
    gc.disable()
    import uvicorn  # noqa: PLC0415 - without the collector
    from prefect.server.api.server import create_app  # noqa: PLC0415

    app = create_app(webserver_only=True)
    gc.freeze()
    gc.enable()
    uvicorn.run(app, host=host, port=int(port), log_level="error")


if __name__ == "__main__":
    main()
