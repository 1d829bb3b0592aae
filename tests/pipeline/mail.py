"""Mail pieces of blocks for letters, rings for 0 and sticks for 1, as `RingsAndSticks` reads them."""

from __future__ import annotations

import cv2
import numpy as np

HEIGHT = 36  # of a character, pixels


def write(page: np.ndarray, x: int, y: int, text: str) -> None:
    """Characters 36 high from (x, y), the upper left, on; a space is 26 wide, a dash a dash."""
    for character in text:
        middle = (x + 12, y + HEIGHT // 2)
        if character == "0":
            cv2.ellipse(page, middle, (12, 17), 0, 0, 360, (30, 30, 30), 4)
        elif character == "1":
            cv2.line(page, (x + 12, y + 1), (x + 12, y + HEIGHT - 2), (30, 30, 30), 5)
        elif character == "-":
            cv2.line(page, (x + 3, y + 18), (x + 21, y + 18), (30, 30, 30), 4)
        elif character != " ":
            cv2.rectangle(page, (x + 1, y + 1), (x + 23, y + HEIGHT - 2), (30, 30, 30), cv2.FILLED)
        x += 26 if character == " " else 34


def envelope(code: str = "01101", sender: str = "11000") -> np.ndarray:
    """A US envelope: the sender upper left, the destination's three lines, its code at the end."""
    page = np.full((620, 1300, 3), 245, np.uint8)
    write(page, 40, 40, "xxx xxxx")
    write(page, 40, 110, f"xxxx {sender}")
    write(page, 480, 330, "xxxx xxxxxx")
    write(page, 480, 400, "xxxx xxxx xx")
    write(page, 480, 470, f"xxxxx xx {code}")
    return page
