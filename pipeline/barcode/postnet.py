"""POSTNET, the US post's barcode until 2013: tall and short bars, five a digit, with a check digit.

Two bars of every five are tall; their weights 7, 4, 2, 1, 0 sum to the digit, 11 standing for 0
(USPS Domestic Mail Manual, C840).
"""

from __future__ import annotations

LENGTHS = (5, 9, 11)
_DIGITS = ("AATTT", "TTTAA", "TTATA", "TTAAT", "TATTA", "TATAT", "TAATT", "ATTTA", "ATTAT", "ATATT")
_VALUES = {bars: digit for digit, bars in enumerate(_DIGITS)}
# Numbers of bars that a barcode may have.
BARS = tuple(5 * (length + 1) + 2 for length in LENGTHS)


def encode(routing: str) -> str:
    """The bars from left to right, tall `A`, short `T`, of a ZIP code with 5, 9 or 11 digits.

    Raises ValueError for anything else.
    """
    if not (routing.isascii() and routing.isdigit()) or len(routing) not in LENGTHS:
        raise ValueError(f"a POSTNET barcode holds 5, 9 or 11 digits, not {routing!r}")
    check = -sum(map(int, routing)) % 10
    return "A" + "".join(_DIGITS[int(digit)] for digit in routing) + _DIGITS[check] + "A"


def decode(bars: str) -> str | None:
    """The ZIP code that bars state; None where they are no barcode or the check digit is wrong."""
    if len(bars) not in BARS or not bars.startswith("A") or not bars.endswith("A"):
        return None
    digits = [_VALUES.get(bars[at : at + 5]) for at in range(1, len(bars) - 1, 5)]
    known = [digit for digit in digits if digit is not None]
    if len(known) < len(digits) or sum(known) % 10:
        return None
    return "".join(map(str, known[:-1]))
