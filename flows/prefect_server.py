"""A Prefect API for the length of a run: the one that is set, else a server of our own.

Prefect's embedded server takes seconds longer, is started once more by every process, loses
records at exit and outlives a killed run. Ours is one child on a free loopback port that ends
with its parent, in a temporary home of its own, so it needs neither a writable home folder nor
a network. Call before Prefect is imported: Prefect reads its environment once.
"""

from __future__ import annotations

import http.client
import logging
import os
import shutil
import socket
import sqlite3
import sys
import tempfile
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from importlib import import_module
from importlib.metadata import version
from multiprocessing.process import BaseProcess
from pathlib import Path

from flows.errors import PrefectUnavailableError
from flows.prefect_process import LOG_NAME, start_server

log = logging.getLogger(__name__)

START_LIMIT_S = 180.0  # a loaded machine with a cold disk took 25 s
DRAIN_LIMIT_S = 10.0
_POLL_S = 0.05
_ATTEMPTS = 3  # somebody else may take the port between our asking for it and the server's binding it
_LOOPBACK = "127.0.0.1"
_DATABASE = "prefect.db"


@contextmanager
def prefect_api(
    scratch: Path | None = None,
    *,
    lasting: Path | None = None,
    modules: Sequence[str] = (),
    verbose: bool = False,
) -> Iterator[str]:
    """Have a Prefect API answer within the context, and its records complete at the end; gives its address.

    lasting : where our own server keeps its records for the next time, and shows them to browsers;
        without it they are gone in the end.
    scratch : a folder that can be written, where the system's temporary one cannot.
    modules : imported before the server is forked off, which then has them; they may import Prefect.
    verbose : let Prefect write its own messages to standard error as well.

    Raises PrefectUnavailableError where the API that is set cannot be reached, or our own
    server does not start.
    """
    if not verbose:
        for setting in ("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "PREFECT_LOGGING_INTERNAL_LEVEL"):
            os.environ.setdefault(setting, "CRITICAL")
    if address := configured_api_url():
        _check_reachable(address)
        yield address
        return
    home = lasting or _temporary_folder(scratch)
    try:
        home.mkdir(parents=True, exist_ok=True)
        with _environment(_private_settings(home, shown=lasting is not None)):
            server, address = _start(home, modules, lasting=lasting is not None)
            try:
                if lasting is None:
                    _keep_template(home)
                with _pointed_at(address):
                    yield address
                    drain()
            finally:
                _end(server)
    finally:
        if lasting is None:
            shutil.rmtree(home, ignore_errors=True)


def _temporary_folder(scratch: Path | None) -> Path:
    try:
        return Path(tempfile.mkdtemp(prefix="nightsort-prefect-"))
    except OSError:
        return Path(tempfile.mkdtemp(prefix=".nightsort-prefect-", dir=scratch))


def configured_api_url() -> str | None:
    """The address of the Prefect API that the user has set, by environment or by profile."""
    if address := os.environ.get("PREFECT_API_URL"):
        return address
    if "prefect" in sys.modules:  # somebody in this process configured it already
        from prefect.settings import get_current_settings  # noqa: PLC0415 - only where it is there

        return get_current_settings().api.url
    home = Path(os.environ.get("PREFECT_HOME", "~/.prefect")).expanduser()
    profiles = Path(os.environ.get("PREFECT_PROFILES_PATH", home / "profiles.toml"))
    try:
        document = tomllib.loads(profiles.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        log.debug("no Prefect profile: %s", error)
        return None
    active = os.environ.get("PREFECT_PROFILE", document.get("active", ""))
    address = document.get("profiles", {}).get(active, {}).get("PREFECT_API_URL")
    return str(address) if address else None


@contextmanager
def _pointed_at(address: str) -> Iterator[None]:
    """Have Prefect, which is imported by now, use this API."""
    from prefect.settings import PREFECT_API_URL, temporary_settings  # noqa: PLC0415 - after its environment

    with temporary_settings({PREFECT_API_URL: address}):
        yield


def drain() -> None:
    """Send what Prefect still has to send, so that the server's end does not stall our own."""
    from prefect.events.worker import EventsWorker  # noqa: PLC0415 - after its environment is set
    from prefect.logging.handlers import APILogWorker  # noqa: PLC0415

    EventsWorker.drain_all(timeout=DRAIN_LIMIT_S)
    APILogWorker.drain_all(timeout=DRAIN_LIMIT_S)


def _private_settings(home: Path, *, shown: bool) -> dict[str, str | None]:
    """Prefect's environment for a server of our own; None takes a variable away.

    shown : the server has its pages for browsers, too, and shows the log there.
    """
    direct = ",".join(filter(None, (os.environ.get("NO_PROXY"), _LOOPBACK)))
    return {
        "PREFECT_HOME": str(home),
        "PREFECT_PROFILE": None,  # names a profile that our home has not
        "PREFECT_PROFILES_PATH": None,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_UI_ENABLED": str(shown).lower(),
        "PREFECT_API_BLOCKS_REGISTER_ON_START": "false",
        "PREFECT_MEMOIZE_BLOCK_AUTO_REGISTRATION": "false",  # looks for blocks in Dask's and other packages
        "PREFECT_LOGGING_TO_API_ENABLED": str(shown).lower(),
        "PREFECT_CLIENT_MAX_RETRIES": "3",  # of 5: should the server die, the night ends a minute sooner
        "NO_PROXY": direct,
        "no_proxy": direct,
    }


@contextmanager
def _environment(changes: Mapping[str, str | None]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in changes}
    _set(changes)
    try:
        yield
    finally:
        _set(before)


def _set(values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _start(home: Path, modules: Sequence[str], *, lasting: bool) -> tuple[BaseProcess, str]:
    if not (home / _DATABASE).exists():
        _use_template(home)
    for module in ("prefect.main", *modules):
        import_module(module)
    for _ in range(_ATTEMPTS):
        port = _free_port()
        # Its pages would look for it on Prefect's usual port.
        with _environment({"PREFECT_SERVER_UI_API_URL": f"http://{_LOOPBACK}:{port}/api"}):
            server = start_server(home, _LOOPBACK, port, lasting=lasting)
        if _wait_until_healthy(server, port):
            return server, f"http://{_LOOPBACK}:{port}/api"
        _end(server)
    raise PrefectUnavailableError(
        f"the local Prefect server did not start within {START_LIMIT_S:.0f} s"
        f" ({_last_line(home / LOG_NAME)}); set PREFECT_API_URL to a running one to do without it"
    )


def _wait_until_healthy(server: BaseProcess, port: int) -> bool:
    limit = time.monotonic() + START_LIMIT_S
    while server.is_alive() and time.monotonic() < limit:
        if _healthy(port):
            return True
        time.sleep(_POLL_S)
    return False


def _healthy(port: int) -> bool:
    with closing(http.client.HTTPConnection(_LOOPBACK, port, timeout=5)) as client:
        try:
            client.request("GET", "/api/health")
            return client.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False  # not yet


def _end(server: BaseProcess) -> None:
    """End our server; what it has in its database is safe, and a home of one night is removed."""
    server.kill()
    server.join()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _last_line(path: Path) -> str:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError as error:
        return str(error)
    return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")


def _template() -> Path:
    """Where an empty database of this Prefect is kept: making one takes longer than all else."""
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "nightsort" / f"prefect-{version('prefect')}.sqlite"


def _use_template(home: Path) -> None:
    try:
        shutil.copyfile(_template(), home / _DATABASE)
    except (OSError, RuntimeError) as error:  # RuntimeError: this user has no home folder
        log.debug("no database to start from: %s", error)


def _keep_template(home: Path) -> None:
    """Keep the still empty database for the next night. A home that cannot be written costs 4 s."""
    try:
        template = _template()
        if template.exists():
            return
        template.parent.mkdir(parents=True, exist_ok=True)
        part = template.with_suffix(f".{os.getpid()}.part")
        with closing(sqlite3.connect(home / _DATABASE)) as full, closing(sqlite3.connect(part)) as copy:
            full.backup(copy)
        part.replace(template)
    except (OSError, RuntimeError, sqlite3.Error) as error:
        log.debug("the database is not kept for the next night: %s", error)


def _check_reachable(address: str) -> None:
    try:
        urllib.request.urlopen(f"{address.rstrip('/')}/health", timeout=20).close()
    except urllib.error.HTTPError as error:
        log.debug("the Prefect API answers with %s", error)  # it is there; Prefect tells the rest
        error.close()
    except (OSError, ValueError) as error:
        raise PrefectUnavailableError(
            f"the Prefect API at {address} does not answer ({getattr(error, 'reason', error)});"
            " start it, or unset PREFECT_API_URL to use a local one"
        ) from error
