"""The text of a layout file for proposed fields."""

from __future__ import annotations

import numpy as np

from pipeline.document import Image
from pipeline.forms.layout import printed
from pipeline.forms.proposal import Proposal


def write_layout(
    fields: list[Proposal], name: str, image: Image, reference: str | None, reference_page: int = 1
) -> str:
    """The text of a layout file for the fields. Without a reference the printed lines are written out."""
    height, width = image.shape[:2]
    out = [
        "# Written by `nightsort layout new`. Its picture shows every field with its number.",
        "# Keep the fields that are to be read and give them names, here or all at once, such as",
        f"#   nightsort layout keep {name}.toml 3=total 5=votes 7",
        f"# then draw it over a scan: nightsort layout check {name}.toml SCAN",
        "# What else a field may say (length, pattern, check, sum_of ...) is in docs/forms.md.",
        f'name = "{name}"',
        f"page = [{width}, {height}]",
        "",
        "[register]",
    ]
    if reference is not None:
        out.append(f'reference = "{reference}"')
        if reference_page != 1:
            out.append(f"reference_page = {reference_page}")
    else:
        rules = printed(image, (float(width), float(height)))
        lines = np.rint(np.vstack([rules.across, rules.down])).astype(int).tolist()
        out += ["rules = [", *(f"  [{a}, {b}, {c}, {d}]," for a, b, c, d in lines), "]"]
    for number, field in enumerate(fields, start=1):
        out += ["", *_field(number, field)]
    return "\n".join(out) + "\n"


def _field(number: int, field: Proposal) -> list[str]:
    x, y, w, h = field.place
    lines = [
        "[[field]]",
        f'name = "field{number:02d}"',
        f'kind = "{field.kind}"',
        f"at = [{x}, {y}, {w}, {h}]",
    ]
    for key, count in (("rows", field.rows), ("columns", field.columns)):
        # A table of one row or one column needs no names for it.
        if count > 1:
            names = ", ".join(f'"{key[:-1]}{place}"' for place in range(1, count + 1))
            lines.append(f"{key} = [{names}]")
    if field.boxes:
        lines.append(f"boxes = {field.boxes}")
    if field.gap:
        lines.append(f"gap = {field.gap}")
    if not field.framed:
        lines.append("framed = false")
    return lines
