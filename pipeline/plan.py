"""How a page is to be read: as what, and which way up; and what then is taken of several ways.

Where the page's look leaves more than one way open, all are read, and the writing decides: upright
digits make sense, the same digits upside down hardly ever do. What stays open between them is
taken from the confidence, so that a page whose way up is not certain goes to a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.document import Image, Page, Reading, Reason
from pipeline.layouts import Layout, Mixed
from pipeline.paper import ink
from pipeline.paper.kinds import KINDS, Kind, PageClassifier
from pipeline.paper.turns import TURNS
from pipeline.strings.values import READINGS

if TYPE_CHECKING:
    from pipeline.forms.form import FormSet

# A kind at least so probable is taken for certain; so much more, where a form could be overlooked.
SURE, NO_FORM = 0.9, 0.98
# Ways up less probable than this are not read.
LEAST_WAY = 0.02
# How much of a way's probability is left where nothing was read that way up.
UNREAD = 0.1
# A mark on blank paper that may be writing: shares of the page's longer side, least and most.
MARK, STAIN = 0.01, 0.5
# Confidence from which a value of a page of no certain kind is shown to the person who decides.
HINT = 0.3
BLANK_CONTRAST = 0.1  # darkness that is more than paper's own texture


@dataclass(frozen=True)
class Try:
    """One way to read a page. prior : how probable its way up is, before anything is read."""

    layout: Layout | FormSet
    turn: int = 0
    prior: float = 1.0


@dataclass(frozen=True)
class Plan:
    """The ways to read a page.

    reason : what speaks against acting on whatever is read, or why nothing is; None where nothing does.
    empty : nothing is written on the page.
    """

    tries: tuple[Try, ...]
    reason: Reason | None = None
    empty: bool = False


def needs_look(layout: Layout | FormSet | Mixed) -> bool:
    """Whether pages are looked at before they are read by this layout.

    A form is found any way up by its lines; a line of digits comes the way up it is given.
    """
    return isinstance(layout, Mixed) or (isinstance(layout, Layout) and layout.country is not None)


def plan_page(image: Image, layout: Layout | FormSet | Mixed, looks: PageClassifier | None) -> Plan:
    """The ways to read a page, (H, W) uint8 or (H, W, 3) BGR, by a layout.

    looks : without it pages are read the way up they come, and `Mixed` cannot be.
    """
    if isinstance(layout, Mixed):
        if looks is None:
            raise ValueError("a mixed layout needs a page classifier")
        return _plan_mixed(image, layout, looks.look(image))
    if looks is None or not needs_look(layout):
        return Plan((Try(layout),))
    assert isinstance(layout, Layout)
    return Plan(_ways(layout, Kind.ENVELOPE, looks.look(image)))


def _plan_mixed(image: Image, layout: Mixed, seen: NDArray[np.float64]) -> Plan:
    shares = dict(zip(KINDS, seen.sum(axis=1).tolist(), strict=True))
    kind = max(shares, key=lambda each: shares[each])
    forms: tuple[Try, ...] = ()
    if layout.forms is not None and (kind in {Kind.FORM, Kind.OTHER} or shares[kind] < NO_FORM):
        forms = (Try(layout.forms),)
    if shares[kind] >= SURE:
        if kind is Kind.BLANK and not has_marks(image):
            return Plan((), empty=True)
        if kind is Kind.FORM:
            return Plan(forms, Reason.NOT_REGISTERED if layout.forms else Reason.NO_LAYOUT)
        if kind is Kind.OTHER:
            return Plan(forms, Reason.OTHER_PAGE)
    strip = shares[Kind.STRIP] > shares[Kind.ENVELOPE]
    ways = _ways(layout.digits if strip else layout.envelope, Kind.STRIP if strip else Kind.ENVELOPE, seen)
    sure = shares[kind] >= SURE and kind is not Kind.BLANK
    return Plan((*forms, *ways), None if sure else Reason.UNSURE_KIND)


def _ways(layout: Layout, kind: Kind, seen: NDArray[np.float64]) -> tuple[Try, ...]:
    """A try for every way up that a page may lie if it is of that kind.

    The less it looks like one, the less its look says about its way up.
    """
    row = seen[KINDS.index(kind)]
    share = float(row.sum())
    ways = row + (1.0 - share) / len(TURNS)
    return tuple(
        Try(layout, turn, float(way)) for turn, way in zip(TURNS, ways, strict=True) if way >= LEAST_WAY
    )


def has_marks(image: Image) -> bool:
    """Whether anything on a page may be writing, however small."""
    dark = ink.darkness(ink.to_grey(image))
    mask = ink.binarize(dark, max(ink.ink_threshold(dark), BLANK_CONTRAST))
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    extent = stats[1:, 2:4].max(axis=1, initial=0) / max(mask.shape)
    return bool(((extent >= MARK) & (extent <= STAIN)).any())


def settle(plan: Plan, page: Page, found: Sequence[list[Reading]]) -> list[Reading]:
    """The readings of a page.

    found : what every try of the plan read, places on the page as decoded.
    """
    fields: list[tuple[Try, Reading]] = []
    for each, readings in zip(plan.tries, found, strict=True):
        if isinstance(each.layout, Layout):
            fields.append((each, readings[0]))
        elif len(plan.tries) == 1 and plan.reason is None:
            return readings  # forms alone: what they say of a page that is none of them stands
        elif _registered(readings):
            return readings
    if not fields:
        return [Reading(page.scan, page.number, Mixed.field, empty=plan.empty, reason=plan.reason)]
    reading = _weigh(fields)
    if plan.reason is None:
        return [reading]
    if reading.confidence < HINT:
        return [Reading(page.scan, page.number, Mixed.field, reason=plan.reason)]
    return [replace(reading, empty=False, reason=plan.reason)]


def _registered(readings: list[Reading]) -> bool:
    """Whether the page is one of the forms."""
    return any(each.reason is not Reason.NOT_REGISTERED and each.field != Mixed.field for each in readings)


def _weigh(fields: list[tuple[Try, Reading]]) -> Reading:
    """Of the same field read several ways up, the reading that speaks most for its way.

    Only one way up can be right: from the odds of each value, lowered by how much less probable its way
    is than the most probable one that says anything, follow the probabilities of all of them.
    """
    if len(fields) == 1:
        return fields[0][1]
    # A way up in which nothing can be read is hardly the page's, whatever its look.
    likeliest = max(each.prior * (1.0 if reading.value else UNREAD) for each, reading in fields)
    lowered = [reading.confidence * min(each.prior / likeliest, 1.0) for each, reading in fields]
    odds = np.array(lowered) / (1.0 - np.array(lowered))
    if not odds.any():
        return max(fields, key=lambda pair: pair[0].prior)[1]
    shares = odds / (1.0 + odds.sum())
    best = int(shares.argmax())
    reading, share = fields[best][1], float(shares[best])
    within = [(v, p * share / max(reading.confidence, 1e-9)) for v, p in reading.alternatives]
    others = [
        (other.value, float(s))
        for (_, other), s in zip(fields, shares, strict=True)
        if other is not reading and other.value not in {"", reading.value, *(v for v, _ in within)}
    ]
    rest = sorted([*within, *others], key=lambda pair: -pair[1])[: READINGS - 1]
    room = max(0.0, 1.0 - share)
    scale = min(1.0, room / max(sum(p for _, p in rest), 1e-9))
    alternatives = tuple((value, p * scale) for value, p in rest if p * scale >= 5e-5)
    return replace(reading, confidence=share, alternatives=alternatives)
