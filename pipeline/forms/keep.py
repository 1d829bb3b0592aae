"""Keep some fields of a layout file and give them names: what a person does first with a proposed one."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence

from pipeline.document import LayoutError

FIELD = re.compile(r"^\[\[\s*field\s*\]\]", re.MULTILINE)
NAME = re.compile(r'^name\s*=\s*".*"\s*?$', re.MULTILINE)


def keep(text: str, chosen: Mapping[int, Sequence[str]]) -> str:
    """The text of a layout file with the chosen fields only, in the file's order; all else as it is.

    chosen : numbers of fields, 1 for the first in the file -> their new names: none keeps the old one, one
    is the field's name; a table of one row or one column may be given one for each of its cells.
    Raises LayoutError where there is no such field or the names are not as many.
    """
    starts = [found.start() for found in FIELD.finditer(text)]
    blocks = [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]
    missing = [number for number in chosen if not 1 <= number <= len(blocks)]
    if missing:
        raise LayoutError(f"field {missing[0]}: there is none; the file has fields 1 to {len(blocks)}")
    kept = [
        _named(number, block, chosen[number]) for number, block in enumerate(blocks, 1) if number in chosen
    ]
    return text[: starts[0]] + "\n".join(block.strip() + "\n" for block in kept)


def _named(number: int, block: str, names: Sequence[str]) -> str:
    if not names:
        return block
    if len(names) == 1:
        return NAME.sub(f'name = "{names[0]}"', block, count=1)
    table = tomllib.loads(block)["field"][0]
    axes = [axis for axis in ("rows", "columns") if table.get(axis)]
    if len(axes) != 1 or len(table[axes[0]]) != len(names):
        cells = " x ".join(str(len(table[axis])) for axis in axes) or "1"
        raise LayoutError(
            f"field {number}: {len(names)} names for {cells} fields; give one name, or in a table of one row"
            " or column one for each cell"
        )
    listed = ", ".join(f'"{name}"' for name in names)
    block = re.sub(rf"^{axes[0]}\s*=\s*\[[^]]*\]", f"{axes[0]} = [{listed}]", block, flags=re.MULTILINE)
    return NAME.sub("", block, count=1).replace("\n\n", "\n", 1)
