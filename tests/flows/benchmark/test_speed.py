from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from flows.benchmark import stages
from flows.benchmark.contestants import DECODING, PIPELINE, Timing, cut_out, decode_only
from flows.benchmark.peers import LOOP, missing, open_peer
from flows.benchmark.process_tree import TreeFigures, watch
from flows.benchmark.scan_sets import ScanSet, draw_forms, draw_strips, given_scans
from flows.benchmark.speed import NIGHT, Speed, as_json, of_set, overhead
from flows.benchmark.speed_report import print_speeds, write_speeds
from flows.benchmark.stages import CROPS, DECODE, LOCATE, STAGES, StageClock
from flows.cli import main
from flows.errors import UsageError
from pipeline.document import Box
from pipeline.layouts import load_layout


def _set(truth: dict[str, str]) -> ScanSet:
    return ScanSet("two", Path("in"), (Path("in/a.jpg"), Path("in/b.jpg")), truth=truth)


def _speed(scans: ScanSet, name: str, *cpu: float) -> Speed:
    rounds = [Timing(cpu_s=each, wall_s=each, pages=2, values={"a.jpg": "12", "b.jpg": "3"}) for each in cpu]
    if name == PIPELINE:
        for each in rounds:
            each.stages = dict.fromkeys(STAGES, each.cpu_s / len(STAGES))
            each.crops = 50
    return Speed(scans, name, tuple(rounds))


def test_time_counts_for_the_innermost_stage_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter(map(float, range(100)))
    monkeypatch.setattr(time, "process_time", lambda: next(now))
    clock = StageClock()
    with clock.stage(LOCATE):  # 0
        with clock.stage(CROPS):  # 1
            pass  # 2
        assert list(clock.each("ab", DECODE)) == ["a", "b"]  # two items and the end: 3 to 8
    assert clock.seconds[CROPS] == 1.0
    assert clock.seconds[DECODE] == 3.0
    assert clock.seconds[LOCATE] == 9.0 - 3.0 - 1.0


def test_the_work_of_every_stage_is_where_the_clock_looks_for_it_and_is_put_back() -> None:
    import pipeline.cut  # noqa: PLC0415

    before = pipeline.cut.segment
    with StageClock().running():
        assert pipeline.cut.segment is not before
    assert pipeline.cut.segment is before
    assert {stage for _, _, stage in stages._WORK} == set(STAGES) - {DECODE, LOCATE}


def test_a_tree_of_processes_is_watched_to_its_end() -> None:
    work = "import time; b = b'x' * 60_000_000\nwhile time.process_time() < 0.6: pass"
    again = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {work!r}])"
    process = subprocess.Popen([sys.executable, "-c", again])
    figures = watch([process.pid], lambda: process.poll() is None)
    assert figures.cpu_s > 0.3
    assert figures.top_s < 0.3
    assert figures.wall_s >= 0.4
    assert figures.peak_bytes > 50_000_000


def test_how_busy_the_cores_were_between_two_times() -> None:
    figures = TreeFigures(history=[(0.0, 0.0), (1.0, 1.0), (2.0, 3.0), (3.0, 5.0), (4.0, 5.0)])
    assert figures.busy(1.0, 3.0, 2) == pytest.approx(1.0)
    assert figures.busy(1.5, 2.5, 2) is None


def test_numbers_are_medians_and_exact_counts_known_values_only() -> None:
    speed = _speed(_set({"a.jpg": "12", "b.jpg": "4", "c.jpg": "9"}), PIPELINE, 5.0, 1.0, 2.0)
    assert speed.typical.cpu_s == 2.0
    assert speed.typical.stages[CROPS] == pytest.approx(2.0 / len(STAGES))
    assert speed.exact == 0.5
    assert _speed(_set({}), PIPELINE, 1.0).exact is None
    assert replace(speed, first=1).exact == 1.0  # of the one file that it read
    assert as_json(speed)["median"]["cpu_s"] == 2.0


def test_overhead_is_what_a_night_takes_beyond_the_pipeline() -> None:
    scans = _set({})
    speeds = [_speed(scans, PIPELINE, 2.0), _speed(scans, NIGHT, 2.5)]
    assert overhead(of_set(speeds, scans)) == pytest.approx(0.25)


def test_the_report(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    scans = _set({"a.jpg": "12", "b.jpg": "4"})
    speeds = [_speed(scans, DECODING, 0.1), _speed(scans, PIPELINE, 0.3), _speed(scans, NIGHT, 0.4)]
    print_speeds(speeds)
    printed = capsys.readouterr().out
    row = next(line for line in printed.splitlines() if " pipeline " in line)
    assert row.split() == ["pipeline", "150.00", "3.00", "150.00", "167", "6.7", "0", "50.0", "%"]
    assert "+33.3 %" in printed
    assert all(place.stat().st_size > 100 for place in write_speeds(tmp_path, speeds))


def test_decoding_leaves_out_what_opencv_cannot_decode(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((40, 60), np.uint8))
    (tmp_path / "b.png").write_bytes(b"nothing")
    timing = decode_only([tmp_path / "a.png", tmp_path / "b.png"])
    assert timing.pages == 1
    assert timing.cpu_s > 0


def test_the_loop_sees_one_digit_a_contour() -> None:
    picture = np.full((40, 120), 255, np.uint8)
    cv2.putText(picture, "1 7", (8, 34), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 0, 3)
    assert missing(LOOP) is None
    digits, nothing = open_peer(LOOP)([picture, np.full((20, 20), 255, np.uint8)])
    assert len(digits) == 2
    assert nothing == ""


def test_a_field_is_cut_out_with_a_margin_within_the_page() -> None:
    page = np.arange(200, dtype=np.uint8).reshape(10, 20)
    assert cut_out(page, Box(0, 2, 5, 5)).shape == (7, 6)


def test_truth_lies_in_the_folder_or_beside_it(tmp_path: Path) -> None:
    scans = draw_strips(tmp_path / "strips", 2, 1)
    assert given_scans(scans.folder, "digits", "us").truth == {}
    (tmp_path / "truth.csv").write_text("scan,field,value\nstrips/00000.jpg,digits,1-2\n", encoding="utf-8")
    assert given_scans(scans.folder, "digits", "us").truth == {"00000.jpg": "12"}
    (tmp_path / "strips_truth.csv").write_text("scan,field,value\n00001.jpg,digits,3\n", encoding="utf-8")
    assert given_scans(scans.folder, "digits", "us").truth == {"00001.jpg": "3"}
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="holds no scans"):
        given_scans(tmp_path / "empty", "digits", "us")


def test_drawn_form_pages_have_a_layout_of_one_field(tmp_path: Path) -> None:
    scans = draw_forms(tmp_path / "forms", 1, 1)
    layout = load_layout(scans.layout, postal="us")
    (form,) = layout.forms  # type: ignore[union-attr]
    assert [field.name for field in form.form_fields] == ["member_number"]
    assert [len(value) for value in scans.truth.values()] == [8]


@pytest.mark.parametrize("option", ["--pages", "--rounds", "--workers"])
def test_numbers_below_one_are_refused(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["benchmark", "--speed", option, "0"]) == 2
    assert f"{option} 0: give at least 1" in capsys.readouterr().err
