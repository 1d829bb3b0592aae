"""A night ends with the service that started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

NIGHT = "import time; from flows.tether import end_with_service; end_with_service(); print(1, flush=True); "
SERVICE = (
    "import subprocess, sys; from flows.tether import announce_service; {announce};"
    " night = subprocess.Popen([sys.executable, '-c', sys.argv[1]], stdout=subprocess.PIPE);"
    " night.stdout.readline(); print(night.pid, flush=True); night.wait()"
)


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_night_that_comes_after_the_death_of_its_service_ends_at_once() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    environment = os.environ | {"NIGHTSORT_SERVICE": str(gone.pid)}
    command = [sys.executable, "-c", NIGHT + "time.sleep(60)"]
    assert subprocess.run(
        command, env=environment, timeout=40, check=False, stdout=subprocess.DEVNULL
    ).returncode


@pytest.mark.skipif(os.name != "posix", reason="processes of other systems keep their parents")
@pytest.mark.parametrize("announced", [True, False])
def test_night_ends_with_its_service_and_with_no_other_parent(announced: bool) -> None:
    service_code = SERVICE.format(announce="announce_service()" if announced else "0")
    command = [sys.executable, "-c", service_code, NIGHT + "time.sleep(60)"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as service:
        assert service.stdout is not None
        night = int(service.stdout.readline())
        service.kill()
        service.wait()
        limit = time.monotonic() + (30 if announced else 1.5)
        while alive(night) and time.monotonic() < limit:
            time.sleep(0.05)
        assert alive(night) is not announced
        if not announced:
            os.kill(night, signal.SIGKILL)
