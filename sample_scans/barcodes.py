"""Barcodes as the US post sprays them along the lower edge: POSTNET and Intelligent Mail."""

from __future__ import annotations

import numpy as np

from pipeline.barcode import imb, postnet
from pipeline.barcode.imb import IntelligentMail
from sample_scans.sheet import BLACK, Colour, Sheet

INCH = 25.4  # millimetres
# Of the barcodes of each kind, inches: heights of a full and of the shortest bar, with what they may vary by.
_FULL = {"imb": (0.145, 0.012), "postnet": (0.125, 0.008)}
_SHORT = {"imb": (0.048, 0.006), "postnet": (0.050, 0.008)}
_INKS: tuple[Colour, ...] = (BLACK, BLACK, (60, 55, 55), (90, 85, 85))
MISSORTED = 0.01  # barcodes that the post's own reader got wrong


def print_barcode(rng: np.random.Generator, sheet: Sheet, code: str) -> str:
    """Print a barcode for the ZIP code (5 or 9 digits) at the lower right; returns the digits that it states.

    Some hold two more digits than the code, the delivery point's; MISSORTED of them state another code.
    """
    stated = code
    if rng.random() < MISSORTED:
        place = int(rng.integers(5))
        stated = code[:place] + str((int(code[place]) + int(rng.integers(1, 10))) % 10) + code[place + 1 :]
    if len(stated) == 9 and rng.random() < 0.5:
        stated += f"{rng.integers(100):02d}"
    bars = bars_of(rng, stated, "imb" if rng.random() < 0.65 else "postnet")
    inch = INCH * sheet.mm
    right = sheet.width - rng.uniform(0.3, 0.7) * inch
    bottom = sheet.height - rng.uniform(0.19, 0.26) * inch
    draw_bars(rng, sheet, bars, right, bottom, _INKS[int(rng.integers(len(_INKS)))])
    return stated


def bars_of(rng: np.random.Generator, routing: str, kind: str) -> str:
    """The bars (letters F, A, D, T) of a barcode of `kind`, "imb" or "postnet", with this routing code."""
    if kind == "postnet":
        return postnet.encode(routing)
    tracking = f"{rng.integers(10)}{rng.integers(5)}{rng.integers(10**18):018d}"
    return imb.encode(IntelligentMail(tracking, routing))


def draw_bars(
    rng: np.random.Generator, sheet: Sheet, bars: str, right: float, bottom: float, colour: Colour = BLACK
) -> None:
    """Draw bars with their lower right corner at (right, bottom), within the specifications' tolerances."""
    kind = "imb" if len(bars) == imb.BARS else "postnet"
    inch = INCH * sheet.mm
    pitch = inch / rng.uniform(20.8, 23.2)
    wide = rng.uniform(0.016, 0.024) * inch
    full, short = (
        float(np.clip(rng.normal(usual, 0.4 * within), usual - within, usual + within)) * inch
        for usual, within in (_FULL[kind], _SHORT[kind])
    )
    down = 0.5 * (full - short) if kind == "imb" else 0.0
    up = full - short - down
    left = right - pitch * (len(bars) - 1) - wide
    begin = left + pitch * np.arange(len(bars))
    top = bottom - down - short - np.array([up * (bar in "AF") for bar in bars])
    end = bottom - down + np.array([down * (bar in "DF") for bar in bars])
    x, y = int(left) - 1, int(bottom - full) - 1
    across = _covered(begin, begin + wide, x, int(right) + 2)
    along = _covered(top, end, y, int(bottom) + 2)
    sheet.soak(np.rint(255 * np.minimum(along.T @ across, 1.0)).astype(np.uint8), x, y, colour)


def _covered(low: np.ndarray, high: np.ndarray, first: int, last: int) -> np.ndarray:
    """How much of every pixel from `first` to `last` (exclusive) each interval covers: (N, last - first)."""
    pixel = np.arange(first, last)[None, :]
    covered: np.ndarray = np.clip(
        np.minimum(high[:, None], pixel + 1) - np.maximum(low[:, None], pixel), 0.0, 1.0
    )
    return covered
