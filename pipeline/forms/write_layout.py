"""The text of a layout file for proposed fields."""

from __future__ import annotations

import numpy as np

from pipeline.document import Image
from pipeline.forms.layout import printed
from pipeline.forms.propose import Proposal


def write_layout(
    fields: list[Proposal], name: str, image: Image, reference: str | None, reference_page: int = 1
) -> str:
    """The text of a layout file for the fields. Without a reference the printed lines are written out."""
    height, width = image.shape[:2]
    out = [
        "# Written by `nightsort layout new`. Give the fields their names, take out what is not to be read,",
        "# then draw it over a scan: nightsort layout check THIS.toml SCAN",
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
        x, y, w, h = field.place
        out += [
            "",
            "[[field]]",
            f'name = "field{number:02d}"',
            f'kind = "{field.kind}"',
            f"at = [{x}, {y}, {w}, {h}]",
        ]
        if field.boxes:
            out.append(f"boxes = {field.boxes}")
        if field.gap:
            out.append(f"gap = {field.gap}")
    return "\n".join(out) + "\n"
