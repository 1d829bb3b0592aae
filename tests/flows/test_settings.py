from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.errors import UsageError
from flows.settings import Existing, FailureCeiling, NightSettings, usable_cores


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir()
    return tmp_path / "inbox"


@pytest.mark.parametrize(
    ("text", "ceiling"),
    [
        ("10%", FailureCeiling(share=0.1)),
        (" 2.5 % ", FailureCeiling(share=0.025)),
        ("100%", FailureCeiling(share=1.0)),
        ("25", FailureCeiling(count=25)),
        ("0", FailureCeiling(count=0)),
    ],
)
def test_ceiling_is_a_share_or_a_number(text: str, ceiling: FailureCeiling) -> None:
    assert FailureCeiling.parse(text) == ceiling


@pytest.mark.parametrize("text", ["", "many", "-1", "101%", "%", "1e3", "nan%"])
def test_ceiling_that_is_neither_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--max-failures"):
        FailureCeiling.parse(text)


def test_number_counts_at_once_and_share_after_twenty_scans() -> None:
    assert FailureCeiling(count=0).reached(failed=1, tried=1, planned=100)
    assert not FailureCeiling(count=1).reached(failed=1, tried=1, planned=100)
    share = FailureCeiling(share=0.1)
    assert not share.reached(failed=19, tried=19, planned=100)
    assert share.reached(failed=11, tried=20, planned=100)
    assert not share.reached(failed=10, tried=20, planned=100)


@given(st.integers(0, 1000), st.integers(0, 1000), st.integers(0, 1000))
def test_all_may_fail_at_a_hundred_percent(failed: int, more: int, rest: int) -> None:
    tried = failed + more
    assert not FailureCeiling(share=1.0).reached(failed=failed, tried=tried, planned=tried + rest)


@pytest.mark.parametrize("name", ["out", "inbox-out"])  # the latter only begins as the input does
def test_good_settings_pass_and_nothing_is_made(inbox: Path, tmp_path: Path, name: str) -> None:
    NightSettings((inbox,), tmp_path / name).check()
    assert list(tmp_path.iterdir()) == [inbox]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"target_error": 0.0}, "--target-error"),
        ({"target_error": 1.0}, "--target-error"),
        ({"target_error": float("nan")}, "--target-error"),
        ({"workers": 0}, "--workers"),
        ({"max_failures": "lots"}, "--max-failures"),
        ({"inputs": ()}, "no INPUT"),
        ({"inputs": (Path("/no/such/place"),)}, "/no/such/place"),
    ],
)
def test_useless_settings_are_refused(
    inbox: Path, tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    settings = NightSettings(**({"inputs": (inbox,), "out": tmp_path / "out"} | changes))  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=message):
        settings.check()


@pytest.mark.parametrize("out", [".", "out", "a/b/out", "../inbox", "../linked/out"])
def test_results_inside_the_input_are_refused(inbox: Path, tmp_path: Path, out: str) -> None:
    (tmp_path / "linked").symlink_to(inbox)
    with pytest.raises(UsageError, match="inside the input"):
        NightSettings((inbox,), inbox / out).check()


def test_input_inside_the_results_is_refused(inbox: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="inside --out"):
        NightSettings((inbox,), tmp_path).check()


def test_settings_are_json(inbox: Path) -> None:
    settings = NightSettings((inbox,), Path("out"), model=Path("m"), existing=Existing.REDO)
    document = settings.as_json()
    assert json.loads(json.dumps(document)) == document
    assert document["inputs"] == [str(inbox)]
    assert document["existing"] == "redo"


def test_there_is_a_core() -> None:
    assert usable_cores() >= 1


def test_layouts_are_found_from_any_folder(
    inbox: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "forms").mkdir()
    (tmp_path / "a.toml").touch()
    layout = os.pathsep.join(["auto", "a.toml", "forms"])
    absolute = NightSettings((inbox,), Path("out"), layout=layout).absolute().layout
    assert absolute.split(os.pathsep) == ["auto", str(tmp_path / "a.toml"), str(tmp_path / "forms")]
