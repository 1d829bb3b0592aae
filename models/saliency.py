"""Which pixels speak for one digit rather than another.

The question is always put to the *lead*: the score of the one digit minus that of the other. Divided
by the temperature it is the logarithm of the odds between the two.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.network import Network
from models.strokes import find_strokes, spread

SIDE = 28
STEP = 0.02  # of a pixel, five of 255 grey levels: small against a kink, large against rounding
RUBBER, PEN = 5, 3  # pixels, the square that is wiped out and the dot that is set
Map = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Saliency:
    """Maps (28, 28) float64 of what the pixels do to the lead of one digit over another.

    lead : of the whole crop.
    gradient : change of the lead for each pixel that were one unit brighter (black to white).
    parts : gradient times pixel, what the ink that is there contributes to first order (Simonyan,
        Vedaldi and Zisserman, 2014; Shrikumar et al., 2017).
    offset : lead minus the sum of parts; what the network would say by its offsets alone.
    wiped : what the lead loses when a square around the pixel is wiped out (Zeiler and Fergus, 2014).
    inked : what the lead gains when a dot is set around the pixel.
    strokes : what the lead loses when the stroke that the pixel belongs to is wiped out.
    """

    lead: float
    gradient: Map
    parts: Map
    offset: float
    wiped: Map
    inked: Map
    strokes: Map


def explain_lead(network: Network, pixels: NDArray[np.float32], one: int, other: int) -> Saliency:
    """What speaks for `one` rather than `other` in `pixels` (28, 28) float32 in 0..1; classes 0..10."""

    def lead(variants: NDArray[np.float32]) -> NDArray[np.float64]:
        logits = network.logits(variants).astype(np.float64) / network.temperature
        return logits[:, one] - logits[:, other]

    here = float(lead(pixels[None])[0])
    steps = np.eye(SIDE * SIDE, dtype=np.float32).reshape(-1, SIDE, SIDE) * np.float32(STEP)
    # Differences to both sides: exact where the lead is straight, and no framework is needed.
    gradient = ((lead(pixels + steps) - lead(pixels - steps)) / (2.0 * STEP)).reshape(SIDE, SIDE)
    parts = gradient * pixels
    wiped = np.where(_squares(RUBBER), np.float32(0.0), pixels)
    inked = np.where(_squares(PEN), np.float32(1.0), pixels)
    strokes = find_strokes(np.round(pixels * 255.0).astype(np.uint8))
    lost = here - lead(_without_each(pixels, strokes))
    return Saliency(
        lead=here,
        gradient=gradient,
        parts=parts,
        offset=here - float(parts.sum()),
        wiped=(here - lead(wiped)).reshape(SIDE, SIDE),
        inked=(lead(inked) - here).reshape(SIDE, SIDE),
        strokes=lost[strokes],
    )


def _without_each(pixels: NDArray[np.float32], strokes: NDArray[np.int64]) -> NDArray[np.float32]:
    """The pixels without stroke k in row k, (K, 28, 28) float32; in the first row, 0, none is missing."""
    numbers = np.arange(strokes.max() + 1)[:, None, None]
    # The soft edge of a stroke lies outside its ink.
    soft = spread(strokes, 1.5)
    gone = (numbers > 0) & np.where(strokes > 0, strokes == numbers, soft == numbers)
    return np.where(gone, np.float32(0.0), pixels)


def _squares(size: int) -> NDArray[np.bool_]:
    """(784, 28, 28): for every pixel the square of `size` around it, row by row."""
    place = np.arange(SIDE)
    near: NDArray[np.bool_] = np.abs(place[:, None] - place[None, :]) <= size // 2
    squares: NDArray[np.bool_] = (near[:, None, :, None] & near[None, :, None, :]).reshape(-1, SIDE, SIDE)
    return squares
