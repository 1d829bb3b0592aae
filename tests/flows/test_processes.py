"""Where processes that read come from."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from flows.processes import reading_context

READ = """
from flows.processes import reading_context

if __name__ == "__main__":  # the process that reads runs this file too
    process = reading_context().Process(target=print, args=("read",))
    process.start()
    process.join()
    raise SystemExit(process.exitcode)
"""


@pytest.mark.parametrize(("folder", "method"), [("/tmp", "forkserver"), ("/tmp/" + 20 * "long/", "spawn")])
def test_no_fork_server_where_its_socket_would_have_too_long_a_name(
    folder: str, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", folder)
    assert reading_context().get_start_method() == method


def test_modules_in_the_folder_that_a_night_is_started_from_are_not_taken(tmp_path: Path) -> None:
    here, command = tmp_path / "here", tmp_path / "bin" / "night"
    for place in (here, command.parent):
        place.mkdir()
    for name in ("flows", "models", "pipeline", "cv2"):
        (here / f"{name}.py").write_text("raise SystemExit('somebody else\\'s')")
    command.write_text(READ)
    own = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, str(command)],
        cwd=here,
        env=own,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "read\n"), done.stderr


def test_the_environment_is_as_it_was() -> None:
    before = dict(os.environ)
    reading_context()
    assert dict(os.environ) == before
