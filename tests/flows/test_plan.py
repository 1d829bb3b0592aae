from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from flows.ledger import FILE_NAME, Ledger
from flows.night import Night
from flows.plan import Why, plan_night
from flows.reader import Identity
from flows.settings import Existing, NightSettings
from pipeline.files import scans
from tests.flows import fakes
from tests.flows.fakes import draw_scan


@pytest.fixture
def settings(tmp_path: Path) -> NightSettings:
    (tmp_path / "in").mkdir()
    return NightSettings((tmp_path / "in",), tmp_path / "out")


def read_all(settings: NightSettings) -> None:
    """What a night does, without the processes and the results; a scan of level RAISES may pass later."""
    from flows.chunk import read_chunk  # noqa: PLC0415

    with Night(settings, open_with=fakes.open_reader) as night:
        night.prepare()
        for jobs in night.chunks:
            night.record(read_chunk(jobs, fakes.open_reader()))


def plan(settings: NightSettings, identity: Identity = fakes.IDENTITY) -> dict[str, Why]:
    return {entry.name: entry.why for entry in plan_night(settings, identity)}


def test_every_file_has_its_reason(settings: NightSettings) -> None:
    inbox = settings.inputs[0]
    for number, name in enumerate(("same", "changed", "renamed")):
        draw_scan(inbox / f"{name}.png", number)
    draw_scan(inbox / "failed.png", 5, fakes.RAISES)
    read_all(settings)
    draw_scan(inbox / "changed.png", 11)
    (inbox / "renamed.png").rename(inbox / "other name.png")
    draw_scan(inbox / "new.png", 12)
    (inbox / "Thumbs.db").touch()
    (inbox / ".git").mkdir()
    os.mkfifo(inbox / "pipe.png")
    assert plan(settings) == {
        ".git": Why.UNSUPPORTED,
        "Thumbs.db": Why.UNSUPPORTED,
        "changed.png": Why.CHANGED,
        "failed.png": Why.FAILED,
        "new.png": Why.NEW,
        "other name.png": Why.KNOWN,
        "pipe.png": Why.UNSUPPORTED,
        "same.png": Why.KNOWN,
    }


def test_night_reads_what_the_plan_says(settings: NightSettings) -> None:
    inbox = settings.inputs[0]
    draw_scan(inbox / "a.png", 1)
    draw_scan(inbox / "b.png", 2, fakes.RAISES)
    read_all(settings)
    draw_scan(inbox / "a.png", 3)
    draw_scan(inbox / "c.png", 4)
    planned = {entry.name for entry in plan_night(settings, fakes.IDENTITY) if entry.action == "read"}
    with Night(settings, open_with=fakes.open_reader) as night:
        night.prepare()
        assert (
            {job.scan.name for jobs in night.chunks for job in jobs} == planned == {"a.png", "b.png", "c.png"}
        )


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"model_hash": "9" * 16}, Why.OTHER_MODEL),
        ({"layout_hash": "9" * 16}, Why.OTHER_LAYOUT),
        ({"layout": "form", "model": "better"}, Why.OTHER_BOTH),
    ],
)
def test_other_layout_and_model_are_told_apart(
    settings: NightSettings, changes: dict[str, str], why: Why
) -> None:
    draw_scan(settings.inputs[0] / "a.png", 1)
    read_all(settings)
    assert plan(settings, replace(fakes.IDENTITY, **changes)) == {"a.png": why}


def test_redo_is_a_reason_of_its_own(settings: NightSettings) -> None:
    draw_scan(settings.inputs[0] / "a.png", 1)
    read_all(settings)
    draw_scan(settings.inputs[0] / "b.png", 2)
    again = replace(settings, existing=Existing.REDO)
    assert plan(again) == {"a.png": Why.REDO, "b.png": Why.NEW}


def test_file_that_grows_and_one_that_cannot_be_opened(
    settings: NightSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    growing = draw_scan(settings.inputs[0] / "growing.png", 1)
    draw_scan(settings.inputs[0] / "locked.png", 2)
    monkeypatch.setattr("flows.inventory.part_settled", lambda scans, seconds: (scans[1:], scans[:1]))

    def refuse(path: Path) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(scans, "sha256", refuse)
    assert plan(settings) == {growing.name: Why.GROWING, "locked.png": Why.UNREADABLE}


def test_ledger_is_left_as_it_was(settings: NightSettings) -> None:
    draw_scan(settings.inputs[0] / "a.png", 1)
    assert plan(settings) == {"a.png": Why.NEW}
    assert not settings.out.exists()
    read_all(settings)
    with Ledger(settings.out / FILE_NAME) as ledger:
        before = ledger.contents_by_place()
    draw_scan(settings.inputs[0] / "b.png", 2)
    plan(settings)
    with Ledger(settings.out / FILE_NAME) as ledger:
        assert ledger.contents_by_place() == before
