"""What passes between the stages: a scan file, its pages, and what was read from them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.marginals import digit_marginals

Image = NDArray[np.uint8]

# Part of the hash of every layout: raised whenever locating or reading changes what comes out.
READER_VERSION = 11


class Reason(StrEnum):
    """Why a field is not accepted as it stands; the `reason` column of results.csv."""

    LOW_CONFIDENCE = "low-confidence"
    NOT_FOUND = "not-found"
    BAD_FORMAT = "bad-format"
    UNKNOWN_ZIP = "unknown-zip"
    BARCODE_MISMATCH = "barcode-mismatch"
    NOT_REGISTERED = "not-registered"
    NO_LAYOUT = "no-layout"
    OTHER_PAGE = "other-page"
    UNSURE_KIND = "unsure-kind"
    CROSSED_OUT = "crossed-out"
    GUIDE_MARKS = "guide-marks"
    CHECK_DIGIT = "check-digit"
    SUM_DIFFERS = "sum-differs"
    UNREADABLE_FILE = "unreadable-file"
    NOT_AN_IMAGE = "not-an-image"
    EMPTY_FILE = "empty-file"
    TRUNCATED_FILE = "truncated-file"
    TOO_LARGE = "too-large"
    TOO_SLOW = "too-slow"
    INTERNAL_ERROR = "internal-error"
    # Of verified fields without a value: what a person said instead.
    ILLEGIBLE = "illegible"
    NOTHING_WRITTEN = "nothing-written"
    NOT_A_FIELD = "not-a-field"


class Status(StrEnum):
    """What became of a field; the `status` column of results.csv."""

    ACCEPTED = "accepted"
    REVIEW = "review"
    EMPTY = "empty"
    FAILED = "failed"
    VERIFIED = "verified"


class ScanError(Exception):
    """A scan (or one page of it) that cannot be read.

    `reason` is the machine-readable cause, `str(error)` one line for a person that says
    what is wrong and what to do; it does not repeat the file's name.
    """

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason

    def __reduce__(self) -> tuple[type[ScanError], tuple[Reason, str]]:
        return type(self), (self.reason, str(self))  # crosses process borders whole


class LayoutError(ValueError):
    """A layout or postal setting that does not exist or does not fit; the message says what does.

    The message is one line that prints, whatever the keys and values it repeats hold.
    """

    def __init__(self, message: str) -> None:
        super().__init__("".join(c if c.isprintable() else repr(c)[1:-1] for c in message))


@dataclass(frozen=True)
class Box:
    """An upright rectangle on a page, in pixels of the page as decoded."""

    x: int
    y: int
    width: int
    height: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Its rows and columns, to take it out of a page that holds all of it."""
        return slice(self.y, self.y + self.height), slice(self.x, self.x + self.width)


@dataclass(frozen=True, slots=True)
class Scan:
    """A file to be read: where it lies, and its name in the results (`/` as separator)."""

    path: Path
    name: str


@dataclass(frozen=True, eq=False)
class Page:
    """One decoded page.

    image : (H, W) uint8 grey or (H, W, 3) uint8 BGR, the way up a viewer would show it.
    number : 1-based.
    dpi : dots an inch where the file tells something believable, else None.
    """

    scan: str
    number: int
    image: Image
    dpi: float | None = None


@dataclass(frozen=True)
class Reading:
    """What was read from one field of one page, before anybody decides to act on it.

    confidence : calibrated probability that `value` is exactly right, 0 where value is empty.
    alternatives : the next readings with their probabilities, best first; with `confidence`
        they sum to at most 1.
    empty : True where the field was looked at and holds no writing.
    reason : what already speaks against acting on it, None where only the confidence counts.
    box : the field on the page, None where no field was found.
    layout : name and content hash of the layout that the page took; '' where that is the run's one layout.
    """

    scan: str
    page: int
    field: str
    value: str = ""
    confidence: float = 0.0
    alternatives: tuple[tuple[str, float], ...] = ()
    box: Box | None = None
    empty: bool = False
    reason: Reason | None = None
    layout: str = ""

    @property
    def digit_confidences(self) -> tuple[float, ...]:
        """One probability per digit of `value`: that it is right where it stands."""
        return digit_marginals(self.value, self.confidence, self.alternatives)
