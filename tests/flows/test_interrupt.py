"""A stop that is asked for where Python drops the exception that it raises."""

import subprocess
import sys

import pytest

LOST = """
import os, signal, time
from flows.interrupt import raise_on_signal, stop_on_signal

class Dropping:
    def __del__(self):
        os.kill(os.getpid(), signal.{name})
        time.sleep(0.1)

raise_on_signal()
with stop_on_signal() as asked:
    print("before:", asked.is_set())
{drop}
with stop_on_signal() as asked:
    print("after:", asked.is_set())
raise_on_signal()
with stop_on_signal() as asked:
    print("the next command:", asked.is_set())
"""


def run(name: str, drop: str) -> subprocess.CompletedProcess[str]:
    code = LOST.format(name=name, drop=drop)
    return subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_stop_whose_exception_is_lost_in_a_finalizer_is_known_to_the_loop(name):
    done = run(name, "Dropping()")
    assert "Exception ignored" in done.stderr
    assert done.stdout.splitlines() == ["before: False", "after: True", "the next command: False"]


def test_a_stop_whose_exception_is_not_lost_ends_the_process():
    done = run("SIGTERM", "os.kill(os.getpid(), signal.SIGTERM); time.sleep(1)")
    assert done.stdout.splitlines() == ["before: False"]
    assert "KeyboardInterrupt" in done.stderr


def test_a_job_in_the_background_goes_on_ignoring_ctrl_c():
    done = run("SIGINT", "signal.signal(signal.SIGINT, signal.SIG_IGN); raise_on_signal(); Dropping()")
    assert done.stdout.splitlines() == ["before: False", "after: False", "the next command: False"]
