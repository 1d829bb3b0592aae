"""A field that a form seems to have."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Proposal:
    """A field that a form seems to have.

    kind : comb, box, line or cells. place : x, y, width, height in pixels of the picture.
    boxes : number of boxes of a comb, or of a comb in each cell; gap : white between them, pixels.
    rows, columns : of cells. framed : whether lines are printed around it; false for white on a tint, say.
    """

    kind: str
    place: tuple[int, int, int, int]
    boxes: int = 0
    gap: int = 0
    rows: int = 0
    columns: int = 0
    framed: bool = True
