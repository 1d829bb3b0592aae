"""What people write into the amount field of a cheque: digits, and what stands around them."""

from __future__ import annotations

import numpy as np

# No stroke that leans: nobody could tell it from a 1.
_ENDINGS = (".-", "-", "=", "--", ".", ",", ".=", "#", "*", ",-", " -")
_SEPARATORS = (".", ".", ".", ".", ",", " ", "'")
# How often amounts begin with 1, 2 .. 9 (Benford, 1938).
_LEADING = np.log10(1 + 1 / np.arange(1, 10))


def draw_amount(rng: np.random.Generator, digits: int | None = None) -> str:
    """An amount as written, for `draw_strip`: 2 to 8 digits unless given, round ones more often than not,
    the first by Benford's law.

    Thousands may be set off, an ending may keep others from adding digits, `$` may stand before.
    """
    count = digits or int(rng.choice(np.arange(2, 9), p=(0.06, 0.13, 0.24, 0.28, 0.19, 0.07, 0.03)))
    figures = rng.integers(0, 10, count).tolist()
    figures[0] = 1 + int(rng.choice(9, p=_LEADING))
    zeros = min(count - 1, int(rng.choice(6, p=(0.6, 0.08, 0.09, 0.15, 0.06, 0.02))))
    figures[count - zeros :] = [0] * zeros
    text = "".join(map(str, figures))
    if count > 3 and rng.random() < 0.6:
        mark = str(rng.choice(_SEPARATORS))
        groups = [text[: count % 3]] if count % 3 else []
        groups += [text[i : i + 3] for i in range(count % 3, count, 3)]
        text = mark.join(groups)
    if rng.random() < 0.4:
        text += str(rng.choice(_ENDINGS))
    if rng.random() < 0.05:
        text = str(rng.choice(("$", "#", "*", "-", "="))) + text
    return text
