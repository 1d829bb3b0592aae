from __future__ import annotations

import os
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import cast

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from flows import prefect_server
from flows.errors import PrefectUnavailableError
from flows.output import own_output_folder
from flows.prefect_server import configured_api_url, prefect_api
from flows.prefect_thread import ServerThread


@pytest.fixture(autouse=True)
def nothing_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither an address in the environment, nor a profile, nor Prefect in this process."""
    for name in ("PREFECT_API_URL", "PREFECT_PROFILE", "PREFECT_PROFILES_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    monkeypatch.delitem(sys.modules, "prefect", raising=False)


def write_profiles(folder: Path, active: str) -> None:
    (folder / "profiles.toml").write_text(
        f'active = "{active}"\n'
        '[profiles.mine]\nPREFECT_API_URL = "http://mine/api"\n'
        '[profiles.other]\nPREFECT_API_URL = "http://other/api"\n'
        "[profiles.ephemeral]\n"
    )


def test_address_of_the_environment_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_profiles(tmp_path, "mine")
    monkeypatch.setenv("PREFECT_API_URL", "http://env/api")
    assert configured_api_url() == "http://env/api"


def test_address_of_the_active_profile_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_profiles(tmp_path, "mine")
    assert configured_api_url() == "http://mine/api"
    monkeypatch.setenv("PREFECT_PROFILE", "other")
    assert configured_api_url() == "http://other/api"


@pytest.mark.parametrize("text", [None, "", "no toml", 'active = "gone"', "\0"])
def test_no_profile_is_no_address(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "profiles.toml").write_text(text)
    assert configured_api_url() is None


def test_profile_without_address_is_no_address(tmp_path: Path) -> None:
    write_profiles(tmp_path, "ephemeral")
    assert configured_api_url() is None


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ServerThread]:
    """A server of an app in the place of Prefect's: it answers, or fails at its start with these words."""

    def make(failure: str = "") -> ServerThread:
        @asynccontextmanager
        async def lifespan(_: Starlette) -> AsyncIterator[None]:
            if failure:
                raise RuntimeError(failure)
            yield

        def create_app(**_: bool) -> Starlette:
            return Starlette(routes=[Route("/api", lambda _: PlainTextResponse("here"))], lifespan=lifespan)

        fake = SimpleNamespace(create_app=create_app)
        monkeypatch.setitem(sys.modules, "prefect.server.api.server", cast(ModuleType, fake))
        return ServerThread(lasting=False)

    return make


def test_server_answers_from_its_start_to_its_end(serve: Callable[[], ServerThread]) -> None:
    server = serve()
    server.start()
    address = server.address
    with urllib.request.urlopen(address) as answer:
        assert answer.read() == b"here"
    server.end()
    with pytest.raises(urllib.error.URLError, match="refused"):
        urllib.request.urlopen(address)


def test_server_that_fails_at_its_start_is_told_with_its_last_words(
    serve: Callable[[str], ServerThread],
) -> None:
    server = serve("no room for a database")
    with pytest.raises(PrefectUnavailableError, match="no room for a database"):
        server.start()
    server.end()


def test_environment_is_as_before_when_no_server_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    homes: list[Path] = []

    def start(server: ServerThread, home: Path) -> None:
        homes.append(home)
        assert os.environ["PREFECT_HOME"] == str(home)
        raise PrefectUnavailableError("no room")

    monkeypatch.setattr(prefect_server, "_start", start)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = dict(os.environ)
    with pytest.raises(PrefectUnavailableError), prefect_api():
        pass
    assert not homes[0].exists()
    changed = {name for name in before | os.environ if before.get(name) != os.environ.get(name)}
    assert changed <= {"PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "PREFECT_LOGGING_INTERNAL_LEVEL"}


def test_folders_of_killed_nights_are_removed_and_those_of_living_ones_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    nobody = 2**22 + 1  # more than Linux gives to processes
    killed, held, own, other = (
        tmp_path / f"nightsort-prefect-{name}"
        for name in (f"{nobody}-a", f"{nobody}-b", f"{os.getpid()}-c", "d")
    )
    for folder in (killed, held, own, other):
        folder.mkdir()
    with own_output_folder(held), prefect_server._temporary_home(None) as home:
        assert sorted(tmp_path.iterdir()) == sorted([held, own, other, home])
    assert not home.exists()


def test_folder_for_the_server_lies_in_the_results_where_there_is_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/proc/none")
    with prefect_server._temporary_home(tmp_path) as home:
        assert home.parent == tmp_path
