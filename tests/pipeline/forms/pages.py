"""Forms drawn with a few lines each, and what may happen to them in a scanner or before a camera."""

from __future__ import annotations

import cv2
import numpy as np

WIDTH, HEIGHT = 850, 1100
# A comb of six, a comb of three with gaps, a frame for a number, a table of two rows and two columns.
COMB = (120, 200, 300, 52)
APART = (500, 200, 160, 48)
APART_GAP = 8
FRAME = (120, 330, 220, 56)
TABLE = (120, 470, 360, 120)
DIGITS_FONT = cv2.FONT_HERSHEY_SIMPLEX


def blank(shade: int = 40) -> np.ndarray:
    """The empty form, (HEIGHT, WIDTH) uint8; `shade` is the grey of its lines."""
    page = np.full((HEIGHT, WIDTH), 250, np.uint8)
    cv2.rectangle(page, (60, 60), (790, 640), shade, 2)
    cv2.line(page, (60, 140), (790, 140), shade, 2)
    cv2.line(page, (60, 700), (430, 700), shade, 2)
    cv2.line(page, (700, 700), (700, 1000), shade, 2)
    cv2.rectangle(page, (500, 760), (640, 900), shade, 2)
    for left, top, right, bottom in cells(COMB, 6) + cells(APART, 3, APART_GAP):
        cv2.rectangle(page, (left, top), (right, bottom), shade, 2)
    x, y, w, h = FRAME
    cv2.rectangle(page, (x, y), (x + w, y + h), shade, 2)
    x, y, w, h = TABLE
    for row in range(3):
        cv2.line(page, (x, y + row * h // 2), (x + w, y + row * h // 2), shade, 2)
    for column in range(3):
        cv2.line(page, (x + column * w // 2, y), (x + column * w // 2, y + h), shade, 2)
    return page


def cells(place: tuple[int, int, int, int], count: int, gap: int = 0) -> list[tuple[int, int, int, int]]:
    """Left, top, right, bottom of the boxes of a comb."""
    x, y, w, h = place
    wide = (w - gap * (count - 1)) / count
    lefts = [x + i * (wide + gap) for i in range(count)]
    return [(round(left), y, round(left + wide), y + h) for left in lefts]


def fill(page: np.ndarray, text: str, boxes: list[tuple[int, int, int, int]], shade: int = 30) -> None:
    """One character into each box, in place; a blank leaves the box empty, X crosses it out."""
    for character, (left, top, right, bottom) in zip(text, boxes, strict=False):
        if character == "X":
            cv2.line(page, (left + 9, top + 8), (right - 9, bottom - 9), shade, 3, cv2.LINE_AA)
            cv2.line(page, (right - 9, top + 8), (left + 8, bottom - 8), shade, 3, cv2.LINE_AA)
        elif character != " ":
            at = ((left + right) // 2 - 10, bottom - 12)
            cv2.putText(page, character, at, DIGITS_FONT, 1.05, shade, 3, cv2.LINE_AA)


def seen(page: np.ndarray, matrix: np.ndarray, size: tuple[int, int], paper: int = 250) -> np.ndarray:
    """The page through a (3, 3) perspective on a picture of the size (width, height)."""
    return cv2.warpPerspective(page, matrix, size, flags=cv2.INTER_AREA, borderValue=paper)


def laid(degrees: float = 0.0, scale: float = 1.0, shift: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    """A (3, 3) turn about the page's middle, with a scale and a shift."""
    turn = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), degrees, scale)
    turn[:, 2] += shift
    return np.vstack([turn, [0.0, 0.0, 1.0]])


LAYOUT = f"""
page = [{WIDTH}, {HEIGHT}]

[register]
reference = "blank.png"

[[field]]
name = "member"
kind = "comb"
at = {list(COMB)}
boxes = 6

[[field]]
name = "office"
kind = "comb"
at = {list(APART)}
boxes = 3
gap = {APART_GAP}

[[field]]
name = "amount"
kind = "box"
at = {list(FRAME)}

[[field]]
kind = "cells"
at = {list(TABLE)}
rows = ["sent", "lost"]
columns = ["mon", "tue"]
"""
