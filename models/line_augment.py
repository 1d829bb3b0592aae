"""Vary lines of writing for training: slant, size, place, thickness of the pen, contrast, dirt."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.document import Image
from pipeline.strings.picture import HEIGHT

SHEAR, TURN, STRETCH, ZOOM, SHIFT = 0.22, 2.5, 0.22, 0.16, 2.5
THICKNESS, BLUR, NOISE, FADE, SPECK, RULE = 0.25, 0.15, 0.3, 0.3, 0.15, 0.08


def augment_line(picture: Image, rng: np.random.Generator, room: int) -> Image:
    """A varied copy of a line (32, W) uint8, of its own width but at most `room` pixels."""
    out: cv2.typing.MatLike = _warp(picture, rng, room)
    dice = rng.random(6)
    if dice[0] < THICKNESS:
        change = cv2.dilate if rng.random() < 0.5 else cv2.erode
        share = float(rng.uniform(0.3, 1.0))
        out = cv2.addWeighted(out, 1.0 - share, change(out, np.ones((2, 2), np.uint8)), share, 0.0)
    elif dice[0] < THICKNESS + BLUR:
        out = cv2.GaussianBlur(out, (3, 3), float(rng.uniform(0.3, 1.0)))
    if dice[1] < RULE:
        row = int(rng.integers(0, HEIGHT))
        cv2.line(out, (0, row), (out.shape[1], row + int(rng.integers(-2, 3))), int(rng.integers(60, 255)), 1)
    if dice[2] < SPECK:
        for _ in range(int(rng.integers(1, 5))):
            spot = (int(rng.integers(0, out.shape[1])), int(rng.integers(0, HEIGHT)))
            cv2.circle(out, spot, int(rng.integers(0, 2)), int(rng.integers(80, 255)), -1)
    if dice[3] < FADE:
        out = cv2.convertScaleAbs(out, alpha=float(rng.uniform(0.5, 1.3)))
    if dice[4] < NOISE:
        noise = rng.standard_normal(out.shape, np.float32) * float(rng.uniform(3, 25))
        out = np.clip(out + noise, 0, 255).astype(np.uint8)
    return np.asarray(out, np.uint8)


def _warp(picture: Image, rng: np.random.Generator, room: int) -> Image:
    """Sheared, turned, stretched and shifted about the middle row."""
    height, width = picture.shape
    lean = float(rng.uniform(-SHEAR, SHEAR))
    turn = float(np.radians(rng.uniform(-TURN, TURN))) * min(1.0, 100.0 / max(width, 1))
    across = float(np.exp(rng.uniform(-STRETCH, STRETCH)))
    down = float(np.exp(rng.uniform(-ZOOM, ZOOM)))
    new = min(room, max(8, round(width * across + abs(lean) * height * 0.5)))
    linear = np.array([[across, lean * down], [across * np.sin(turn), down]])
    middle, target = np.array([width / 2.0, height / 2.0]), np.array([new / 2.0, height / 2.0])
    target[1] += rng.uniform(-SHIFT, SHIFT)
    matrix = np.hstack([linear, (target - linear @ middle)[:, None]])
    return np.asarray(cv2.warpAffine(picture, matrix, (new, height), flags=cv2.INTER_LINEAR), np.uint8)
