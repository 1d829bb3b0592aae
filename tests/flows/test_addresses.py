"""Inputs at addresses, on fsspec's file systems that need no network."""

from __future__ import annotations

import shutil
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import fsspec
import pytest

from flows import fetch
from flows.addresses import Address, check_local, file_system, parse_input
from flows.chunk import read_chunk
from flows.copies import copy_results
from flows.errors import CopyError, ExitCode, UsageError
from flows.fetch import fetch_scans, store_of
from flows.inventory import take_inventory
from flows.night import Night
from flows.settings import NightSettings
from tests.flows import fakes
from tests.flows.fakes import draw_scan
from tests.flows.test_flow import column

INBOX = Address("memory://inbox")


@pytest.fixture
def memory() -> Iterator[fsspec.AbstractFileSystem]:
    system = fsspec.filesystem("memory")
    yield system
    system.store.clear()
    system.pseudo_dirs[:] = [""]


def put(system: fsspec.AbstractFileSystem, key: str, content: bytes) -> None:
    system.pipe_file(key, content)


def scan(folder: Path, seed: int, level: int = fakes.GOOD) -> bytes:
    return draw_scan(folder / "drawn.png", seed, level).read_bytes()


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("scans", Path("scans")),
        ("/a/b c", Path("/a/b c")),
        ("file:///a/b%20c", Path("/a/b c")),
        ("C:/scans", Path("C:/scans")),
        ("a:b", Path("a:b")),
        ("s3://bucket/scans", Address("s3://bucket/scans")),
        ("zip://::/a/scans.zip", Address("zip://::/a/scans.zip")),
        ("simplecache::s3://bucket", Address("simplecache::s3://bucket")),
    ],
)
def test_address_is_told_from_path(text: str, parsed: Path | Address) -> None:
    assert parse_input(text) == parsed
    settings = NightSettings((parsed,), Path("out"))
    assert NightSettings.from_json(settings.as_json()) == settings


def test_names_are_those_of_a_folder(memory: fsspec.AbstractFileSystem, tmp_path: Path) -> None:
    for key in ("b.png", "sub/a.png", "sub/notes.csv", ".hidden/c.png", "d.part", "line\nbreak.png"):
        put(memory, f"/inbox/{key}", key.encode())
    fetched = fetch_scans(INBOX, tmp_path, recursive=True)
    assert sorted(scan.name for scan in fetched.scans) == ["b.png", r"line\u000abreak.png", "sub/a.png"]
    assert sorted(fetched.ignored) == [".hidden/c.png", "d.part", "sub/notes.csv"]
    assert {scan.name: scan.path.read_bytes() for scan in fetched.scans}["sub/a.png"] == b"sub/a.png"
    flat = fetch_scans(INBOX, tmp_path, recursive=False, prefixed=True)
    assert sorted(scan.name for scan in flat.scans) == ["inbox/b.png", r"inbox/line\u000abreak.png"]


def test_single_object_and_archive(memory: fsspec.AbstractFileSystem, tmp_path: Path) -> None:
    put(memory, "/inbox/sub/a.png", b"a")
    (single,) = fetch_scans(Address("memory://inbox/sub/a.png"), tmp_path, recursive=True).scans
    assert (single.name, single.path.read_bytes()) == ("a.png", b"a")
    with zipfile.ZipFile(tmp_path / "scans.zip", "w") as archive:
        archive.writestr("one.png", b"1")
        archive.writestr("sub/two.png", b"2")
    found = fetch_scans(Address(f"zip://::{tmp_path}/scans.zip"), tmp_path, recursive=True).scans
    assert {scan.name: scan.path.read_bytes() for scan in found} == {"one.png": b"1", "sub/two.png": b"2"}


def test_only_what_changed_is_fetched_again(
    memory: fsspec.AbstractFileSystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[str] = []
    really = fetch._fetch

    def fetch_or_fail(system: fsspec.AbstractFileSystem, source: fetch.Object, target: Path) -> bool:
        fetched.append(source.key)
        return really(system, source, target)

    monkeypatch.setattr(fetch, "_fetch", fetch_or_fail)
    for key in ("same", "changed", "gone"):
        put(memory, f"/inbox/{key}", b"old")
    fetch_scans(INBOX, tmp_path, recursive=True)
    put(memory, "/inbox/changed", b"new")
    memory.rm("/inbox/gone")
    fetched.clear()
    found = fetch_scans(INBOX, tmp_path, recursive=True).scans
    assert fetched == ["changed"]
    assert {scan.name: scan.path.read_bytes() for scan in found} == {"same": b"old", "changed": b"new"}
    store = store_of(INBOX, tmp_path)
    assert {path.name for path in store.iterdir()} == {scan.path.name for scan in found} | {"index.json"}
    # Where nothing tells whether a file has changed, all are fetched.
    monkeypatch.setattr(fetch, "_VERSIONS", ())
    fetched.clear()
    fetch_scans(INBOX, tmp_path, recursive=True)
    assert sorted(fetched) == ["changed", "same"]


@pytest.mark.parametrize("key", ["../../evil.png", "a/../../../evil.png", "x" * 900, "a//b.png", "~root"])
def test_no_key_leads_out_of_the_store(
    memory: fsspec.AbstractFileSystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    put(memory, "/plain", b"evil")
    there = {key: fetch.Object("/plain", key, "1", None)}
    monkeypatch.setattr(fetch, "_list", lambda address: there)
    out = tmp_path / "deep" / "out"
    fetched = fetch_scans(INBOX, out, recursive=True)
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert all(path.parent == store_of(INBOX, out) for path in written)
    assert [scan.name for scan in fetched.scans] + fetched.ignored == [key]


def test_object_that_grows_is_left(memory: fsspec.AbstractFileSystem, tmp_path: Path) -> None:
    put(memory, "/inbox/growing.png", b"half")
    put(memory, "/inbox/whole.png", b"whole")
    fetched = fetch_scans(
        INBOX,
        tmp_path,
        recursive=True,
        settle=60,
        wait=lambda seconds: put(memory, "/inbox/growing.png", b"half and more"),
    )
    assert ([scan.name for scan in fetched.scans], fetched.growing) == (["whole.png"], ["growing.png"])


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("memory://nothing/there", "does not exist"),
        ("gopher-plus://x", "gopher-plus"),
        ("s3://bucket/scans", "s3fs"),
    ],
)
def test_address_that_cannot_be_listed_is_a_usage_error(tmp_path: Path, url: str, text: str) -> None:
    with pytest.raises(UsageError, match=text):
        take_inventory([Address(url)], tmp_path, recursive=True)


