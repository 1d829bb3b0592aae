"""Who is told how a night goes while it goes."""

from __future__ import annotations


class Watcher:
    """Is told how the night goes; this one says nothing to anybody."""

    def hashed(self, count: int) -> None:
        """So many scans were found and hashed."""

    def begin(self, total: int) -> None:
        """So many scans are going to be read."""

    def advance(self, read: int, failed: int) -> None:
        """So many more scans were read, so many of them with a failure."""
