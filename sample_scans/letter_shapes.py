"""The letters of an address as a pen prints them, in the notation of `digit_shapes`.

Small letters stand on the baseline 100 with their bodies from 52 on; ascenders reach 0 to 10.
"""

from __future__ import annotations

LETTERS: dict[str, str] = {
    "A": """
        10 tent: 2,100 16,50 30,0! 44,50 60,100 / 12,64 32,62 52,63
    """,
}
