"""Whole nights under Prefect, in this process, with the reader of `fakes`."""

from __future__ import annotations

import asyncio
import csv
import inspect
import json
from dataclasses import fields, replace
from pathlib import Path
from typing import cast

import pytest

from flows.errors import ExitCode, UsageError, WorkerStartError
from flows.night import Night
from flows.reader import OpenReader
from flows.settings import Existing, NightSettings
from tests.flows import fakes
from tests.flows.fakes import draw_scan

Rows = list[dict[str, str]]


@pytest.fixture
def settings(tmp_path: Path) -> NightSettings:
    return NightSettings(
        (tmp_path / "in",), tmp_path / "out", layout="digits", workers=2, max_failures="100%"
    )


def draw_inbox(folder: Path) -> None:
    """Sixteen scans: what a night may meet."""
    for number in range(10):
        draw_scan(folder / f"good {number}.png", number)
    draw_scan(folder / "many pages.tif", 20, pages=3)
    draw_scan(folder / "sub" / "copy of good 3.png", 3)
    draw_scan(folder / "raises.png", 21, fakes.RAISES)
    draw_scan(folder / "blank.png", 22, fakes.EMPTY)
    draw_scan(folder / "lost.png", 23, fakes.NOT_FOUND)
    (folder / "empty.png").write_bytes(b"")


def spend(settings: NightSettings, open_with: OpenReader = fakes.open_reader) -> Night:
    """Carry a night out as a Prefect flow."""
    from flows.flow import run_as_flow  # noqa: PLC0415 - Prefect, after its environment is set

    with Night(settings, open_with=open_with) as night:
        run_as_flow(night)
    return night


