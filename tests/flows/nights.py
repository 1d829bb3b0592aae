"""The flow for the processes that a schedule starts, with the reader of `fakes`."""

from flows import night
from flows.flow import night_flow
from tests.flows import fakes

__all__ = ["night_flow"]

night.open_reader = fakes.open_for
