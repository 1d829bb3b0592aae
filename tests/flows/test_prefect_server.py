from __future__ import annotations

import multiprocessing
import os
import sys
from pathlib import Path

import pytest

from flows import prefect_server
from flows.errors import PrefectUnavailableError
from flows.prefect_server import configured_api_url, prefect_api


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


def ends_at_once(home: Path) -> None:
    (home / "server.log").write_text("starting\nno room for a database\n\n")


def test_server_that_ends_at_its_start_is_told_with_its_last_words(monkeypatch: pytest.MonkeyPatch) -> None:
    homes: list[Path] = []

    def start(home: Path, host: str, port: int, *, lasting: bool) -> multiprocessing.Process:
        homes.append(home)
        server = multiprocessing.Process(target=ends_at_once, args=(home,))
        server.start()
        return server

    monkeypatch.setattr(prefect_server, "start_server", start)
    monkeypatch.setattr(prefect_server, "import_module", lambda name: None)
    before = dict(os.environ)
    with pytest.raises(PrefectUnavailableError, match="no room for a database"), prefect_api():
        pass
    assert not homes[0].exists()
    changed = {name for name in before | os.environ if before.get(name) != os.environ.get(name)}
    assert changed <= {"PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "PREFECT_LOGGING_INTERNAL_LEVEL"}


def test_folder_for_the_server_lies_in_the_results_where_there_is_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/proc/none")
    assert prefect_server._temporary_folder(tmp_path).parent == tmp_path
