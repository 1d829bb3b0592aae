"""A Prefect API for the length of a run: the one that is set, else a server of our own.

Prefect's embedded server takes seconds longer, is started once more by every process, loses
records at exit and outlives a killed run. Ours is a thread on a free loopback port that ends
with its process, in a temporary home of its own, so it needs neither a writable home folder nor
a network. Call before Prefect is imported: Prefect reads its environment once.
"""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import stat
import sys
import tempfile
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from importlib.metadata import version
from pathlib import Path

from flows.environment import environment
from flows.errors import PrefectUnavailableError, UsageError
from flows.output import own_output_folder
from flows.prefect_thread import LOOPBACK, ServerThread
from flows.tether import is_alive

log = logging.getLogger(__name__)

DRAIN_LIMIT_S = 10.0
_DATABASE = "prefect.db"
_FOLDERS = "nightsort-prefect-"


@contextmanager
def prefect_api(
    scratch: Path | None = None,
    *,
    lasting: Path | None = None,
    verbose: bool = False,
) -> Iterator[str]:
    """Have a Prefect API answer within the context, and its records complete at the end; gives its address.

    lasting : where our own server keeps its records for the next time, and shows them to browsers;
        without it they are gone in the end.
    scratch : a folder that can be written, where the system's temporary one cannot.
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
    with nullcontext(lasting) if lasting else _temporary_home(scratch) as home:
        home.mkdir(parents=True, exist_ok=True)
        server = ServerThread(lasting=lasting is not None)
        try:
            with environment(_private_settings(home, server.address, shown=lasting is not None)):
                _start(server, home)
                if lasting is None:
                    _keep_template(home)
                with _pointed_at(server.address), nullcontext() if lasting else _without_events():
                    yield server.address
                    drain()
        finally:
            server.end()


@contextmanager
def _temporary_home(scratch: Path | None) -> Iterator[Path]:
    """A folder that is gone in the end. Those that killed nights left are removed as well."""
    for left in Path(tempfile.gettempdir()).glob(f"{_FOLDERS}*"):
        if _abandoned(left):
            shutil.rmtree(left, ignore_errors=True)
    try:
        home = Path(tempfile.mkdtemp(prefix=f"{_FOLDERS}{os.getpid()}-"))
    except OSError:
        home = Path(tempfile.mkdtemp(prefix=f".{_FOLDERS}", dir=scratch))
    try:
        with own_output_folder(home):
            yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _abandoned(home: Path) -> bool:
    """Whether it is a folder of ours that no night holds any more, or is about to."""
    with suppress(OSError, UsageError):
        status = home.lstat()
        owner = home.name.removeprefix(_FOLDERS).partition("-")[0]
        ours = stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and owner.isdigit()
        if ours and not is_alive(int(owner)):
            with own_output_folder(home):  # a container's night has numbers of its own, and holds it
                return True
    return False


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
def _without_events() -> Iterator[None]:
    """Have Prefect send no events: a server for one night hands them on to nobody."""
    from prefect.events.clients import NullEventsClient  # noqa: PLC0415 - after its environment
    from prefect.events.worker import EventsWorker  # noqa: PLC0415

    EventsWorker.set_client_override(NullEventsClient)
    try:
        yield
    finally:
        EventsWorker.set_client_override(None)


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


def _private_settings(home: Path, address: str, *, shown: bool) -> dict[str, str | None]:
    """Prefect's environment for a server of our own; None takes a variable away.

    shown : the server has its pages for browsers, too, and shows the log there.
    """
    direct = ",".join(filter(None, (os.environ.get("NO_PROXY"), LOOPBACK)))
    return {
        "PREFECT_HOME": str(home),
        "PREFECT_PROFILE": None,  # names a profile that our home has not
        "PREFECT_PROFILES_PATH": None,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_UI_ENABLED": str(shown).lower(),
        "PREFECT_SERVER_UI_API_URL": address,  # its pages would look for it on Prefect's usual port
        "PREFECT_API_BLOCKS_REGISTER_ON_START": "false",
        "PREFECT_MEMOIZE_BLOCK_AUTO_REGISTRATION": "false",  # looks for blocks in Dask's and other packages
        "PREFECT_LOGGING_TO_API_ENABLED": str(shown).lower(),
        "PREFECT_CLIENT_MAX_RETRIES": "3",  # of 5: should the server die, the night ends a minute sooner
        "NO_PROXY": direct,
        "no_proxy": direct,
    }


def _start(server: ServerThread, home: Path) -> None:
    if not (home / _DATABASE).exists():
        _use_template(home)
    from prefect.context import refresh_global_settings_context  # noqa: PLC0415 - after its environment

    refresh_global_settings_context()  # somebody may have loaded Prefect before this environment was made
    server.start()


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