def test_output_must_be_local() -> None:
    with pytest.raises(UsageError, match="--copy-to"):
        check_local(Path("s3://bucket/out"))
    check_local(Path("/a/out"))


def test_folder_and_address_together_tell_whose_scan_is_whose(
    memory: fsspec.AbstractFileSystem, tmp_path: Path
) -> None:
    put(memory, "/inbox/a.png", scan(tmp_path, 1))
    draw_scan(tmp_path / "in" / "a.png", 2)
    found = take_inventory([tmp_path / "in", INBOX], tmp_path / "out", recursive=True)
    assert [sight.name for sight in found.sightings] == ["in/a.png", "inbox/a.png"]
    with pytest.raises(UsageError, match=r"inbox/a\.png"):
        take_inventory([INBOX, Address("memory://inbox/")], tmp_path / "out", recursive=True)


def spend(settings: NightSettings) -> Night:
    """A whole night, without Prefect and without processes."""
    with Night(settings, open_with=fakes.open_reader) as night:
        night.prepare()
        for jobs in night.chunks:
            night.record(read_chunk(jobs, fakes.open_reader()))
        night.finish()
    return night


def test_night_on_an_address_is_that_on_a_folder_and_is_copied(
    memory: fsspec.AbstractFileSystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.chunk.OPEN_AGAIN_AFTER_S", ())
    for number in range(6):
        put(memory, f"/inbox/{number}.png", scan(tmp_path, number))
    put(memory, "/inbox/broken.png", scan(tmp_path, 9, fakes.RAISES))
    system, _ = file_system(INBOX.url)
    shutil.rmtree(tmp_path / "in", ignore_errors=True)
    system.get("/inbox", str(tmp_path / "in"), recursive=True)
    here = NightSettings((tmp_path / "in",), tmp_path / "here")
    there = NightSettings((INBOX,), tmp_path / "there", copy_to=Address("memory://results/tonight"))
    assert spend(here).exit_code == spend(there).exit_code == ExitCode.SCANS_FAILED
    csv = (here.out / "results.csv").read_bytes()
    assert (there.out / "results.csv").read_bytes() == csv
    root = "/results/tonight"
    assert memory.cat_file(f"{root}/results.csv") == csv
    copied = {path.removeprefix(f"{root}/") for path in memory.find(root)}
    assert copied == {
        *("ledger.sqlite", "quarantine/broken.png", "quarantine/broken.png.reason.txt", "report.html"),
        *("results.csv", "results.jsonl", "results.schema.json", "summary.json"),
    }
    memory.get_file(f"{root}/ledger.sqlite", str(tmp_path / "copy.sqlite"))
    with closing(sqlite3.connect(tmp_path / "copy.sqlite")) as db:
        assert db.execute("SELECT count(*) FROM outcomes").fetchone() == (7,)

    # The next night: one scan is mended, one is renamed, one cannot be fetched.
    put(memory, "/inbox/broken.png", scan(tmp_path, 10))
    memory.mv("/inbox/1.png", "/inbox/renamed.png")
    put(memory, "/inbox/lost.png", scan(tmp_path, 11))
    get_file = type(memory).get_file
    monkeypatch.setattr(type(memory), "get_file", lambda self, *a: _refuse(get_file, self, *a))
    night = spend(there)
    assert night.figures.tried == 2
    status = column(there, "status")
    assert ("1.png", 1) not in status
    assert (status["lost.png", 1], column(there, "reason")["lost.png", 1]) == ("failed", "unreadable-file")
    assert status["broken.png", 1] != "failed" != status["renamed.png", 1]
    assert not [path for path in memory.find(root) if "broken" in path]


def _refuse(get_file: object, self: object, remote: str, local: str) -> None:
    if remote.endswith("lost.png"):
        raise ConnectionError("the network is gone")
    get_file(self, remote, local)  # type: ignore[operator]


def test_failure_to_copy_ends_with_an_error_after_the_results(
    memory: fsspec.AbstractFileSystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "out").mkdir()
    sqlite3.connect(tmp_path / "out" / "ledger.sqlite").close()

    def refuse(self: object, *arguments: object) -> None:
        raise PermissionError(13, "Access Denied")

    monkeypatch.setattr(type(memory), "put_file", refuse)
    with pytest.raises(CopyError, match=r"copying them to memory://results failed .*Access Denied"):
        copy_results(tmp_path / "out", Address("memory://results"))
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["ledger.sqlite"]
