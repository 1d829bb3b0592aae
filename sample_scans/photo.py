"""A sheet photographed on a table: seen a little from the side, in the light of a room."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.document import Box, Image
from sample_scans.paper import uneven_light
from sample_scans.sheet import Colour

_TABLES: tuple[Colour, ...] = ((60, 90, 130), (40, 55, 75), (110, 125, 140), (70, 70, 70), (95, 60, 45))


def photograph(rng: np.random.Generator, sheet: Image) -> tuple[Image, np.ndarray]:
    """The photo of a sheet (H, W, 3) uint8 BGR, and the (3, 3) homography from the sheet's pixels to it.

    The table is darker than the paper; the sheet fills 60 to 85 % of the picture's width.
    """
    height, width = sheet.shape[:2]
    matrix, size = _view(rng, width, height)
    table = _table(rng, size)
    paper = cv2.warpPerspective(sheet, matrix, size, flags=cv2.INTER_AREA)
    on_paper = cv2.warpPerspective(np.full((height, width), 255, np.uint8), matrix, size)
    shade = cv2.GaussianBlur(np.roll(on_paper, (9, 7), (0, 1)), (0, 0), 6)
    table = table * (1.0 - 0.45 / 255.0 * shade[:, :, None].astype(np.float32))
    share = on_paper[:, :, None].astype(np.float32) / np.float32(255)
    seen = table * (1 - share) + paper.astype(np.float32) * share
    light = cv2.resize(uneven_light(rng, 24, 32, 0.22), size, interpolation=cv2.INTER_CUBIC)
    seen = cv2.GaussianBlur(seen * light[:, :, None], (0, 0), 0.7)
    seen += np.float32(2.2) * rng.standard_normal(seen.shape, np.float32)
    return np.clip(np.rint(seen), 0, 255).astype(np.uint8), matrix


def seen_box(box: Box, matrix: np.ndarray) -> Box:
    """The upright box around `box` after a homography (3, 3)."""
    right, bottom = box.x + box.width, box.y + box.height
    corners = np.array([[(box.x, box.y)], [(right, box.y)], [(box.x, bottom)], [(right, bottom)]], np.float64)
    there = cv2.perspectiveTransform(corners, matrix)[:, 0]
    low, high = np.floor(there.min(axis=0)).astype(int), np.ceil(there.max(axis=0)).astype(int)
    return Box(int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1]))


def _view(rng: np.random.Generator, width: int, height: int) -> tuple[np.ndarray, tuple[int, int]]:
    """A homography of a camera held nearly above the sheet, and the size of its picture."""
    share = rng.uniform(0.6, 0.85)
    size = (round(width / share), round(max(height, 0.62 * width) / share))
    angle = np.radians(rng.uniform(-9, 9))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    middle = np.array(size) / 2 + rng.uniform(-0.04, 0.04, 2) * size
    placed = (corners - [width / 2, height / 2]) @ turn.T
    # What is farther away is smaller: one direction of depth, at most a tenth of the size.
    depth = placed @ rng.uniform(-1, 1, 2) / width
    placed = placed * (1 + 0.2 * depth)[:, None] + middle
    placed = np.clip(placed, 4, np.array(size) - 5)
    return cv2.getPerspectiveTransform(corners.astype(np.float32), placed.astype(np.float32)), size


def _table(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """(H, W, 3) float32: wood, cloth or stone; streaks along one direction."""
    colour = np.array(_TABLES[int(rng.integers(len(_TABLES)))], np.float32)
    coarse = (max(4, size[1] // 8), max(4, size[0] // 60))
    streaks = rng.standard_normal(coarse, np.float32)
    smooth = cv2.GaussianBlur(cv2.resize(streaks, size, interpolation=cv2.INTER_CUBIC), (0, 0), 2)
    return np.clip(colour[None, None, :] * (1 + np.float32(0.12) * smooth[:, :, None]), 5, 235)
