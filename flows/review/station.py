"""One output folder under review: what the pages and the API ask for, and what they change.

For one thread, the server's; only the pictures and the writing of the results have threads of
their own, and so has the loading of what a run wrote in the meantime.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.errors import LedgerError
from flows.ledger import FILE_NAME
from flows.report import in_words
from flows.review.arrange import Arrangement, arrange
from flows.review.desk import Desk, Filter
from flows.review.fields import Detail, Field, Key
from flows.review.images import Pictures
from flows.review.publish import Publisher
from flows.review.quality import Audit, Outlook, Prospect, measure, thresholds_of_model
from flows.review.store import Entry, Store
from flows.review.votes import contradicts
from flows.verdict import Kind, Verdict
from pipeline.marginals import digit_marginals

log = logging.getLogger(__name__)

RELOAD_EVERY_S = 30.0
MANY = 5_000  # fields from which writing the results would hold up the reviewers
LONGEST_VALUE = 40
CHOICES = 4  # the reading and three others, one key each
AWAY_S = 120.0  # a field that took longer says nothing about the pace


class RefusedError(Exception):
    """A decision that cannot be taken; one line for the reviewer."""


@dataclass(frozen=True)
class Person:
    """Who is asking: a browser's session, and the name that its decisions carry."""

    session: str
    name: str


