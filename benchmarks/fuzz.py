"""Study: what the decoders and the layout parser do with bytes that a fuzzer grows by their coverage.

    pip install atheris
    python -m benchmarks.fuzz decoders|layouts [--seconds 150] [--corpus DIR]

Starts from small files of every format, or from layouts, and ends at the first input for which something
else is raised than the error that is promised (ScanError, LayoutError) or an answer takes over 20 s; the
input is then left in the corpus folder as `crash-...`. Coverage is that of Python code: what happens
within the libraries in C is not steered, but met.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["pipeline", "tomllib", "tifffile", "PIL"]):
    from pipeline.document import LayoutError, ScanError
    from pipeline.files.scans import decode
    from pipeline.forms.layout import load_form

_SLOWEST_S = 20
_LONGEST = {"decoders": 4096, "layouts": 2048}


def main() -> None:
    """Fuzz one target; the process ends with it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("target", choices=sorted(_LONGEST))
    parser.add_argument("--seconds", type=int, default=150)
    parser.add_argument("--corpus", type=Path)
    arguments = parser.parse_args()
    folder = arguments.corpus or Path(tempfile.mkdtemp(prefix="nightsort-fuzz-"))
    folder.mkdir(parents=True, exist_ok=True)
    seeds = scan_seeds() if arguments.target == "decoders" else layout_seeds()
    for number, seed in enumerate(seeds):
        (folder / f"seed-{number:02}").write_bytes(seed)
    print(f"corpus: {folder}", flush=True)
    options = [
        f"-max_total_time={arguments.seconds}",
        f"-max_len={_LONGEST[arguments.target]}",
        f"-timeout={_SLOWEST_S}",
        f"-artifact_prefix={folder}/",
        "-rss_limit_mb=4096",
        "-print_final_stats=1",
    ]
    check = check_scan if arguments.target == "decoders" else check_layout
    atheris.Setup([sys.argv[0], *options, str(folder)], in_file(check))
    atheris.Fuzz()


def in_file(check: Callable[[Path], None]) -> Callable[[bytes], None]:
    """The check for bytes instead of a file."""
    path = Path(tempfile.mkdtemp(prefix="nightsort-fuzz-")) / "input.toml"

    def check_bytes(data: bytes) -> None:
        path.write_bytes(data)
        check(path)

    return check_bytes


def check_scan(path: Path) -> None:
    """Pages as promised, or a ScanError in one line."""
    try:
        for page in decode(path, "fuzz"):
            assert page.image.size
            assert page.image.ndim in (2, 3)
            if page.number > 20:
                return
    except ScanError as error:
        must_print(error)


def check_layout(path: Path) -> None:
    """A layout as promised, or a LayoutError in one line."""
    try:
        form = load_form(path)
        assert form.fields
        assert len(form.sha256) == 16
    except LayoutError as error:
        must_print(error)


def must_print(error: Exception) -> None:
    """Every error is one line."""
    assert str(error).isprintable(), repr(str(error))


def scan_seeds() -> list[bytes]:
    """A small file of every format, from the tests."""
    from tests.pipeline.files.scan_files import WHOLE  # noqa: PLC0415 - makes them

    return list(WHOLE)


def layout_seeds() -> list[bytes]:
    """The layouts of the tests."""
    layouts = sorted((Path(__file__).parents[1] / "tests" / "layouts").glob("*.toml"))
    return [path.read_bytes()[: _LONGEST["layouts"]] for path in layouts] + [_SMALL.encode()]


_SMALL = """name = "small"
page = [850, 1100]
page_number = 1
dropout = "#00ff10"
[register]
reference_page = 1
least_fit = 0.5
rules = [[10, 10, 800, 10], [10, 10, 10, 1000], [10, 1000, 800, 1000], [800, 10, 800, 1000]]
[[field]]
name = "a"
kind = "comb"
at = [50, 50, 300, 40]
boxes = 6
gap = 2
length = [2, 6]
check = "luhn"
[[field]]
kind = "cells"
at = [50, 100, 300, 200]
rows = ["r"]
columns = ["x", "y"]
[[field]]
name = "sum"
kind = "box"
search = [50, 400, 300, 40]
sum_of = ["r_x", "r_y"]
pattern = "[0-9]+"
required = true
"""


if __name__ == "__main__":
    main()
