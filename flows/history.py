"""Tonight beside the nights before: what each read, and an alarm where tonight's scans are others.

All of it is counted from the ledger, so a scan that is read again counts for the night that read it
last. Whether a value is accepted goes by the threshold of today, for all nights alike.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from flows.ledger import FILE_NAME
from flows.ledger_file import explained, open_ledger_file

MOST_NIGHTS = 30
LEAST_NIGHTS = 3  # before there is anything that could be called usual
LEAST_FIELDS = 50
LEAST_MEASURED = 8  # pages; of 16 scans one is measured
_FAR_SD = 4.0
_FAR_SHARE = 0.05
_FAR_RATIO = 0.15
_FAR_DEGREES = 1.0


@dataclass(frozen=True)
class NightFigures:
    """What one night read.

    accepted, empty : of the fields; failed : pages that could not be read.
    confidence : mean over the fields with a value; height : mean of the fields' boxes, pixels.
    contrast, stroke, skew : means over the pages that were `measured` (`pipeline.paper.condition`), and
        their variances among these pages.
    """

    run: int
    started: str
    pages: int
    fields: int
    accepted: int
    empty: int
    failed: int
    confidence: float | None
    height: float | None
    measured: int = 0
    contrast: float | None = None
    stroke: float | None = None
    skew: float | None = None
    contrast_variance: float = 0.0
    stroke_variance: float = 0.0
    skew_variance: float = 0.0

    @property
    def accepted_share(self) -> float | None:
        """Accepted of all fields."""
        return self.accepted / self.fields if self.fields else None

    @property
    def empty_share(self) -> float | None:
        """Empty of all fields."""
        return self.empty / self.fields if self.fields else None

    @property
    def failed_share(self) -> float | None:
        """Failed of all pages."""
        return self.failed / (self.pages + self.failed) if self.pages + self.failed else None


@dataclass(frozen=True)
class History:
    """The nights that read anything, the latest first, and what is unusual about the latest."""

    nights: tuple[NightFigures, ...] = ()
    alarms: tuple[str, ...] = ()


def read_history(out: Path, run: int) -> History:
    """The nights of an output folder; alarms are about `run`, none where it read nothing.

    Raises LedgerError.
    """
    path = out / FILE_NAME
    with explained(path), closing(open_ledger_file(path)) as db:
        rows = db.execute(_NIGHTS, (MOST_NIGHTS + 1,)).fetchall()
    nights = tuple(NightFigures(**dict(row)) for row in rows)
    tonight = next((night for night in nights if night.run == run), None)
    before = [night for night in nights if night.run != run and night.fields >= LEAST_FIELDS]
    return History(nights, tuple(find_drift(tonight, before)) if tonight else ())


def find_drift(tonight: NightFigures, before: Sequence[NightFigures]) -> list[str]:
    """What is unusual about tonight, one line each."""
    if len(before) < LEAST_NIGHTS or tonight.fields < LEAST_FIELDS:
        return []
    alarms = []
    for name, share in _SHARES.items():
        usual = [value for night in before if (value := share(night)) is not None]
        now = share(tonight)
        if now is not None and usual and _is_far(now, usual, tonight.fields):
            alarms.append(f"{name}: {now:.1%} tonight, {statistics.fmean(usual):.1%} in the nights before")
    heights = [night.height for night in before if night.height]
    if tonight.height and heights:
        ratio = tonight.height / statistics.fmean(heights)
        if abs(math.log(ratio)) > math.log1p(_FAR_RATIO):
            alarms.append(
                f"size of the fields: {tonight.height:.0f} pixels tonight,"
                f" {statistics.fmean(heights):.0f} in the nights before; did the resolution change?"
            )
    return alarms + _find_other_scanner(tonight, before)


def _find_other_scanner(tonight: NightFigures, before: Sequence[NightFigures]) -> list[str]:
    """Where the pages came out otherwise than they did: fainter, thinner, askew."""
    before = [night for night in before if night.measured >= LEAST_MEASURED]
    if len(before) < LEAST_NIGHTS or tonight.measured < LEAST_MEASURED:
        return []
    alarms = []
    measured = sum(night.measured for night in before)
    for name, (attribute, text, advice) in _CONDITIONS.items():
        now, usual = getattr(tonight, attribute), [getattr(night, attribute) for night in before]
        mean = statistics.fmean(usual)
        squares = sum(night.measured * getattr(night, f"{attribute}_variance") for night in before)
        chance = squares / measured * (1 / tonight.measured + 1 / measured)
        least = _FAR_DEGREES if attribute == "skew" else _FAR_RATIO * mean
        if abs(now - mean) > max(least, _FAR_SD * math.sqrt(chance + statistics.pvariance(usual))):
            alarms.append(f"{name}: {text % now} tonight, {text % mean} in the nights before; {advice}")
    return alarms


def _is_far(now: float, usual: Sequence[float], count: int) -> bool:
    """Beyond chance, beyond how much nights differ, and far enough to matter."""
    mean = statistics.fmean(usual)
    chance = mean * (1 - mean) / count
    between = statistics.pvariance(usual)
    return abs(now - mean) > max(_FAR_SHARE, _FAR_SD * math.sqrt(chance + between))


_SHARES: dict[str, Callable[[NightFigures], float | None]] = {
    "accepted fields": lambda night: night.accepted_share,
    "empty fields": lambda night: night.empty_share,
    "pages that could not be read": lambda night: night.failed_share,
    "mean confidence": lambda night: night.confidence,
}

# Of which figure, how it is written, what a person should look at.
_CONDITIONS = {
    "contrast of the ink": ("contrast", "%.2f", "look at the scanner's lamp and settings"),
    "width of the strokes": ("stroke", "%.1f pixels", "did resolution or pens change?"),
    "skew": ("skew", "%.1f degrees", "look at the scanner's feeder"),
}

_NIGHTS = """
WITH found AS (
    SELECT o.run, count(*) AS fields, sum(r.empty) AS empty,
           sum(NOT r.empty AND r.reason IS NULL AND r.value != '' AND r.confidence >= d.threshold)
               AS accepted,
           avg(CASE WHEN r.value != '' THEN r.confidence END) AS confidence,
           avg(json_extract(r.box, '$[3]')) AS height
      FROM outcomes o JOIN readings r ON r.content = o.content AND r.reader = o.reader
      JOIN readers d ON d.id = o.reader GROUP BY o.run
), lost AS (
    SELECT o.run, count(*) AS failed
      FROM outcomes o JOIN failures f ON f.content = o.content AND f.reader = o.reader GROUP BY o.run
), looks AS (
    SELECT o.run, count(*) AS measured, avg(contrast) AS contrast, avg(stroke) AS stroke, avg(skew) AS skew,
           avg(contrast * contrast) - avg(contrast) * avg(contrast) AS contrast_variance,
           avg(stroke * stroke) - avg(stroke) * avg(stroke) AS stroke_variance,
           avg(skew * skew) - avg(skew) * avg(skew) AS skew_variance
      FROM outcomes o JOIN conditions c ON c.content = o.content AND c.reader = o.reader GROUP BY o.run
), sheets AS (SELECT run, sum(pages) AS pages FROM outcomes GROUP BY run)
SELECT runs.id AS run, runs.started, pages, coalesce(fields, 0) AS fields, coalesce(accepted, 0) AS accepted,
       coalesce(empty, 0) AS empty, coalesce(failed, 0) AS failed, confidence, height,
       coalesce(measured, 0) AS measured, contrast, stroke, skew,
       coalesce(contrast_variance, 0) AS contrast_variance, coalesce(stroke_variance, 0) AS stroke_variance,
       coalesce(skew_variance, 0) AS skew_variance
  FROM runs JOIN sheets ON sheets.run = runs.id LEFT JOIN found ON found.run = runs.id
  LEFT JOIN lost ON lost.run = runs.id LEFT JOIN looks ON looks.run = runs.id
 ORDER BY runs.id DESC LIMIT ?
"""
