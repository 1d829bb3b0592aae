"""Who gets which field next: the queue, filters, fields out with somebody, what is left.

All in memory and for one thread; `reload` takes in what a run has written in the meantime.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from flows.review.arrange import ORDERS, Arrangement, arrange, is_audited
from flows.review.fields import Field, Key, field_id
from flows.review.votes import OTHERS_BETWEEN
from pipeline.document import Status

# Seconds after which a field goes to somebody else if nobody heard of its reviewer.
LEASE_S = 600.0
_PILES_KEPT = 30


@dataclass(frozen=True)
class Filter:
    """Which fields a reviewer wants, and in which order; empty: all. scan : a part of its name."""

    order: str = "uncertain"
    field: str = ""
    reason: str = ""
    scan: str = ""

    def takes(self, field: Field) -> bool:
        """Whether a field is wanted."""
        return (
            (not self.field or field.key[2] == self.field)
            and (not self.reason or field.reason == self.reason)
            and (not self.scan or self.scan.casefold() in field.scan.casefold())
        )


@dataclass
class _Claim:
    session: str
    until: float


@dataclass
class _Pile:
    """The fields of a wish in its order, and how many of them still wait."""

    fields: list[Field]
    left: int


class Desk:
    """Hands out fields, each to one session at a time.

    audit : share of the accepted fields that are handed out too, without their reading.
    double : two people key every field.
    """

    def __init__(
        self, *, audit: float = 0.0, double: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.audit, self.double = audit, double
        self._clock = clock
        self._claims: dict[Key, _Claim] = {}
        self._skipped: dict[str, dict[Key, None]] = {}
        self._keyed: dict[tuple[str, Key], int] = {}
        self._count: Counter[str] = Counter()
        self.adopt(Arrangement({}, {order: [] for order in ORDERS}))

    def reload(self, fields: Iterable[Field]) -> None:
        """Take these fields in place of the known ones; what is out with somebody stays there."""
        self.adopt(arrange(fields, self.audit))

    def adopt(self, arrangement: Arrangement) -> None:
        """The same with fields that were arranged elsewhere, for this desk's audit."""
        self._fields, self._orders = arrangement.fields, arrangement.orders
        self._verified = sum(field.verified for field in self._fields.values())
        self._late: set[Key] = set()
        self._piles: dict[Filter, _Pile] = {}

    # Fields --------------------------------------------------------------------------------------

    def field(self, identifier: str) -> Field | None:
        """A field by its id."""
        return self._fields.get(identifier)

    def by_key(self, key: Key) -> Field | None:
        """A field by what it is."""
        return self._fields.get(field_id(key))

    def all(self) -> Collection[Field]:
        """All fields, by scan."""
        return self._fields.values()

    def wanted(self, field: Field) -> bool:
        """Whether people are to key a field that is not settled."""
        return field.status is Status.REVIEW or bool(field.keyers) or self.audited(field)

    def audited(self, field: Field) -> bool:
        """Whether an accepted field is in the audit's sample."""
        return is_audited(field, self.audit)

    def blind(self, field: Field) -> bool:
        """Whether the reading is kept from the reviewer: audited, or keyed by somebody already."""
        return self.double or bool(field.keyers) or self.audited(field)

    # Handing out ---------------------------------------------------------------------------------

    def take(self, session: str, reviewer: str, wish: Filter, number: int = 2) -> list[Field]:
        """The session's next fields, at most so many: they are out with it until keyed or released."""
        now = self._clock()
        self._renew(session, now)
        pile = self._pile(wish)
        if not pile.left:  # which spares a walk through all that are settled
            self._let_go(session, set())
            return []
        skipped = self._skipped.setdefault(session, {})
        free = (
            field for field in pile.fields if self._free(field, session, now) and self._may(reviewer, field)
        )
        found: list[Field] = []
        later: list[Field] = []  # put off, or keyed by this reviewer just now: when nothing else is left
        for field in free:
            rested = field.key not in skipped and self._rested(reviewer, field)
            (found if rested else later).append(field)
            if len(found) == number:
                break
        found = found or later[:number]
        for field in found:
            self._claims[field.key] = _Claim(session, now + LEASE_S)
        self._let_go(session, {field.key for field in found})
        return found

    def hold(self, session: str, field: Field) -> bool:
        """Give a field that was asked for by name to a session; False where another has it."""
        now = self._clock()
        claim = self._claims.get(field.key)
        if claim is not None and claim.session != session and claim.until > now:
            return False
        self._claims[field.key] = _Claim(session, now + LEASE_S)
        return True

    def held_by_other(self, session: str, field: Field) -> bool:
        """Whether somebody else is at this field now."""
        claim = self._claims.get(field.key)
        return claim is not None and claim.session != session and claim.until > self._clock()

    def skip(self, session: str, field: Field) -> None:
        """Put a field off until nothing else is left for this session."""
        self._skipped.setdefault(session, {})[field.key] = None

    def leave(self, session: str) -> None:
        """Whoever it was has gone: all that is out with the session is free."""
        self._let_go(session, set())

    def settle(self, field: Field, reviewer: str, *, verified: bool) -> None:
        """Note that a field was keyed."""
        self._count[reviewer] += 1
        self._keyed[reviewer, field.key] = self._count[reviewer]
        self._change(field, verified=verified, keyers=() if verified else (*field.keyers, reviewer))
        self._claims.pop(field.key, None)

    def reopen(self, field: Field, *, verified: bool, keyers: tuple[str, ...]) -> None:
        """Note that a keying was taken back."""
        self._change(field, verified=verified, keyers=keyers)

    # Figures -------------------------------------------------------------------------------------

    def remaining(self, wish: Filter) -> int:
        """Fields that still wait, of those wished for."""
        return self._pile(wish).left

    def verified(self) -> int:
        """Fields that people have settled."""
        return self._verified

    def reviewers(self) -> int:
        """Sessions that have a field now."""
        now = self._clock()
        return len({claim.session for claim in self._claims.values() if claim.until > now})

    # ---------------------------------------------------------------------------------------------

    def _pile(self, wish: Filter) -> _Pile:
        """The pile of a wish: made once, as finding a few fields among 100,000 takes long, then kept up."""
        if wish not in self._piles:
            if len(self._piles) >= _PILES_KEPT:
                self._piles.clear()
            fields = [field for field in self._orders[wish.order] if wish.takes(field)]
            self._piles[wish] = _Pile(fields, sum(not field.verified for field in fields))
        return self._piles[wish]

    def _free(self, field: Field, session: str, now: float) -> bool:
        if field.verified or not self.wanted(field):
            return False
        claim = self._claims.get(field.key)
        return claim is None or claim.session == session or claim.until <= now

    def _may(self, reviewer: str, field: Field) -> bool:
        """Two people means two; after a slip of the finger the same one may answer."""
        return not self.double or reviewer not in field.keyers

    def _rested(self, reviewer: str, field: Field) -> bool:
        """Whether it is long enough ago that the reviewer keyed this field."""
        at = self._keyed.get((reviewer, field.key))
        return at is None or reviewer not in field.keyers or self._count[reviewer] - at >= OTHERS_BETWEEN

    def _change(self, field: Field, *, verified: bool, keyers: tuple[str, ...]) -> None:
        """Give a field another state, and keep the counts and the queue right."""
        before = not field.verified and self._queued(field)
        self._verified += verified - field.verified
        field.verified, field.keyers = verified, keyers
        if keyers and not self._queued(field):
            self._late.add(field.key)  # an accepted field that somebody keyed otherwise: it comes last
            for queue in self._orders.values():
                queue.append(field)
            for wish, pile in self._piles.items():
                pile.fields += [field] * wish.takes(field)
        change = (not verified and self._queued(field)) - before
        for wish, pile in self._piles.items():
            pile.left += change * wish.takes(field)

    def _queued(self, field: Field) -> bool:
        return field.status is Status.REVIEW or self.audited(field) or field.key in self._late

    def _renew(self, session: str, now: float) -> None:
        for claim in self._claims.values():
            if claim.session == session:
                claim.until = now + LEASE_S

    def _let_go(self, session: str, keep: set[Key]) -> None:
        for key in [k for k, claim in self._claims.items() if claim.session == session and k not in keep]:
            del self._claims[key]
