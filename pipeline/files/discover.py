"""Which files are scans: everything below the inputs that is not plainly something else.

No scan shall be lost, so what is left out is named here; any other file, whatever its
extension, is tried by its content and shows up as a failure if it is no image.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from pipeline.document import Scan

# What file systems, network drives and archives leave beside a user's files.
_SYSTEM_NAMES: Final = frozenset(
    {
        "thumbs.db",
        "desktop.ini",
        "@eadir",
        "#recycle",
        "$recycle.bin",
        "__macosx",
        "__pycache__",
        "lost+found",
        "system volume information",
    }
)
_HIDDEN_PREFIXES: Final = (".", "~$")  # "._x" and ".DS_Store" among them
_HALF_WRITTEN: Final = (".part", ".partial", ".filepart", ".tmp", ".crdownload")
_COMPANIONS: Final = (
    *(".csv", ".json", ".jsonl", ".xml", ".toml", ".yaml", ".md", ".py", ".html", ".log", ".sqlite"),
    ".reason.txt",
)


class InputError(ValueError):
    """An input that cannot be searched for scans; its text is one line for a person."""


def discover(
    inputs: Sequence[Path],
    *,
    recursive: bool = True,
    exclude: Sequence[Path] = (),
    prefixed: bool | None = None,
    on_ignored: Callable[[str], None] = lambda _: None,
) -> list[Scan]:
    """Every scan below the inputs, sorted by name (code point order, the same on every machine).

    inputs : folders, or single files, which are taken whatever they are called.
    exclude : folders that are not entered, such as the output folder.
    prefixed : whether names begin with the input folder's; by default with several inputs.
    on_ignored : told the name of each file and folder that is plainly something else.

    A name is the path below the input folder, or a single file's own name. Characters that do not
    print are escaped (`printable`).
    Links to folders are never followed, links to files only while they stay in the input folder.

    Raises InputError for an input or folder that is missing or cannot be read, and where two
    scans would have one name.
    """
    closed = frozenset(path.resolve() for path in exclude)
    prefix = len(inputs) > 1 if prefixed is None else prefixed
    scans: dict[str, Scan] = {}
    for given in inputs:
        for scan in _scans_of(given, prefix, recursive, closed, on_ignored):
            if scan.name in scans:
                raise InputError(
                    f"{scans[scan.name].path} and {scan.path} would both be called {scan.name!r} "
                    "in the results; read them in separate runs"
                )
            scans[scan.name] = scan
    return sorted(scans.values(), key=lambda scan: scan.name)


def printable(name: str) -> str:
    r"""The name as text that prints and encodes; different names stay different.

    A backslash becomes `\\`, a byte in no known encoding `\xff`, and a character that does
    not print (a newline, say) `\u000a` or `\U000e0001`.
    """
    if name.isprintable() and "\\" not in name:
        return name
    return "".join(map(_printable_character, name))


def _printable_character(character: str) -> str:
    code = ord(character)
    if character == "\\":
        return "\\\\"
    if 0xDC80 <= code <= 0xDCFF:  # how Python carries a byte that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    if character.isprintable():
        return character
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _scans_of(
    given: Path, prefixed: bool, recursive: bool, closed: frozenset[Path], on_ignored: Callable[[str], None]
) -> Iterator[Scan]:
    """The scans of one input, in no particular order."""
    mode = _mode(given)
    if stat.S_ISREG(mode):
        yield Scan(given, printable(given.name))
        return
    if not stat.S_ISDIR(mode):
        raise InputError(f"{given} is neither a file nor a folder")
    prefix = f"{given.resolve().name}/" if prefixed and given.resolve().name else ""

    def name_of(path: Path) -> str:
        return printable(prefix + path.relative_to(given).as_posix())

    for path in _files_below(given, recursive, closed, lambda path: on_ignored(name_of(path))):
        yield Scan(path, name_of(path))


def _mode(given: Path) -> int:
    try:
        return given.stat().st_mode
    except FileNotFoundError:
        raise InputError(f"{given} does not exist") from None
    except (OSError, ValueError) as error:  # a name with a NUL byte is a ValueError
        raise InputError(f"{given} cannot be read: {error}") from error


def _files_below(
    root: Path, recursive: bool, closed: frozenset[Path], on_ignored: Callable[[Path], None]
) -> Iterator[Path]:
    inside = root.resolve()
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        if closed and folder.resolve() in closed:
            continue
        for entry in _entries(folder):
            if is_ignored(entry.name):
                on_ignored(Path(entry.path))
            elif entry.is_dir(follow_symlinks=False):
                if recursive:
                    waiting.append(Path(entry.path))
            elif _is_scan(entry, inside):
                yield Path(entry.path)
            else:
                on_ignored(Path(entry.path))


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError as error:
        raise InputError(f"the folder {folder} cannot be listed: {error.strerror}") from error


def is_ignored(name: str) -> bool:
    """Whether a file or folder of this name is plainly no scan."""
    lower = name.lower()
    return (
        lower.startswith(_HIDDEN_PREFIXES)
        or lower in _SYSTEM_NAMES
        or lower.endswith(_HALF_WRITTEN)
        or lower.endswith(_COMPANIONS)
    )


def _is_scan(entry: os.DirEntry[str], inside: Path) -> bool:
    """A file, not a pipe or a socket, that lies in the folder also when links are resolved."""
    if not entry.is_symlink():
        return entry.is_file()
    try:
        target = Path(entry.path).resolve(strict=True)
    except (OSError, RuntimeError):  # leads nowhere, or to itself
        return False
    return target.is_file() and target.is_relative_to(inside)
