"""Fetch what lies at an address into a store in the output folder, where everything else finds it as files.

Reading processes, the quarantine and the review station read from there. Only what is new or has
changed is fetched again; what is gone there goes from the store, too. Nothing is ever written to
the address.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from flows.addresses import Address, file_system, one_line
from flows.errors import UsageError
from pipeline.document import Scan
from pipeline.files.discover import is_ignored, printable
from pipeline.results import write_atomically

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

log = logging.getLogger(__name__)

STORE = ".inbox"
_INDEX = "index.json"
_THREADS = 8
# By what the file systems of fsspec tell that a file is another one; a size alone does not.
_VERSIONS = (
    *("ETag", "etag", "checksum", "md5Hash", "content_md5", "generation", "CRC", "VersionId"),
    *("mtime", "LastModified", "last_modified", "modified", "updated", "created", "date_time"),
)


@dataclass(frozen=True)
class Object:
    """A file at an address.

    key : its path below the address; version : None where nothing tells whether it has changed.
    modified : seconds since 1970, None where it is not known.
    """

    remote: str
    key: str
    version: str | None
    modified: float | None


@dataclass(frozen=True)
class Fetched:
    """What an address has: its scans as files of the store, and the names of what is left there.

    growing : still being written; ignored : plainly something else.
    """

    scans: list[Scan]
    growing: list[str]
    ignored: list[str]


def fetch_scans(
    address: Address,
    out: Path,
    *,
    recursive: bool,
    prefixed: bool = False,
    settle: float = 0.0,
    wait: Callable[[float], None] = time.sleep,
) -> Fetched:
    """Bring the store of an address up to date and tell which scans it has.

    out : the output folder, which the store is in.
    prefixed : the names of the scans begin with that of the address.
    settle : what was changed within so many seconds is looked at again after as many.

    A file that cannot be fetched is missing in the store: whoever opens it learns that. Raises
    UsageError where the address cannot be listed, OSError where the store cannot be written.
    """
    prefix = f"{address.name}/" if prefixed else ""
    there = _list(address)
    wanted = {key: each for key, each in there.items() if recursive or "/" not in key}
    objects = {key: each for key, each in wanted.items() if not any(map(is_ignored, key.split("/")))}
    growing = _growing(address, objects, settle, wait)
    store = store_of(address, out)
    files = {key: store / _file_name(key) for key in objects if key not in growing}
    _update(address, store, {key: objects[key] for key in files})
    return Fetched(
        [Scan(path, printable(prefix + key)) for key, path in files.items()],
        [printable(prefix + key) for key in sorted(growing)],
        [printable(prefix + key) for key in wanted if key not in objects],
    )


def _update(address: Address, store: Path, objects: Mapping[str, Object]) -> None:
    """Have the store hold these objects as they are now, and nothing else."""
    store.mkdir(parents=True, exist_ok=True)
    system, _ = file_system(address.url)
    known = {key: version for key, version in _read_index(store).items() if key in objects}
    _remove_others(store, set(map(_file_name, objects)))
    stale = [
        each
        for key, each in objects.items()
        if each.version is None or known.get(key) != each.version or not (store / _file_name(key)).exists()
    ]

    def fetch(source: Object) -> bool:
        return _fetch(system, source, store / _file_name(source.key))

    try:
        with ThreadPoolExecutor(_THREADS) as threads:
            for each, done in zip(stale, threads.map(fetch, stale), strict=True):
                known.pop(each.key, None)
                if done and each.version is not None:
                    known[each.key] = each.version
    finally:
        write_atomically(store / _INDEX, [json.dumps(known).encode()])
    log.info("%s: %d files, %d of them fetched now", address, len(objects), len(stale))


def store_of(address: Address, out: Path) -> Path:
    """Where the files of an address lie."""
    return out.absolute() / STORE / hashlib.sha256(address.url.encode()).hexdigest()[:16]


def _list(address: Address) -> dict[str, Object]:
    system, root = file_system(address.url)
    try:
        system.invalidate_cache()
        if system.isfile(root):
            return {PurePosixPath(root).name: _object(root, PurePosixPath(root).name, system.info(root))}
        found = system.find(root, detail=True)
        missing = not found and not system.exists(root)
    except Exception as error:  # every file system raises its own kinds
        cause = f"{type(error).__name__}: {one_line(error)}"
        raise UsageError(f"{address} cannot be listed ({cause})") from error
    if missing:
        raise UsageError(f"{address} does not exist; check the address")
    plain = root.strip("/")
    keys = {path: path.strip("/").removeprefix(plain).lstrip("/") for path in found}
    return {keys[path]: _object(path, keys[path], info) for path, info in found.items() if keys[path]}


def _object(remote: str, key: str, info: Mapping[str, Any]) -> Object:
    told = [f"{name}={info[name]}" for name in _VERSIONS if info.get(name) is not None]
    version = "; ".join([*told, f"size={info.get('size')}"]) if told else None
    return Object(remote, key, version, _modified(info))


def _modified(info: Mapping[str, Any]) -> float | None:
    times = [info[name] for name in _VERSIONS if isinstance(info.get(name), datetime | float)]
    return max((t.timestamp() if isinstance(t, datetime) else t for t in times), default=None)


def _growing(
    address: Address, objects: Mapping[str, Object], settle: float, wait: Callable[[float], None]
) -> set[str]:
    oldest = time.time() - settle
    fresh = {key for key, each in objects.items() if each.modified is not None and each.modified > oldest}
    if settle <= 0 or not fresh:
        return set()
    log.info("%d files of %s are new; waiting %g s to see whether they grow", len(fresh), address, settle)
    wait(settle)
    again = _list(address)
    return {key for key in fresh if again.get(key) != objects[key]}


def _fetch(system: AbstractFileSystem, source: Object, target: Path) -> bool:
    """Put the file into the store, whole; without it where that fails, so that nothing old is read."""
    part = target.with_name(f".{target.name}.part")
    try:
        system.get_file(source.remote, str(part))
    except Exception as error:  # every file system raises its own kinds; it costs the scan, not the night
        log.warning("%s cannot be fetched (%s: %s)", source.remote, type(error).__name__, one_line(error))
        part.unlink(missing_ok=True)
        target.unlink(missing_ok=True)
        return False
    part.replace(target)
    return True


def _file_name(key: str) -> str:
    """Keys may be anything (`..`, 1,000 bytes, a folder and a file at once); this is one plain name."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:40]


def _remove_others(store: Path, names: set[str]) -> None:
    for entry in os.scandir(store):
        if entry.name not in names and entry.name != _INDEX:
            Path(entry.path).unlink(missing_ok=True)


def _read_index(store: Path) -> dict[str, str]:
    try:
        return dict(json.loads((store / _INDEX).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}  # then all is fetched
