"""--debug-images: a picture for every page, under a safe name; without one, a page is read all the same."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sample_scans
from flows.debug_images import draw_passing, name_pictures, safe_name
from flows.errors import ExitCode
from flows.night import Night
from flows.settings import NightSettings
from pipeline.document import Page

CONTENT = "ab" * 32
STRIP = Path(sample_scans.__file__).parent / "strips" / "strip_01.jpg"


def pages(count: int) -> list[Page]:
    return [Page(CONTENT, k + 1, np.full((20, 30), 200, np.uint8)) for k in range(count)]


def draw(page: Page) -> np.ndarray:
    if page.number == 2:
        raise ValueError("this page cannot be drawn")
    return np.dstack([page.image] * 3)


def test_pages_pass_and_are_drawn_whatever_their_pictures_do(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        passed = [page.number for page in draw_passing(pages(3), draw, tmp_path)]
    assert passed == [1, 2, 3]
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"{CONTENT}-p001.jpg", f"{CONTENT}-p003.jpg"]
    assert "page 2" in caplog.text
    assert "cannot be drawn" in caplog.text
    picture = cv2.imread(str(tmp_path / f"{CONTENT}-p001.jpg"))
    assert picture is not None
    assert picture.shape == (20, 30, 3)


def test_a_folder_that_is_gone_costs_pictures_and_no_pages(tmp_path: Path) -> None:
    assert len(list(draw_passing(pages(1), draw, tmp_path / "gone"))) == 1


def test_pictures_take_the_names_of_their_scans(tmp_path: Path) -> None:
    list(draw_passing(pages(1), draw, tmp_path))
    (tmp_path / "of an earlier run-p001.jpg").write_bytes(b"")
    assert name_pictures(tmp_path, {CONTENT: "in/a letter.jpg"}) == 1
    assert (tmp_path / "in_a_letter.jpg-abababab-p001.jpg").exists()
    assert name_pictures(tmp_path, {CONTENT: "in/a letter.jpg"}) == 0  # it has its name already


@given(st.text(max_size=300), st.integers(1, 10_000))
def test_any_name_of_a_scan_makes_a_safe_one(name: str, page: int) -> None:
    safe = safe_name(name, CONTENT, page)
    assert safe.isascii()
    assert "/" not in safe
    assert "\\" not in safe
    assert not safe.startswith((".", "-", "_"))
    assert len(safe) <= 110
    assert safe.endswith(f"-abababab-p{page:03d}.jpg")


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "=cmd|'/c'!A0.jpg", "a\nb.png", "..", "", "-rf.png", "CON:x"]
)
def test_hostile_names_stay_in_the_folder(tmp_path: Path, name: str) -> None:
    place = tmp_path / safe_name(name, CONTENT, 1)
    assert place.resolve().parent == tmp_path.resolve()
    place.write_bytes(b"")


def spend(settings: NightSettings) -> Night:
    """Carry a night out in its steps, without Prefect."""
    with Night(settings) as night:
        night.prepare()
        night.start_workers()
        for jobs in night.chunks:
            night.record(night.pool.read(jobs))
        night.finish()
    return night


def test_a_run_draws_its_pages(tmp_path: Path) -> None:
    inbox = tmp_path / "in"
    inbox.mkdir()
    shutil.copy(STRIP, inbox / "=a b.jpg")
    (inbox / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    settings = NightSettings(
        (inbox,), tmp_path / "out", layout="digits", debug_images=True, max_failures="100%"
    )
    night = spend(settings)
    assert night.exit_code == ExitCode.SCANS_FAILED
    (picture,) = (tmp_path / "out" / "debug").iterdir()
    assert picture.name.startswith("a_b.jpg-")
    drawn = cv2.imread(str(picture))
    assert drawn is not None
    assert drawn.shape[1] >= 600
