"""Fixtures for all tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

SIDES = 2  # halves of the suite that run at once


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """The whole suite runs in halves, a part of it in this process, where debuggers work."""
    whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    return SIDES if whole and not config.option.keyword and not config.option.markexpr else 0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file's tests run on one side, for what they share; so do all that share a server, or TensorFlow."""
    for item in items:
        folder = item.nodeid.rpartition("/")[0]
        fixtures = getattr(item, "fixturenames", ())
        shared = "prefect" if "prefect_harness" in fixtures else folder if folder == "tests/models" else ""
        item.add_marker(pytest.mark.xdist_group(shared or item.nodeid.partition("::")[0]))


@pytest.fixture(scope="session")
def prefect_harness() -> Iterator[str]:
    """A Prefect server with a database of its own for the whole session; gives its address."""
    from flows.prefect_server import prefect_api  # noqa: PLC0415 - other tests need no OpenCV

    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("PREFECT_API_URL", raising=False)
        with prefect_api() as address:
            yield address
