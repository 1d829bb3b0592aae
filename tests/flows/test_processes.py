"""Where processes that read come from."""

import tempfile

import pytest

from flows.processes import reading_context


@pytest.mark.parametrize(("folder", "method"), [("/tmp", "forkserver"), ("/tmp/" + 20 * "long/", "spawn")])
def test_no_fork_server_where_its_socket_would_have_too_long_a_name(
    folder: str, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", folder)
    assert reading_context().get_start_method() == method
