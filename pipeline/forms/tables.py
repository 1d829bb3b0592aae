"""Proposed fields that stand under and beside one another with shared walls, made one table each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from pipeline.forms.proposal import Proposal

Part = TypeVar("Part")

# How far the fields of a table may differ in size and place, shares of a field's height (or width, if less).
ALIKE = 0.12
# Pixels that a wall may be thick, from the inside of one field to that of the next, however small they are.
WALL = 4.0


def tables(fields: Sequence[Proposal]) -> list[Proposal]:
    """The fields with those of one table as one proposal of kind `cells`; the others as they are.

    A table is a block of combs with as many boxes each, or of boxes, all of one size, that share their
    walls: a comb a row, or rows and columns of boxes.
    """
    free = [field for field in fields if field.kind in ("comb", "box")]
    rest = [field for field in fields if field.kind not in ("comb", "box")]
    blocks = _chains([[field] for field in free], _is_below)
    wide = [block for block in blocks if block[0].kind == "box"]
    grids = [[cell for block in grid for cell in block] for grid in _chains([[b] for b in wide], _is_beside)]
    grids += [block for block in blocks if block[0].kind == "comb"]
    for grid in grids:
        rest += [_table(grid)] if len(grid) > 1 else grid
    return rest


def _chains(starts: list[list[Part]], follows: Callable[[Part, Part], bool]) -> list[list[Part]]:
    """The lists joined end to end wherever the first of one follows the last of another."""
    chains: list[list[Part]] = []
    for start in starts:
        before = next((chain for chain in chains if follows(chain[-1], start[0])), None)
        if before is None:
            chains.append(list(start))
        else:
            before.extend(start)
    return chains


def _is_below(upper: Proposal, lower: Proposal) -> bool:
    """Whether a field stands right under another one like it."""
    (x, y, w, h), (x2, y2, w2, h2) = upper.place, lower.place
    near = ALIKE * min(w / max(upper.boxes, 1), h)
    alike = (upper.kind, upper.boxes) == (lower.kind, lower.boxes)
    return alike and max(abs(x2 - x), abs(w2 - w), abs(h2 - h), abs(y2 - y - h)) <= max(near, WALL)


def _is_beside(left: Sequence[Proposal], right: Sequence[Proposal]) -> bool:
    """Whether a column of boxes stands right of another one like it."""
    (x, y, w, h), (x2, y2, w2, h2) = left[0].place, right[0].place
    low, wide = (max(ALIKE * side, WALL) for side in (min(w, h), min(w, 2 * h)))
    same = len(left) == len(right) and max(abs(y2 - y), abs(h2 - h)) <= low
    return same and max(abs(w2 - w), abs(x2 - x - w)) <= wide


def _table(cells: Sequence[Proposal]) -> Proposal:
    first, last = cells[0].place, cells[-1].place
    place = (first[0], first[1], last[0] + last[2] - first[0], last[1] + last[3] - first[1])
    columns = sum(abs(cell.place[1] - first[1]) < 0.5 * first[3] for cell in cells)
    return Proposal("cells", place, cells[0].boxes, cells[0].gap, rows=len(cells) // columns, columns=columns)
