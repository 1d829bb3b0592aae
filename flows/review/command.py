"""`nightsort review`: starts the station, or writes what was verified as a truth.csv."""

from __future__ import annotations

import getpass
import os
import re
import secrets
import socket
import sys
import threading
import webbrowser
from contextlib import suppress
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from flows.errors import ExitCode, UsageError
from flows.interrupt import raise_on_signal
from flows.output import own_output_folder

LOCK_NAME = ".nightsort-review.lock"
TOKEN_VARIABLE = "NIGHTSORT_REVIEW_TOKEN"
_LEAST_TOKEN = 16
_GOODBYE_S = 3


def review(
    out: Annotated[Path, Parameter(name="OUT", help="Folder of the results, as given to nightsort run.")],
    /,
    *,
    port: Annotated[int, Parameter(help="Port to listen on; 0 takes a free one.")] = 8717,
    host: Annotated[
        str, Parameter(help="Address to listen on; another than this machine's own asks for a token.")
    ] = "127.0.0.1",
    browser: Annotated[bool, Parameter(help="Open the page in a browser.")] = True,
    audit: Annotated[
        str | None,
        Parameter(
            help="Share of the accepted fields to be keyed unseen, such as 1%; kept for the next time."
        ),
    ] = None,
    double_entry: Annotated[
        bool, Parameter(negative=(), help="Ask two people for every field, and a third where they differ.")
    ] = False,
    export: Annotated[
        Path | None,
        Parameter(help="Write the verified fields to this truth.csv, for learning, and start nothing."),
    ] = None,
) -> int:
    """Settle in a browser what the machine was not sure of; the decisions go into OUT/results.csv.

    The token that another machine needs is taken from NIGHTSORT_REVIEW_TOKEN (16
    characters or more), or made at every start. Ctrl-C ends the station; no
    decision is lost.
    """
    from flows.ledger import FILE_NAME  # noqa: PLC0415 - brings NumPy

    if not (out / FILE_NAME).is_file():
        raise UsageError(f"{out} holds no {FILE_NAME}; give the folder that nightsort run wrote to")
    if export is not None:
        return _export(out, export)
    share = None if audit is None else parse_share(audit)
    with own_output_folder(out, LOCK_NAME, "another review station"), _listen(host, port) as listener:
        _serve(out, listener, host, browser=browser, audit=share, double=double_entry)
    return int(ExitCode.OK)


def parse_share(text: str) -> float:
    """'1%' or '0.01' as a share, 0 to 1. Raises UsageError."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(%?)\s*", text)
    share = float(match[1]) / (100 if match[2] else 1) if match else 2.0
    if share > 1:
        raise UsageError(f"--audit {text!r}: give a share such as 1% or 0.01")
    return share


def _export(out: Path, path: Path) -> int:
    from flows.ledger import FILE_NAME  # noqa: PLC0415
    from flows.review.export import export_truth  # noqa: PLC0415
    from flows.review.store import Store  # noqa: PLC0415

    path.parent.mkdir(parents=True, exist_ok=True)
    with Store(out / FILE_NAME) as store:
        done = export_truth(store, path)
    print(f"{path}: {done.written} verified fields")
    if done.without_place:
        print(f"{done.without_place} more have no place on their page and are left out", file=sys.stderr)
    return int(ExitCode.OK)


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen()
    except (OSError, OverflowError) as error:
        cause = getattr(error, "strerror", None) or error
        raise UsageError(
            f"--host {host} --port {port}: cannot listen there ({cause}); choose another port, or 0"
        ) from error
    return listener


def _serve(
    out: Path, listener: socket.socket, host: str, *, browser: bool, audit: float | None, double: bool
) -> None:
    import uvicorn  # noqa: PLC0415 - all this is slow to import

    from flows.console import Loudness, set_up_logging, standard_error  # noqa: PLC0415
    from flows.ledger import FILE_NAME  # noqa: PLC0415
    from flows.review.app import make_app  # noqa: PLC0415
    from flows.review.security import Keys, is_loopback  # noqa: PLC0415
    from flows.review.station import Station  # noqa: PLC0415
    from flows.review.store import Store  # noqa: PLC0415

    set_up_logging(Loudness.NORMAL, standard_error())
    local = is_loopback(host)
    with Store(out / FILE_NAME) as store:
        secret = store.setting_once("session secret", secrets.token_urlsafe(32))
    keys = Keys(secret, _token(local=local), local)
    app = make_app(
        lambda: Station(out, audit=audit, double=double), keys, default_name=_user() if local else ""
    )
    _announce(_address(listener, host, keys.token), out, local=local, browser=browser)
    raise_on_signal()
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GOODBYE_S,
    )
    with suppress(KeyboardInterrupt):  # that is how a station ends
        uvicorn.Server(config).run(sockets=[listener])


def _announce(address: str, out: Path, *, local: bool, browser: bool) -> None:
    """Say where the station is, and open it where there is a browser."""
    print(f"review station: {address}\nCtrl-C ends it; decisions go to {out / 'results.csv'}", flush=True)
    if not local:
        print(
            "Others on the network could listen; use it in a network you trust, or through SSH.",
            file=sys.stderr,
        )
    if browser:
        opener = threading.Timer(0.5, webbrowser.open, [address])
        opener.daemon = True
        opener.start()


def _token(*, local: bool) -> str | None:
    token = os.environ.get(TOKEN_VARIABLE)
    if token is None:
        return None if local else secrets.token_urlsafe(24)
    if len(token) < _LEAST_TOKEN:
        raise UsageError(f"{TOKEN_VARIABLE} is too easy to guess; give at least {_LEAST_TOKEN} characters")
    return token


def _address(listener: socket.socket, host: str, token: str | None) -> str:
    port = listener.getsockname()[1]
    name = socket.gethostname() if host in ("0.0.0.0", "::") else host
    name = f"[{name}]" if ":" in name else name
    return f"http://{name}:{port}/" + (f"enter?token={token}" if token else "")


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
