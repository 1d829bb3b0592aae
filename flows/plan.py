"""What a night would do with every file below the inputs, and why; no results are written."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from flows.addresses import Address
from flows.inventory import take_inventory
from flows.ledger import FILE_NAME, Ledger
from flows.ledger_rows import Sighting
from flows.output import own_output_folder
from flows.reader import Identity
from flows.settings import Existing, NightSettings

READ, LEAVE = "read", "leave"


class Why(StrEnum):
    """Why a file would be read or left; the order is that of the table of counts."""

    NEW = "new"
    CHANGED = "changed content"
    OTHER_LAYOUT = "other layout"
    OTHER_MODEL = "other model"
    OTHER_BOTH = "other layout and model"
    FAILED = "failed before"
    REDO = "--existing redo"
    UNREADABLE = "cannot be opened"
    KNOWN = "read before"
    GROWING = "still being written"
    UNSUPPORTED = "not a scan by its name"


_READS = frozenset(
    {
        *(Why.NEW, Why.CHANGED, Why.OTHER_LAYOUT, Why.OTHER_MODEL, Why.OTHER_BOTH),
        *(Why.FAILED, Why.REDO, Why.UNREADABLE),  # the last one for a row that says so
    }
)


@dataclass(frozen=True)
class Entry:
    """A file, by its name in the results, and what becomes of it."""

    name: str
    why: Why

    @property
    def action(self) -> str:
        """`read` or `leave`."""
        return READ if self.why in _READS else LEAVE


@dataclass(frozen=True)
class _Known:
    """What the ledger knows.

    done : contents that the layout and model of tonight need not read.
    readers : by content, with what it was read, the last one first.
    """

    done: frozenset[str]
    readers: dict[str, list[Identity]]
    places: dict[Path, str]


def plan_night(settings: NightSettings, identity: Identity) -> list[Entry]:
    """Every file below the inputs in order of names. Raises UsageError, LedgerError.

    identity : of the layout and model of tonight.
    """
    with ExitStack() as stack:
        if any(isinstance(each, Address) for each in settings.inputs):
            stack.enter_context(own_output_folder(settings.out))  # what lies elsewhere is fetched into it
        found = take_inventory(
            settings.inputs, settings.out, recursive=settings.recursive, settle=settings.settle
        )
    known = _look_up(settings.out / FILE_NAME, identity)
    unreadable = {result.content for result in found.unreadable}
    entries = [
        Entry(
            sight.name,
            Why.UNREADABLE if sight.content in unreadable else _why(sight, identity, known, settings),
        )
        for sight in found.sightings
    ]
    entries += [Entry(name, Why.GROWING) for name in found.unsettled]
    entries += [Entry(name, Why.UNSUPPORTED) for name in found.ignored]
    return sorted(entries, key=lambda entry: entry.name)


def _look_up(path: Path, identity: Identity) -> _Known:
    if not path.exists():
        return _Known(frozenset(), {}, {})
    with Ledger(path) as ledger:
        reader = ledger.find_reader(identity)
        done = set() if reader is None else ledger.contents_done(reader)
        return _Known(frozenset(done), ledger.readers_by_content(), ledger.contents_by_place())


def _why(sight: Sighting, identity: Identity, known: _Known, settings: NightSettings) -> Why:
    readers = known.readers.get(sight.content, [])
    if settings.existing is Existing.REDO and readers:
        return Why.REDO
    if sight.content in known.done:
        return Why.KNOWN
    if identity in readers:
        return Why.FAILED
    if readers:
        return _difference(readers[0], identity)
    return Why.CHANGED if sight.path in known.places else Why.NEW


def _difference(before: Identity, now: Identity) -> Why:
    same_layout = (before.layout, before.layout_hash) == (now.layout, now.layout_hash)
    same_model = (before.model, before.model_hash) == (now.model, now.model_hash)
    if same_layout:
        return Why.OTHER_MODEL
    return Why.OTHER_LAYOUT if same_model else Why.OTHER_BOTH
