"""`nightsort` with the reader of `fakes`: `python -m tests.flows.command run ...`."""

import sys

from flows import cli, command, night
from tests.flows import fakes

if __name__ == "__main__":
    command.open_reader = night.open_reader = fakes.open_for
    if "serve" in sys.argv:
        from flows import flow

        flow.night_flow.__module__ = "tests.flows.nights"  # where the nights' processes find the flow
    sys.exit(cli.main())
