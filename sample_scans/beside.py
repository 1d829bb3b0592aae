"""What stands beside a number in its field and is none of its digits: signs of currency, units, words."""

from __future__ import annotations

import numpy as np

# Letters that nobody takes for a digit on their own, printed; written, some look like a 4, a 7 or a 17.
LETTERS, LIKE_DIGITS = "AEFHKMNPRWXefhkmnrwx", "AHNfhnr"
WRITTEN = "".join(letter for letter in LETTERS if letter not in LIKE_DIGITS)
_BEFORE = ("$", "€", "£", "¥", "R$", "US$", "#", "Rs", "Fr", "Kr", "RM", "HK$", "NT$")
_BEFORE_SHARES = (0.46, 0.11, 0.08, 0.05, 0.05, 0.05, 0.05, 0.03, 0.03, 0.03, 0.02, 0.02, 0.02)
_AFTER = ("€", "$", "kr", "Fr", "EUR", "%", "#", "Ft", "km")
_AFTER_SHARES = (0.3, 0.15, 0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05)


def draw_beside(rng: np.random.Generator) -> tuple[str, str]:
    """What stands before and after a number, with the spaces between; one of the two is empty.

    No sign of it is a digit, or looks like one by itself.
    """
    kind = rng.random()
    room = " " * int(rng.choice(3, p=(0.55, 0.35, 0.1)))
    if kind < 0.62:
        return str(rng.choice(_BEFORE, p=_BEFORE_SHARES)) + room, ""
    if kind < 0.82:
        return "", room + str(rng.choice(_AFTER, p=_AFTER_SHARES))
    word = draw_word(rng, WRITTEN)
    if kind < 0.94:
        return word + str(rng.choice(("", ":", "."))) + (room or " "), ""
    return "", (room or " ") + word


def draw_word(rng: np.random.Generator, letters: str = LETTERS) -> str:
    """Letters that no digit looks like: what stands beside a postal code is no digit."""
    return "".join(rng.choice(list(letters), int(rng.integers(3, 9))))