class Station:
    """The desk, the ledger and the pictures of one output folder.

    audit : share of accepted fields to be keyed unseen; None: as the last time, at first none.

    Raises LedgerError.
    """

    def __init__(self, out: Path, *, audit: float | None = None, double: bool = False) -> None:
        self.out = out
        self.store = Store(out / FILE_NAME)
        if audit is not None:
            self.store.set("audit", str(audit))
        self.audit_share = float(self.store.setting("audit") or 0.0)
        self.desk = Desk(audit=self.audit_share, double=double)
        self.pictures = Pictures()
        self._version = self.store.version()
        self.desk.reload(self.store.fields())
        self.publisher = Publisher(out, apart=len(self.desk.all()) > MANY)
        self._loaded = time.monotonic()
        self._loading: asyncio.Task[None] | None = None
        self._touched: set[Key] = set()
        self._promise: Callable[[float], float] | None = None
        self._model_sought = False
        if any(field.verified for field in self.desk.all()):
            self.publisher.mark()  # a station that was killed may not have written its last decisions

    def close(self) -> None:
        """Write what is not written yet, and let the ledger go."""
        if self._loading is not None:
            self._loading.cancel()
        self.publisher.close()
        self.store.__exit__(None, None, None)

    # Fields for a person -------------------------------------------------------------------------

    def next(self, person: Person, wish: Filter) -> dict[str, Any]:
        """The person's next field, the one after it, and how far the work is."""
        self._keep_up()
        fields = self.desk.take(person.session, person.name, wish)
        return {
            "field": self.shown(fields[0]) if fields else None,
            "upcoming": fields[1].id if len(fields) > 1 else None,
            "progress": self.progress(person, wish),
        }

    def open(self, person: Person, field: Field, wish: Filter) -> dict[str, Any]:
        """A field that the person asked for by name. Raises RefusedError where another is at it."""
        if not self.desk.hold(person.session, field):
            raise RefusedError("somebody else is at this field; choose another")
        return {"field": self.shown(field), "upcoming": None, "progress": self.progress(person, wish)}

    def shown(self, field: Field) -> dict[str, Any]:
        """A field as the browser gets it; of a blind one nothing that tells the reading."""
        blind = not field.verified and self.desk.blind(field)
        shown: dict[str, Any] = {
            "id": field.id,
            "scan": field.scan,
            "page": field.key[1],
            "field": field.key[2],
            "blind": blind,
            "choices": [],
            "digits": [],
            "why": "",
            "verdict": None,
        }
        if blind:
            return shown
        detail = self.detail(field)
        readings = [(field.value, field.confidence)] if field.value else []
        readings += [(value, p) for value, p in (detail.alternatives if detail else ()) if value]
        shown["choices"] = [{"value": v, "probability": round(p, 4)} for v, p in readings[:CHOICES]]
        if field.value:
            shown["digits"] = [
                round(p, 4) for p in digit_marginals(field.value, field.confidence, readings[1:])
            ]
        shown["why"] = in_words(field.reason)
        if field.verified and (verdict := self.store.verdict(field.key)):
            shown["verdict"] = {"kind": verdict.kind.value, "value": verdict.value}
        return shown

    def detail(self, field: Field) -> Detail | None:
        """Where a field is, None where the ledger has it no more."""
        return self.store.detail(field.key)

    def progress(self, person: Person, wish: Filter) -> dict[str, Any]:
        """What is left, and the seconds it takes at the person's pace with those who are here."""
        left = self.desk.remaining(wish)
        pace = self.store.pace(person.name)
        return {
            "left": left,
            "done": self.desk.verified(),
            "seconds": None if pace is None else round(left * pace / max(self.desk.reviewers(), 1)),
            "trouble": self.publisher.trouble,
        }

    # Decisions -----------------------------------------------------------------------------------

    def decide(self, person: Person, field: Field, verdict: Verdict, seconds: float | None) -> Verdict | None:
        """Put a decision into the ledger; returns what stands now, None where another keying is needed.

        Raises RefusedError where the value is none, or somebody else is at the field; LedgerError.
        """
        _check(verdict)
        if self.desk.held_by_other(person.session, field):
            raise RefusedError("somebody else is at this field; yours was not saved")
        keyings = self.store.keyings(field.key)
        afresh = field.verified
        if self.desk.double and not afresh and any(k.reviewer == person.name for k in keyings):
            raise RefusedError("you have keyed this field; it waits for another person")
        slip = not afresh and contradicts(verdict, field.value, very_certain=field.very_certain)
        entry = Entry(
            key=field.key,
            reviewer=person.name,
            verdict=verdict,
            needed=2 if slip or (not afresh and (self.desk.double or field.keyers)) else 1,
            afresh=afresh,
            seconds=seconds if seconds is not None and 0 < seconds < AWAY_S else None,
        )
        stands = self.store.record(entry)
        self._touched.add(field.key)
        self.desk.settle(field, person.name, verified=stands is not None)
        if stands is not None:
            self.publisher.mark()
        return stands

    def undo(self, person: Person) -> tuple[Field, Verdict] | None:
        """Take the person's last decision back and give the field again; None where there is none."""
        undone = self.store.undo(person.name)
        if undone is None:
            return None
        key, verdict = undone
        self._touched.add(key)
        self.publisher.mark()
        field = self.desk.by_key(key)
        if field is None:
            return None
        self._refresh(field)
        self.desk.hold(person.session, field)
        return field, verdict

    # Quality -------------------------------------------------------------------------------------

    def outlooks(self, targets: Sequence[float]) -> list[Outlook]:
        """What target errors would mean for the fields as they are."""
        prospect = Prospect(self.desk.all(), self.store.verdicts())
        promise = self._thresholds_of_model() or prospect.threshold
        return [prospect.outlook(target, promise(target)) for target in targets]

    def _thresholds_of_model(self) -> Callable[[float], float] | None:
        if not self._model_sought:
            self._model_sought = True
            self._promise = thresholds_of_model(self.store.readers(), self.store.last_run()[1])
        return self._promise

    @property
    def by_model(self) -> bool:
        """Whether thresholds come from the model that read the fields."""
        return self._thresholds_of_model() is not None

    def target(self) -> float:
        """The target error by which the fields are settled: chosen here since the last run, or the run's."""
        chosen = self.store.setting(self._target_name())
        return float(chosen or self.store.last_run()[1].get("target_error") or 0.01)

    def _target_name(self) -> str:
        return f"target since run {self.store.last_run()[0]}"

    def accept_at(self, target: float) -> None:
        """Settle all fields by this target error from now on, until a run brings another."""
        (outlook,) = self.outlooks([target])
        for reader in self.store.readers():
            self.store.set_threshold(reader["id"], outlook.threshold)
        self.store.set(self._target_name(), str(target))
        self.desk.reload(self.store.fields())
        self.publisher.mark()

    def audit(self) -> Audit:
        """What the audit measured of what is accepted today."""
        sample = [field for field in self.desk.all() if self.desk.audited(field)]
        return measure(
            (field.value, self.store.verdict(field.key) if field.verified else None) for field in sample
        )

    # ---------------------------------------------------------------------------------------------

    def _keep_up(self) -> None:
        """Start to load what another process wrote, now and then, beside the work."""
        due = time.monotonic() - self._loaded > RELOAD_EVERY_S
        if self._loading is None and due and self.store.version() != self._version:
            self._version = self.store.version()
            self._touched.clear()
            self._loading = asyncio.get_running_loop().create_task(self._load())

    async def _load(self) -> None:
        try:
            self.desk.adopt(await asyncio.to_thread(_arranged, self.store.path, self.audit_share))
            for key in self._touched:
                if field := self.desk.by_key(key):
                    self._refresh(field)
            self.publisher.mark()  # the run may have written its results before our last decisions
        except LedgerError as error:
            log.warning("%s", error)
        finally:
            self._loaded = time.monotonic()
            self._loading = None

    def _refresh(self, field: Field) -> None:
        verified, keyers = self.store.standing(field)
        self.desk.reopen(field, verified=verified, keyers=keyers)


def _check(verdict: Verdict) -> None:
    if verdict.kind is Kind.VALUE:
        if not re.fullmatch(rf"[0-9]{{1,{LONGEST_VALUE}}}", verdict.value):
            raise RefusedError(f"give 1 to {LONGEST_VALUE} digits and nothing else")
    elif verdict.value:
        raise RefusedError(f"a field that is {verdict.kind.value} has no value")


def _arranged(path: Path, audit: float) -> Arrangement:
    with Store(path) as store:
        return arrange(store.fields(), audit)