def rows(settings: NightSettings) -> Rows:
    with (settings.out / "results.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def column(settings: NightSettings, name: str) -> dict[tuple[str, int], str]:
    return {(row["scan"], int(row["page"])): row[name] for row in rows(settings)}


@pytest.mark.parametrize(
    ("error", "again"), [(OSError(5, "Input/output error"), True), (UsageError("no such folder"), False)]
)
def test_only_input_and_output_is_tried_again(error: Exception, again: bool) -> None:
    from prefect.client.schemas.objects import TaskRun  # noqa: PLC0415 - Prefect, after its environment
    from prefect.states import Failed  # noqa: PLC0415

    from flows.flow import take_inventory  # noqa: PLC0415

    may_retry = take_inventory.retry_condition_fn
    assert may_retry is not None
    assert asyncio.run(may_retry(take_inventory, cast(TaskRun, None), Failed(data=error))) is again


def test_the_flow_takes_what_a_night_is_set_by() -> None:
    from flows.flow import night_flow  # noqa: PLC0415 - Prefect, after its environment

    assert list(inspect.signature(night_flow.fn).parameters) == [each.name for each in fields(NightSettings)]


@pytest.mark.usefixtures("prefect_harness")
class TestNight:
    def test_every_page_has_a_row_and_every_file_is_written(self, settings: NightSettings) -> None:
        draw_inbox(settings.inputs[0])
        night = spend(settings)
        assert night.exit_code == ExitCode.SCANS_FAILED
        status = column(settings, "status")
        assert len(status) == 18
        assert [page for scan, page in status if scan == "many pages.tif"] == [1, 2, 3]
        assert (status["blank.png", 1], status["raises.png", 1]) == ("empty", "failed")
        reason = column(settings, "reason")
        assert (reason["lost.png", 1], reason["empty.png", 1]) == ("not-found", "empty-file")
        value = column(settings, "value")
        assert value["good 3.png", 1] == value["sub/copy of good 3.png", 1] != value["good 4.png", 1]
        records = (settings.out / "results.jsonl").read_text(encoding="utf-8").splitlines()
        assert [json.loads(record)["scan"] for record in records] == [scan for scan, _ in status]
        assert {path.name for path in settings.out.iterdir()} == {
            ".nightsort.lock",
            "ledger.sqlite",
            "quarantine",
            "report.html",
            "results.csv",
            "results.jsonl",
            "results.schema.json",
            "summary.json",
        }
        quarantine = sorted(path.name for path in (settings.out / "quarantine").iterdir())
        assert quarantine == ["empty.png", "empty.png.reason.txt", "raises.png", "raises.png.reason.txt"]
        summary = json.loads((settings.out / "summary.json").read_text(encoding="utf-8"))
        assert summary["outcome"] == "finished"
        assert (summary["run"]["scans_read"], summary["run"]["scans_failed"]) == (16, 2)
        assert summary["results"]["status"]["empty"] == 1
        assert summary["settings"]["workers"] == 2

    def test_number_of_workers_changes_no_byte(self, settings: NightSettings, tmp_path: Path) -> None:
        draw_inbox(settings.inputs[0])
        other = replace(settings, out=tmp_path / "other", workers=1)
        spend(settings)
        spend(other)
        for name in ("results.csv", "results.jsonl"):
            assert (settings.out / name).read_bytes() == (other.out / name).read_bytes()

    def test_second_night_reads_what_is_new_and_settles_all_anew(self, settings: NightSettings) -> None:
        inbox = settings.inputs[0]
        draw_inbox(inbox)
        strict = spend(replace(settings, target_error=0.001))
        assert strict.figures.tried == 16
        assert not strict.tally.statuses["accepted"]
        (inbox / "good 0.png").rename(inbox / "renamed.png")
        draw_scan(inbox / "good 1.png", 101)
        draw_scan(inbox / "new.png", 102)
        lenient = spend(replace(settings, target_error=0.6))
        # Changed, new, and the one whose failure may pass.
        assert (lenient.figures.found, lenient.figures.known, lenient.figures.tried) == (17, 14, 3)
        assert lenient.tally.statuses["accepted"] > 3
        names = {row["scan"] for row in rows(settings)}
        assert {"renamed.png", "new.png"} < names
        assert "good 0.png" not in names
        assert len(rows(settings)) == 19

    def test_redo_reads_all_again(self, settings: NightSettings) -> None:
        draw_scan(settings.inputs[0] / "a.png", 1)
        spend(settings)
        before = (settings.out / "results.csv").read_bytes()
        night = spend(replace(settings, existing=Existing.REDO))
        assert (night.figures.tried, night.figures.known) == (1, 0)
        assert (settings.out / "results.csv").read_bytes() == before

    def test_other_model_reads_all_again(self, settings: NightSettings) -> None:
        draw_scan(settings.inputs[0] / "a.png", 1)
        spend(settings)
        night = spend(settings, fakes.open_other_reader)
        assert night.figures.tried == 1
        assert [row["model"] for row in rows(settings)] == ["fake@" + "3" * 16]

    def test_scan_that_recovered_leaves_the_quarantine(self, settings: NightSettings) -> None:
        path = draw_scan(settings.inputs[0] / "a.png", 1, fakes.RAISES)
        assert spend(settings).exit_code == ExitCode.SCANS_FAILED
        draw_scan(path, 1)
        assert spend(settings).exit_code == ExitCode.OK
        assert not list((settings.out / "quarantine").glob("*")) or not (settings.out / "quarantine").exists()

    def test_night_stops_at_the_ceiling_and_keeps_what_it_read(self, settings: NightSettings) -> None:
        for number in range(30):
            level = fakes.RAISES if number < 10 else fakes.SLOW
            draw_scan(settings.inputs[0] / f"{number:02}.png", number, level)
        night = spend(replace(settings, max_failures="3", workers=1))
        assert night.exit_code == ExitCode.FAILURE_CEILING
        assert len(rows(settings)) == 15
        assert "--max-failures" in (settings.out / "report.html").read_text(encoding="utf-8")

    def test_error_of_a_process_is_the_nights(self, settings: NightSettings) -> None:
        draw_scan(settings.inputs[0] / "a.png", 1)
        with pytest.raises(WorkerStartError, match="changed during the night"):
            spend(settings, _Fickle(settings.out / "seen"))

    def test_deployment_needs_settings_alone(self, settings: NightSettings) -> None:
        from flows import flow, night  # noqa: PLC0415

        settings.inputs[0].mkdir()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(night, "open_reader", fakes.open_for)
            state = flow.night_flow(**settings.as_json(), return_state=True)
        assert state.is_completed()
        assert rows(settings) == []


class _Fickle:
    """A model that is exchanged after it was opened for the first time."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __call__(self) -> fakes.Reader:
        if self.mark.exists():
            return fakes.open_other_reader()
        self.mark.parent.mkdir(exist_ok=True)
        self.mark.touch()
        return fakes.open_reader()


def test_second_run_on_a_folder_is_kept_out(settings: NightSettings) -> None:
    draw_scan(settings.inputs[0] / "a.png", 1)
    second = Night(settings, open_with=fakes.open_reader)
    with Night(settings, open_with=fakes.open_reader), pytest.raises(UsageError, match="in use by another"):
        second.__enter__()
    with Night(settings, open_with=fakes.open_reader):
        pass


def test_folder_that_cannot_be_written_is_a_usage_error(settings: NightSettings, tmp_path: Path) -> None:
    settings.inputs[0].mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot be written"):
        Night(replace(settings, out=tmp_path / "file" / "out"), open_with=fakes.open_reader).__enter__()
