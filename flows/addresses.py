"""Inputs that lie elsewhere: `s3://bucket/scans`, `zip://::scans.zip`, whatever fsspec opens."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote

from flows.errors import UsageError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_URL = re.compile(r"[a-z][a-z0-9+.-]+(://|::)", re.IGNORECASE)


@dataclass(frozen=True)
class Address:
    """A place that fsspec opens."""

    url: str

    def __str__(self) -> str:
        return self.url

    @property
    def name(self) -> str:
        """The last part of the path, to tell several inputs apart."""
        path = re.sub(r"^[^:]+:(//|:)", "", self.url.split("::")[0 if "://::" not in self.url else -1])
        return PurePosixPath(path).name or "inbox"


def parse_input(text: str) -> Path | Address:
    """An input as it was given: a path, or an address. `file://` is a path."""
    if text.lower().startswith("file://"):
        return Path(unquote(text[7:]))
    return Address(text) if _URL.match(text) else Path(text)


def check_local(out: Path) -> None:
    """Raise UsageError for an output folder that is an address."""
    if re.match(r"[a-z][a-z0-9+.-]+:/", str(out), re.IGNORECASE):
        raise UsageError(
            f"--out {out}: the ledger is a SQLite file and must lie in a local folder; give one, and"
            " --copy-to ADDRESS has the results copied after every night"
        )


def file_system(url: str) -> tuple[AbstractFileSystem, str]:
    """The file system of an address, and its path there. Raises UsageError."""
    from fsspec.core import url_to_fs  # noqa: PLC0415 - only where there is an address

    try:
        system, path = url_to_fs(url)
    except (ImportError, ValueError, OSError) as error:  # a library is missing, an unknown scheme
        raise UsageError(f"{url}: {one_line(error)}") from error
    return system, str(path)


def one_line(error: object) -> str:
    """What an error says, on one line."""
    return " ".join(str(error).split())
