"""How a strip looks apart from what is written on it: its cut, its paper, its rules, its scanner."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sample_scans.paper import PATTERNS
from sample_scans.rulings import Ruling


@dataclass(frozen=True)
class StripStyle:
    """The look of a strip; greys are 0 black to 255 white, lengths in pixels unless said otherwise.

    height : of the strip. digit : height of a digit.
    baseline : its row at the left edge.
    left, right : room beside the writing; negative cuts into it.
    tightness : added to the writer's gaps, in heights of a digit; negative makes digits touch.
    paper, ink : their greys. contrast : grey levels that the printed ground takes from the paper.
    pattern : of the ground, one of `paper.PATTERNS`.
    fade : a lighter or darker field begins at a slanting edge, by so many grey levels; 0 for none.
    rule_above, rule_below : rows of printed lines; None for none.
    wall_left, wall_right : printed vertical lines at the ends, columns from that end.
    rule_grey, rule_width : of those lines.
    underline : the writer underlines, so many digit heights below the baseline; None for none.
    rubbish : how many scraps of other writing hang in from the edges.
    ruling : lines at even distances, None for none. streaks, stains : how many.
    light, grain, blur, noise, jpeg : of paper and scanner, see `paper`; jpeg None is no compression.
    """

    height: int
    digit: float
    baseline: float
    left: int
    right: int
    tightness: float
    paper: float
    ink: float
    contrast: float
    pattern: str
    fade: float
    rule_above: int | None
    rule_below: int | None
    wall_left: int | None
    wall_right: int | None
    rule_grey: float
    rule_width: int
    underline: float | None
    rubbish: int
    light: float
    grain: float
    blur: float
    noise: float
    jpeg: int | None
    ruling: Ruling | None = None
    streaks: int = 0
    stains: int = 0

    @classmethod
    def draw(cls, rng: np.random.Generator) -> StripStyle:
        """A style at random, mostly like the amount field of a bank cheque at about 200 dpi."""
        u = rng.random(24).tolist()
        n = rng.standard_normal(6).tolist()
        height = round(min(90.0, max(28.0, 54 * float(np.exp(0.2 * n[0])))))
        digit = height * min(0.86, max(0.36, 0.62 + 0.1 * n[1]))
        room = height - digit
        baseline = digit + room * (0.25 + 0.5 * u[0]) + height * 0.02 * n[2]
        paper = 232 + 22 * u[2] if u[1] < 0.2 else 130 + 100 * u[2]
        ink = 10 + (paper - 65) * (0.75 * u[3] if u[4] < 0.8 else 0.6 + 0.4 * u[3])
        below = u[5] < 0.55
        above = u[6] < 0.28
        return cls(
            height=height,
            digit=digit,
            baseline=baseline,
            left=round(height * (-0.06 if u[7] < 0.06 else 0.35 * u[8])),
            right=round(height * (-0.06 if u[9] < 0.06 else 0.35 * u[10])),
            tightness=0.05 * n[3] - 0.12 * (u[11] < 0.15),
            paper=paper,
            ink=ink,
            contrast=0.0 if paper > 225 and u[12] < 0.5 else 6 + 44 * u[12] ** 2,
            pattern=_pattern(u[13]),
            fade=22 * n[4] if u[14] < 0.2 else 0.0,
            rule_above=round(0.16 * height * u[15]) if above else None,
            rule_below=min(height - 1, round(baseline + (height - baseline) * u[16])) if below else None,
            wall_left=round(0.1 * height * u[17]) if u[18] < 0.08 else None,
            wall_right=round(0.1 * height * u[17]) if u[18] > 0.92 or u[18] < 0.03 else None,
            rule_grey=30 + (paper - 70) * u[19],
            rule_width=1 if u[20] < 0.6 else 2 if u[20] < 0.93 else 3,
            underline=0.03 + 0.2 * u[21] if 0.4 < u[21] < 0.47 else None,
            rubbish=0 if u[22] < 0.86 else 1 if u[22] < 0.96 else 2,
            light=0.08 * u[15],
            grain=1 + 7 * u[17] ** 2,
            blur=0.35 + 0.75 * u[10] + (0.6 * u[3] if u[23] < 0.08 else 0),
            noise=5 * u[8] * u[5],
            jpeg=None if u[0] < 0.08 else round(95 - 65 * u[20] ** 1.6),
        )

    def framed(self, rng: np.random.Generator) -> StripStyle:
        """The same strip in a printed frame near its edges; the one or other side of it may be missing."""
        off = np.maximum(1, (self.height * rng.uniform(0.02, 0.14, 4))).astype(int).tolist()
        sides = [of if drawn else None for of, drawn in zip(off, rng.random(4) < 0.85, strict=True)]
        room = self.height * rng.uniform(0.02, 0.4, 2)
        return replace(
            self,
            left=off[0] + round(room[0]),
            right=off[1] + round(room[1]),
            wall_left=sides[0],
            wall_right=sides[1],
            rule_above=sides[2],
            rule_below=None if sides[3] is None else self.height - 1 - off[3],
            rule_grey=float(rng.uniform(20, 0.8 * self.paper)),
            rule_width=int(rng.choice((1, 2, 3), p=(0.4, 0.4, 0.2))),
        )

    def harder(self, rng: np.random.Generator) -> StripStyle:
        """The same strip with one thing more in the way, as other forms and scanners have it."""
        kind = rng.random()
        if kind < 0.3:
            return self.framed(rng)
        if kind < 0.55:
            return replace(self, ruling=Ruling.paper(rng, self.height, self.digit))
        if kind < 0.75:
            ruling = Ruling.places(rng, self.height, self.digit, round(self.baseline))
            below = round(self.baseline + 0.3 * (self.height - self.baseline) * rng.random())
            return replace(self, ruling=ruling, rule_below=below if rng.random() < 0.7 else self.rule_below)
        if kind < 0.9:
            return replace(self, streaks=1 + int(rng.random() < 0.2))
        return replace(self, stains=1 + int(rng.random() < 0.3))


def _pattern(quantile: float) -> str:
    """PATTERNS in the frequency in which paper with writing on it carries them."""
    for pattern, share in zip(PATTERNS, (0.14, 0.44, 0.62, 0.76, 0.88), strict=False):
        if quantile < share:
            return pattern
    return PATTERNS[-1]
