"""Which way up a page lies: turn it upright, and bring what was found there back to the page as decoded."""

from __future__ import annotations

from typing import Final

import numpy as np

from pipeline.document import Box, Image

# Degrees clockwise by which a page lies turned from upright.
TURNS: Final = (0, 90, 180, 270)


def turn_upright(image: Image, turn: int) -> Image:
    """A page (H, W) or (H, W, 3) that lies turned by `turn` degrees, upright."""
    return image if turn == 0 else np.ascontiguousarray(np.rot90(image, turn // 90))


def turn_back(box: Box, turn: int, shape: tuple[int, ...]) -> Box:
    """A box on the upright page as it lies on the page as decoded.

    turn : of the page as decoded; shape : its height and width, pixels.

    >>> turn_back(Box(x=10, y=20, width=50, height=5), 180, (100, 200))
    Box(x=140, y=75, width=50, height=5)
    """
    height, width = shape[:2]
    if turn == 90:
        return Box(width - box.y - box.height, box.x, box.height, box.width)
    if turn == 180:
        return Box(width - box.x - box.width, height - box.y - box.height, box.width, box.height)
    if turn == 270:
        return Box(box.y, height - box.x - box.width, box.height, box.width)
    return box
