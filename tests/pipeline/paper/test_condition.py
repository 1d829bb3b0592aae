from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipeline.document import Image
from pipeline.paper.condition import measure_condition


def draw_page(ink: int = 40, pen: int = 6, skew: float = 0.0, size: tuple[int, int] = (500, 800)) -> Image:
    """Lines of strokes on light paper; `skew` in degrees, sinking to the right."""
    page = np.full(size, 220, np.uint8)
    for y in range(60, size[0] - 40, 60):
        for x in range(60, size[1] - 60, 40):
            cv2.line(page, (x, y), (x + 25, y), ink, pen)
    turn = cv2.getRotationMatrix2D((size[1] / 2, size[0] / 2), -skew, 1.0)
    return np.asarray(cv2.warpAffine(page, turn, size[::-1], borderValue=220), np.uint8)


@pytest.mark.parametrize("skew", [-3.0, 0.0, 1.5])
def test_skew_is_that_of_the_lines(skew: float) -> None:
    condition = measure_condition(draw_page(skew=skew))
    assert condition is not None
    assert condition.skew == pytest.approx(skew, abs=0.3)


@pytest.mark.parametrize(("level", "contrast"), [(22, 0.9), (110, 0.5), (176, 0.2)])
def test_contrast_is_the_ink_against_its_paper(level: int, contrast: float) -> None:
    condition = measure_condition(draw_page(ink=level))
    assert condition is not None
    assert condition.contrast == pytest.approx(contrast, abs=0.03)


def test_stroke_follows_the_pen() -> None:
    thin, thick = (measure_condition(draw_page(pen=pen)) for pen in (3, 9))
    assert thin is not None
    assert thick is not None
    assert thin.stroke == pytest.approx(3, abs=1.5)
    assert thick.stroke == pytest.approx(9, abs=2.5)


def test_bare_page_has_no_condition() -> None:
    noise = np.random.default_rng(1).normal(230, 2, (300, 300)).clip(0, 255).astype(np.uint8)
    assert measure_condition(noise) is None


def test_colour_and_size_do_not_matter() -> None:
    page = draw_page(size=(2400, 2400))
    in_colour = np.repeat(page[..., None], 3, axis=2)
    condition = measure_condition(in_colour)
    assert condition is not None
    assert condition == measure_condition(page)
    assert condition.contrast == pytest.approx(0.82, abs=0.03)


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1), (20, 20)])
@pytest.mark.parametrize("level", [0, 255])
def test_no_page_is_too_odd(size: tuple[int, int], level: int) -> None:
    page = np.full(size, level, np.uint8)
    page[:, : size[1] // 2] = 255 - level
    condition = measure_condition(page)
    assert condition is None or condition.contrast > 0
