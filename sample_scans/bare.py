"""What is no writing: bare paper, and pictures that are no page at all."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.document import Image
from sample_scans.paper import uneven_light


def draw_blank(rng: np.random.Generator) -> Image:
    """Bare paper of any shape and colour, lit unevenly; folded, punched, or with the back showing through.

    Some of it is perfectly even, as scanners that clean the background leave it.
    """
    wide = int(rng.integers(150, 320))
    tall = max(24, round(wide * float(np.exp(rng.uniform(-1.7, 0.5)))))
    if rng.random() < 0.5:
        wide, tall = tall, wide
    paper = np.array([rng.uniform(140, 255)] * 3) + rng.normal(0, 6, 3) * (rng.random() < 0.7)
    page = np.empty((tall, wide, 3), np.float32)
    page[:] = paper
    if rng.random() < 0.2:
        return np.clip(page, 0, 255).astype(np.uint8)
    if rng.random() < 0.25:  # faint print of the other side
        through = rng.random((tall // 4 + 1, wide // 3 + 1)) < 0.3
        ghost = cv2.resize(through.astype(np.float32), (wide, tall), interpolation=cv2.INTER_LINEAR)
        page -= np.float32(rng.uniform(2, 7)) * cv2.GaussianBlur(ghost, (0, 0), 2.0)[:, :, None]
    for _ in range(int(rng.integers(0, 3))):  # folds
        x = int(rng.integers(0, wide))
        cv2.line(page, (x, 0), (x + int(rng.normal(0, 2)), tall), (paper - rng.uniform(5, 22)).tolist(), 1)
    if rng.random() < 0.15:
        for y in (0.35, 0.65):  # punched holes
            cv2.circle(page, (round(0.05 * wide), round(y * tall)), max(2, wide // 60), (90, 90, 90), -1)
    page *= uneven_light(rng, tall, wide, float(rng.uniform(0.0, 0.25)))[:, :, None]
    page += rng.normal(0, rng.uniform(0, 4), (tall, wide, 1)).astype(np.float32)
    return np.clip(page, 0, 255).astype(np.uint8)


def draw_picture(rng: np.random.Generator) -> Image:
    """No page at all: patches and gradients of colour, as a photograph has them, or a scan of darkness."""
    tall, wide = (int(n) for n in rng.integers(120, 300, 2))
    picture = np.zeros((tall, wide, 3), np.float32)
    picture[:] = rng.uniform(0, 235, 3)
    if rng.random() < 0.08:
        picture[:] = rng.uniform(0, 60)
    else:
        for size in (2, 5, 11, 30):
            patches = rng.normal(0, rng.uniform(5, 45), (size, size + 1, 3)).astype(np.float32)
            picture += cv2.resize(patches, (wide, tall), interpolation=cv2.INTER_CUBIC)
        for _ in range(int(rng.integers(0, 14))):
            _shape(rng, picture)
    grey = picture.mean(axis=2, keepdims=True)
    picture = grey + (picture - grey) * np.float32(rng.choice((0.0, 0.25, 0.5, 1.0)))
    seen = np.asarray(cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.4, 3.0))), np.float32)
    seen += rng.normal(0, 4, (tall, wide, 1)).astype(np.float32)
    return np.clip(seen, 0, 255).astype(np.uint8)


def _shape(rng: np.random.Generator, picture: np.ndarray) -> None:
    tall, wide = picture.shape[:2]
    colour = rng.uniform(0, 255, 3).tolist()
    middle = (int(rng.integers(wide)), int(rng.integers(tall)))
    if rng.random() < 0.5:
        axes = (int(rng.integers(4, wide // 3)), int(rng.integers(4, tall // 3)))
        cv2.ellipse(picture, middle, axes, float(rng.uniform(0, 180)), 0, 360, colour, -1)
    else:
        points = np.array(middle) + rng.normal(0, wide / 6, (int(rng.integers(3, 7)), 2))
        cv2.fillPoly(picture, [points.astype(np.int32)], colour)
