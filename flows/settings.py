"""What a night is asked to do, and whether that can be done at all."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from flows.addresses import Address, check_local, parse_input
from flows.errors import UsageError

# A share of failures says little before this many scans were tried.
LEAST_TRIED_FOR_SHARE = 20


class Existing(StrEnum):
    """What becomes of scans that the ledger already has."""

    SKIP = "skip"
    REDO = "redo"


@dataclass(frozen=True)
class FailureCeiling:
    """When to stop because too many scans fail: a share of the night, or a number of scans."""

    share: float | None = None
    count: int | None = None

    @classmethod
    def parse(cls, text: str) -> FailureCeiling:
        """Read '10%' (of the scans to be read) or '25' (scans). Raises UsageError.

        >>> FailureCeiling.parse("10%"), FailureCeiling.parse("25")
        (FailureCeiling(share=0.1, count=None), FailureCeiling(share=None, count=25))
        """
        if match := re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*%\s*", text):
            percent = float(match[1])
            if percent <= 100:
                return cls(share=percent / 100)
        elif match := re.fullmatch(r"\s*(\d{1,9})\s*", text):
            return cls(count=int(match[1]))
        raise UsageError(f"--max-failures {text!r}: give a share such as 10% or a number of scans such as 25")

    def reached(self, *, failed: int, tried: int, planned: int) -> bool:
        """Whether to stop: `failed` of `tried` scans failed so far, `planned` are to be read in all."""
        if self.count is not None:
            return failed > self.count
        share = 1.0 if self.share is None else self.share
        return tried >= LEAST_TRIED_FOR_SHARE and failed > share * planned


@dataclass(frozen=True)
class NightSettings:
    """The options of one run, as given.

    target_error : the rate at which accepted values may be wrong, 0..1 exclusive.
    workers : reading processes, at least 1.
    model : folder of the model, None for the one that Nightsort ships.
    page_timeout : seconds without a sign of life after which a reading process is ended.
    settle : seconds in which a file must not change to be taken; 0 takes all as they are.
    formats : of the results, besides CSV and JSON lines, separated by commas (`flows.formats`).
    dask : address of the scheduler of a Dask cluster that reads, `local` for one of our own, None for none.
    debug_images : every page that is read is drawn into OUT/debug, with every decision on it.
    on_failure : address or command that is told when a night ends otherwise than well (`flows.alarm`).
    copy_to : where the results are copied after the night (`flows.copies`), None for nowhere.
    retry : only the scans that failed are read, where they lay when they were last seen.
    """

    inputs: tuple[Path | Address, ...]
    out: Path
    layout: str = "envelope"
    postal: str = "us"
    model: Path | None = None
    target_error: float = 0.01
    workers: int = 1
    recursive: bool = True
    existing: Existing = Existing.SKIP
    max_failures: str = "10%"
    page_timeout: float = 300.0
    settle: float = 0.0
    retry: bool = False
    formats: str = ""
    debug_images: bool = False
    on_failure: str | None = None
    dask: str | None = None
    copy_to: Address | None = None

    @property
    def ceiling(self) -> FailureCeiling:
        """When to stop because too many scans fail. Raises UsageError for what cannot be understood."""
        return FailureCeiling.parse(self.max_failures)

    def check(self) -> None:
        """Raise UsageError where the options contradict themselves or the file system."""
        if not 0 < self.target_error < 1:
            raise UsageError(f"--target-error {self.target_error}: give a rate between 0 and 1, such as 0.01")
        if self.workers < 1:
            raise UsageError(f"--workers {self.workers}: give at least 1")
        if not 0 < self.page_timeout < math.inf:
            raise UsageError(f"--page-timeout {self.page_timeout:g}: give a number of seconds above 0")
        if not 0 <= self.settle < math.inf:
            raise UsageError(f"--settle {self.settle:g}: give a number of seconds, 0 or more")
        _ = self.ceiling
        if self.formats:
            from flows.formats import parse_formats  # noqa: PLC0415 - brings NumPy

            parse_formats(self.formats)
        check_local(self.out)
        if not self.inputs:
            raise UsageError("no INPUT given: name at least one folder of scans")
        if not self.retry:
            for path in self.inputs:
                if isinstance(path, Path):
                    self._check_input(path)

    def _check_input(self, path: Path) -> None:
        if not path.exists():
            raise UsageError(f"{path}: no such file or folder; check the path")
        here, out = path.resolve(), self.out.resolve()
        if here == out or here in out.parents:
            raise UsageError(
                f"--out {self.out} lies inside the input {path}, so results would be read as scans;"
                " choose a folder outside it"
            )
        if out in here.parents:
            raise UsageError(
                f"input {path} lies inside --out {self.out}, which Nightsort writes to;"
                " choose another folder for the results"
            )

    def absolute(self) -> NightSettings:
        """The same night, whatever folder it is started from."""
        return replace(
            self,
            inputs=tuple(each.absolute() if isinstance(each, Path) else each for each in self.inputs),
            out=self.out.absolute(),
            model=self.model and self.model.absolute(),
            layout=os.pathsep.join(map(_absolute_layout, self.layout.split(os.pathsep))),
        )

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> NightSettings:
        """The settings that `as_json` gave; what another version knew besides is left out."""
        known = {name: document[name] for name in _NAMES if name in document}
        known["inputs"] = tuple(map(parse_input, known["inputs"]))
        known["out"] = Path(known["out"])
        known["model"] = Path(known["model"]) if known.get("model") else None
        known["copy_to"] = Address(known["copy_to"]) if known.get("copy_to") else None
        known["existing"] = Existing(known.get("existing", Existing.SKIP))
        return cls(**known)

    def as_json(self) -> dict[str, Any]:
        """The settings in types that JSON keeps, as summary.json and the ledger record them."""
        return {name: _plain(getattr(self, name)) for name in _NAMES}


_NAMES = tuple(field.name for field in fields(NightSettings))


def _absolute_layout(part: str) -> str:
    path = Path(part)
    is_file = path.is_dir() if not path.suffix else path.exists()
    return str(path.absolute()) if is_file and part not in {"auto", "digits", "envelope"} else part


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, Path | Address | Existing) else value


def usable_cores() -> int:
    """The number of cores this process may use; containers and `taskset` allow fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
