"""What lies under the ink and what a scanner makes of it: tint, security print, light, blur, noise, JPEG."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.document import Image

Grey = NDArray[np.float32]
PATTERNS = ("plain", "waves", "crossed", "weave", "rings", "hatched")


def _stripes(phase: Grey, sharpness: float) -> Grey:
    """Lines of ink, 0 to 1, wherever `phase` (in turns) is whole; sharper lines are thinner."""
    lines: Grey = 0.5 + 0.5 * np.cos(np.float32(2 * np.pi) * phase)
    np.power(lines, np.float32(sharpness), out=lines)
    return lines


def _waves(rng: np.random.Generator, x: Grey, y: Grey, tilt: float) -> Grey:
    """One family of fine wavy lines about `tilt` radians off the horizontal, 4 to 10 pixels apart."""
    pitch, sway, length, second, turn, sharpness = rng.random(6).tolist()
    along = x * np.float32(np.cos(tilt)) + y * np.float32(np.sin(tilt))
    across = y * np.float32(np.cos(tilt)) - x * np.float32(np.sin(tilt))
    length = 18 + 120 * length
    wave = np.sin(along * np.float32(6.283 / length) + np.float32(6.283 * turn))
    across = across + np.float32(4 * sway) * wave
    if second < 0.4:
        across += np.float32(3 * sway) * np.sin(along * np.float32(17 / length))
    return _stripes(across / np.float32(4 + 6 * pitch), 1 + 4 * sharpness)


def _rings(rng: np.random.Generator, x: Grey, y: Grey) -> Grey:
    """Circles about a point beside the strip, as the rosettes of banknotes show at their rims."""
    centre_x, centre_y, pitch, sharpness = rng.random(4).tolist()
    height, width = len(y), x.shape[1]
    to_centre = x - np.float32(width * (2 * centre_x - 0.5))
    away = np.hypot(to_centre, y - np.float32(height * (4 * centre_y - 1.5)))
    return _stripes(away / np.float32(4 + 6 * pitch), 1 + 4 * sharpness)


def _weave(rng: np.random.Generator, x: Grey, y: Grey) -> Grey:
    """Dots on a lattice, like a halftone or a woven ground."""
    pitch_x, pitch_y, lean, sharpness = rng.random(4).tolist()
    pitch_x, pitch_y = 2.5 + 5 * pitch_x, 2.5 + 5 * pitch_y
    columns = _stripes(x / np.float32(pitch_x) + y * np.float32(0.1 * lean), 1.0)
    rows = _stripes(y / np.float32(pitch_y), 1.0)
    dots: Grey = np.power(columns * rows, np.float32(0.5 + sharpness))
    return dots


def security_print(rng: np.random.Generator, height: int, width: int, pattern: str) -> Grey:
    """(height, width) float32 ink of a printed ground, 0 to about 1; `pattern` is one of PATTERNS."""
    x = np.arange(width, dtype=np.float32)[None, :]
    y = np.arange(height, dtype=np.float32)[:, None]
    tilt = 0.12 * rng.standard_normal()
    if pattern == "plain":
        return np.zeros((height, width), np.float32)
    if pattern == "weave":
        return _weave(rng, x, y)
    if pattern == "waves":
        return _waves(rng, x, y, tilt)
    if pattern == "rings":
        other = _rings(rng, x, y) if rng.random() < 0.6 else _waves(rng, x, y, tilt)
        return 0.6 * (_rings(rng, x, y) + other)
    steep = 0.5 + rng.random() if pattern == "hatched" else 0.25 + 0.3 * rng.random()
    return np.maximum(_waves(rng, x, y, tilt + steep), _waves(rng, x, y, tilt - steep))


def uneven_light(rng: np.random.Generator, height: int, width: int, depth: float) -> Grey:
    """(height, width) float32 factors about 1: a slope of light and one soft spot."""
    slope_x, slope_y, spot = rng.standard_normal(3).tolist()
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    light = 1 + np.float32(0.5 * depth) * (np.float32(slope_x) * x + np.float32(slope_y) * y)
    if spot > 0.5:
        at_x, at_y = rng.uniform(-1, 1, 2).tolist()
        light -= np.float32(depth) * np.exp(-3 * ((x - np.float32(at_x)) ** 2 + (y - np.float32(at_y)) ** 2))
    return light.astype(np.float32)


def grain(rng: np.random.Generator, height: int, width: int, coarseness: float) -> Grey:
    """(height, width) float32 noise of unit spread: paper fibres, softened by `coarseness` pixels."""
    noise = rng.standard_normal((height, width), np.float32)
    if coarseness < 0.3:
        return noise
    soft = cv2.GaussianBlur(noise, (0, 0), coarseness)
    return soft * np.float32(2.2 * coarseness + 0.4)


def scan(rng: np.random.Generator, grey: Grey, blur: float, noise: float, jpeg: int | None) -> Image:
    """What the scanner hands on: optics (`blur`, sigma in pixels), sensor noise, JPEG of that quality.

    grey : (H, W) or (H, W, 3) float32, 0 to 255. Returns uint8 of the same shape.
    """
    if blur > 0.15:
        grey = np.asarray(cv2.GaussianBlur(grey, (0, 0), blur), np.float32)
    if noise > 0:
        grey = grey + rng.standard_normal(grey.shape, np.float32) * np.float32(noise)
    image = np.clip(np.rint(grey), 0, 255).astype(np.uint8)
    if jpeg is None:
        return image
    _, packed = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, jpeg])
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_UNCHANGED), np.uint8)
