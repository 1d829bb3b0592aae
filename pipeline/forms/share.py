"""Share the ink of a field out among its boxes, strokes that leave a box left whole."""

from __future__ import annotations

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from pipeline.forms.box_ink import BoxInk
from pipeline.forms.lift import Patch
from pipeline.forms.unframe import WRITING
from pipeline.paper.ink import Mask

# What hangs on print outside a box is writing: least height of its part inside, in heights of the box, and
# how far the middle of that is from the box's edges.
HANGING, CENTRAL = 0.4, 0.25


def share_out(patch: Patch, mask: Mask, printed: Mask) -> tuple[BoxInk, ...]:
    """The ink of every box, whole even where it leaves the box.

    mask, printed : as `writing` gives them.

    A component goes to the box that holds most of it; one that fills two boxes, or hangs on print outside,
    is cut at the walls.
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    owner = np.full(count, -1)
    cells = patch.cells
    weight = np.zeros((count, len(cells)))
    for index, (left, top, right, bottom) in enumerate(cells):
        part = labels[max(0, int(top)) : int(bottom) + 1, max(0, int(left)) : int(right) + 1]
        weight[:, index] = np.bincount(part.ravel(), minlength=count)
    weight[0] = 0
    total = np.maximum(stats[:, cv2.CC_STAT_AREA], 1)
    share = weight / total[:, None]
    owner = np.where(share.max(axis=1) >= 0.4, share.argmax(axis=1), -1)
    owner[0] = -1
    second = np.sort(share, axis=1)[:, -2] if len(cells) > 1 else np.zeros(count)
    split = second >= 0.25
    out = []
    for index, (left, _, right, _) in enumerate(cells):
        reach = 0.4 * (right - left)
        x0, x1 = max(0, int(left - reach)), int(right + reach) + 1
        near = labels[:, x0:x1]
        own = (owner[near] == index) & ~split[near]
        own |= hanging(labels, cells[index], patch.unit, (owner < 0) & ~split)[:, x0:x1]
        columns = np.arange(x0, x0 + near.shape[1])
        within = (columns >= left) & (columns <= right)
        own |= split[near] & within[None, :] & (near > 0)
        out.append(BoxInk(patch.dark[:, x0:x1], _writing_only(own, patch.unit), printed[:, x0:x1]))
    return tuple(out)


def hanging(
    labels: MatLike, cell: NDArray[np.float64], height: float, loose: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Where a box holds writing that hangs together with print around it, a neighbour's frame say: (H, W).

    labels : (H, W), components of ink; loose : (N,), which of them belong to no box. Their part in the box is
    writing where it is tall and about the middle; tails of writing above or below are at its edge.
    """
    held = np.zeros(labels.shape, bool)
    left, top, right, bottom = np.maximum(cell, 0).astype(int)
    part = labels[top : bottom + 1, left : right + 1]
    for label in np.unique(part[loose[part]]):
        rows = np.nonzero(part == label)[0]
        middle = float(rows.mean()) / max(bottom - top, 1)
        if label and np.ptp(rows) >= HANGING * height and CENTRAL <= middle <= 1.0 - CENTRAL:
            held[top : bottom + 1, left : right + 1] |= part == label
    return held


def _writing_only(own: NDArray[np.bool_], height: float) -> Mask:
    """A box's ink without specks; nothing at all where none of it is large enough for writing."""
    mask = np.where(own, np.uint8(255), np.uint8(0))
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    side = np.maximum(stats[1:, cv2.CC_STAT_WIDTH], stats[1:, cv2.CC_STAT_HEIGHT])
    return mask if len(side) and side.max() >= WRITING * height else np.zeros_like(mask)
