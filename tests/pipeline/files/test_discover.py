"""Discovery: what counts as a scan, what it is called, and what is never entered."""

import os
import socket
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.files.discover import InputError, discover, printable

as_plain_user = pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")


def make(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return root


def names(*inputs: Path, **options: bool) -> list[str]:
    return [scan.name for scan in discover(inputs, **options)]


def test_names_are_paths_below_the_folder_sorted(tmp_path: Path) -> None:
    make(tmp_path, "b/2.png", "b/10.png", "a.tif", "Z.jpg", "é.png")
    scans = discover([tmp_path])
    assert [scan.name for scan in scans] == ["Z.jpg", "a.tif", "b/10.png", "b/2.png", "é.png"]
    assert [scan.path for scan in scans] == [tmp_path / scan.name for scan in scans]


def test_not_recursive(tmp_path: Path) -> None:
    assert names(make(tmp_path, "a.png", "b/c.png"), recursive=False) == ["a.png"]


@pytest.mark.parametrize(
    "name",
    [
        ".hidden.png",
        "._a.png",
        ".DS_Store",
        ".git/a.png",
        "Thumbs.db",
        "THUMBS.DB",
        "Desktop.ini",
        "@eaDir/a.png",
        "__MACOSX/a.png",
        "__pycache__/a.png",
        "lost+found/a.png",
        "a.png.part",
        "a.tmp",
        "a.jpg.crdownload",
        "~$a.png",
        "truth.csv",
        "a.JSON",
        "a.jsonl",
        "a.xml",
        "form.toml",
        "README.md",
        "draw.py",
        "report.html",
        "a.log",
        "a.yaml",
        "ledger.sqlite",
        "a.png.reason.txt",
    ],
)
def test_what_is_plainly_no_scan_is_left_out(tmp_path: Path, name: str) -> None:
    assert names(make(tmp_path, name, "scan.png")) == ["scan.png"]


@pytest.mark.parametrize(
    "name", ["notes.txt", "0007", "a.zip", "a.doc", "part", "a.tmp.png", "csv", "a~$.png"]
)
def test_anything_else_is_a_scan(tmp_path: Path, name: str) -> None:
    assert names(make(tmp_path, name)) == [name]


def test_a_single_file_has_its_own_name_whatever_it_is(tmp_path: Path) -> None:
    make(tmp_path, "deep/a.csv")
    assert names(tmp_path / "deep" / "a.csv") == ["a.csv"]


def test_several_inputs_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    make(tmp_path, "monday/1.png", "tuesday/1.png", "3.png")
    assert names(tmp_path / "monday", tmp_path / "tuesday", tmp_path / "3.png") == [
        "3.png",
        "monday/1.png",
        "tuesday/1.png",
    ]


def test_one_name_for_two_scans_is_refused(tmp_path: Path) -> None:
    make(tmp_path, "a/in/1.png", "b/in/1.png")
    with pytest.raises(InputError, match=r"both be called 'in/1\.png'"):
        names(tmp_path / "a" / "in", tmp_path / "b" / "in")


def test_relative_inputs_have_a_name_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "in/1.png", "other/1.png")
    monkeypatch.chdir(tmp_path / "in")
    assert names(Path()) == ["1.png"]
    assert names(Path(), Path("../other")) == ["in/1.png", "other/1.png"]


def test_missing_input(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere does not exist"):
        names(tmp_path / "nowhere")


def test_an_input_that_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="neither a file nor a folder"):
        names(Path(os.devnull))
    with pytest.raises(InputError, match="cannot be read"):
        names(tmp_path / "a\0b")


def test_an_empty_folder_has_no_scans(tmp_path: Path) -> None:
    assert names(tmp_path) == []


def test_the_output_folder_is_not_read(tmp_path: Path) -> None:
    make(tmp_path, "a.png", "out/quarantine/a.png")
    assert [scan.name for scan in discover([tmp_path], exclude=[tmp_path / "out"])] == ["a.png"]


def test_links(tmp_path: Path) -> None:
    inside = make(tmp_path / "in", "real/1.png", ".store/2")
    make(tmp_path, "secret.png", "away/3.png")
    links = {
        "out.png": "../secret.png",
        "away": "../away",
        "loop": ".",
        "self.png": "self.png",
        "broken.png": "gone.png",
        "again": "real",
        "stored.png": ".store/2",
    }
    for link, target in links.items():
        (inside / link).symlink_to(target)
    assert names(inside) == ["real/1.png", "stored.png"]


def test_a_link_to_the_input_folder_is_followed(tmp_path: Path) -> None:
    make(tmp_path, "real/1.png")
    (tmp_path / "link").symlink_to("real")
    assert names(tmp_path / "link") == ["1.png"]
    assert discover([tmp_path / "link"])[0].path == tmp_path / "link" / "1.png"


def test_pipes_and_sockets_are_no_scans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path must be short
    os.mkfifo("pipe.png")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.png")
        assert names(tmp_path) == []


@as_plain_user
def test_a_folder_that_cannot_be_listed_is_no_empty_folder(tmp_path: Path) -> None:
    make(tmp_path, "closed/1.png")
    (tmp_path / "closed").chmod(0)
    try:
        with pytest.raises(InputError, match=r"closed cannot be listed: Permission denied"):
            names(tmp_path)
    finally:
        (tmp_path / "closed").chmod(0o700)


def test_a_folder_that_vanishes_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(folder: Path) -> None:
        raise FileNotFoundError(2, "No such file or directory", str(folder))

    monkeypatch.setattr(os, "scandir", gone)
    with pytest.raises(InputError, match="cannot be listed: No such file"):
        names(tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_strange_names_print_and_differ(tmp_path: Path) -> None:
    for name in (b"a\nb.png", b"a\\u000ab.png", b"\xff.png", b"\\xff.png", "ÿ.png".encode()):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(b"x")
    scans = discover([tmp_path])
    assert [scan.name for scan in scans] == [
        r"\\xff.png",
        r"\xff.png",
        r"a\\u000ab.png",
        r"a\u000ab.png",
        "ÿ.png",
    ]
    assert all(scan.path.read_bytes() == b"x" for scan in scans)


file_names = st.binary(max_size=12).map(os.fsdecode)


@given(file_names, file_names)
def test_printable_names_print_encode_and_differ(one: str, other: str) -> None:
    assert printable(one).isprintable()
    printable(one).encode("utf-8")
    assert (printable(one) == printable(other)) == (one == other)


@given(st.text(max_size=12))
def test_ordinary_text_is_its_own_name(text: str) -> None:
    if text.isprintable() and "\\" not in text:
        assert printable(text) == text
