"""Vary lines of writing for training: slant, size, place, bends, the ground, the pen, contrast, dirt."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.document import Image
from pipeline.strings.picture import HEIGHT

SHEAR, TURN, STRETCH, ZOOM, SHIFT = 0.22, 2.5, 0.22, 0.16, 2.5
BEND, BENDS_EVERY = 1.5, 9.0  # pixels: the most that a line is bent, on average, and how far apart
THICKNESS, THINNER, BLUR, NOISE, FADE, SPECK, RULE = 0.35, 0.65, 0.15, 0.3, 0.4, 0.15, 0.08
# What is left of a printed ground: how often, how strong (of 255), as waves how far apart, pixels.
GROUND, FAINTEST, STRONGEST, PERIODS = 0.75, 8.0, 85.0, (2.2, 7.0)

Field = NDArray[np.float32]


def augment_line(picture: Image, rng: np.random.Generator, room: int) -> Image:
    """A varied copy of a line (32, W) uint8, of its own width but at most `room` pixels."""
    out: cv2.typing.MatLike = _warp(picture, rng, room)
    dice = rng.random(6)
    if dice[5] < GROUND:
        out = _on_ground(np.asarray(out, np.uint8), rng)
    if dice[0] < THICKNESS:
        change = cv2.erode if rng.random() < THINNER else cv2.dilate
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
        out = cv2.convertScaleAbs(out, alpha=float(rng.uniform(0.5, 1.2)))
    if dice[4] < NOISE:
        noise = rng.standard_normal(out.shape, np.float32) * float(rng.uniform(3, 25))
        out = np.clip(out + noise, 0, 255).astype(np.uint8)
    return np.asarray(out, np.uint8)


def _warp(picture: Image, rng: np.random.Generator, room: int) -> Image:
    """Sheared, turned, stretched and shifted about the middle row, and bent (Simard et al., 2003)."""
    height, width = picture.shape
    lean = float(rng.uniform(-SHEAR, SHEAR))
    turn = float(np.radians(rng.uniform(-TURN, TURN))) * min(1.0, 100.0 / max(width, 1))
    across = float(np.exp(rng.uniform(-STRETCH, STRETCH)))
    down = float(np.exp(rng.uniform(-ZOOM, ZOOM)))
    new = min(room, max(8, round(width * across + abs(lean) * height * 0.5)))
    linear = np.array([[across, lean * down], [across * np.sin(turn), down]])
    middle, target = np.array([width / 2.0, height / 2.0]), np.array([new / 2.0, height / 2.0])
    target[1] += rng.uniform(-SHIFT, SHIFT)
    back = np.linalg.inv(linear)
    x, y = np.meshgrid(np.arange(new) - target[0], np.arange(height) - target[1])
    bends = _bends(rng, new, height)
    from_x = (back[0, 0] * x + back[0, 1] * y + middle[0]).astype(np.float32) + bends[..., 0]
    from_y = (back[1, 0] * x + back[1, 1] * y + middle[1]).astype(np.float32) + bends[..., 1]
    return np.asarray(cv2.remap(picture, from_x, from_y, cv2.INTER_LINEAR), np.uint8)


def _bends(rng: np.random.Generator, width: int, height: int) -> Field:
    """How far every pixel is moved, (height, width, 2) float32: smooth, and different in every place."""
    size = (2 + round(width / BENDS_EVERY), 2 + round(height / BENDS_EVERY))
    field = rng.standard_normal((size[1], size[0], 2), np.float32) * np.float32(rng.uniform(0.0, BEND))
    return np.asarray(cv2.resize(field, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)


def _on_ground(picture: Image, rng: np.random.Generator) -> Image:
    """The line with what a scan leaves of a security print: faint waves, hatching or grain."""
    height, width = picture.shape
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    kind = rng.random()
    if kind < 0.25:
        print_ = np.abs(rng.standard_normal(picture.shape, np.float32))
    else:
        print_ = _waves(rng, rows, columns)
        if kind > 0.65:
            print_ = np.maximum(print_, _waves(rng, rows, columns))
    light = cv2.resize(rng.uniform(0.2, 1.0, (2, 4)).astype(np.float32), (width, height))
    slope, left, right = float(rng.uniform(-0.4, 0.4)), float(rng.uniform(0, 8)), float(rng.uniform(0, 8))
    across = columns + slope * (rows - height / 2)
    inside = (across > left) & (across < width - right)
    strength = FAINTEST + (STRONGEST - FAINTEST) * float(rng.random()) ** 2
    ground = np.float32(strength) * cv2.GaussianBlur(print_ * light * inside, (0, 0), 0.6)
    laid = picture + ground * (1.0 - picture / np.float32(255.0))
    return np.asarray(np.clip(laid, 0, 255), np.uint8)


def _waves(rng: np.random.Generator, rows: Field, columns: Field) -> Field:
    """Printed lines, 0 to 1: a period apart, in any direction, bent by a little."""
    angle, period = float(rng.uniform(0, np.pi)), float(rng.uniform(*PERIODS))
    height, width = rows.shape
    bent = cv2.resize(rng.standard_normal((3, 6), np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    phase = (columns * np.cos(angle) + rows * np.sin(angle)) / period + np.float32(rng.uniform(0, 1.5)) * bent
    lines: Field = np.maximum(np.sin(2 * np.pi * phase), 0.0).astype(np.float32)
    return lines
