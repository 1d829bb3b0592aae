"""Lines of a page, and a layout laid over it: where it is, and whether it is there at all."""

import cv2
import numpy as np
import pytest

from pipeline.forms.lay import Sheet, fits, lay
from pipeline.forms.layout import load_form
from pipeline.forms.perspective import Registration, apply
from pipeline.forms.register import register
from pipeline.forms.rules import Rules, find_rules, landmarks, lengths
from tests.pipeline.forms import pages

CORNERS = np.array([[60.0, 60.0], [790.0, 60.0], [790.0, 640.0], [700.0, 1000.0]])


@pytest.fixture(scope="module")
def lines() -> Rules:
    page = pages.blank()
    return landmarks(find_rules(page), page)


def laid(lines: Rules, page: np.ndarray):
    found = find_rules(page)
    extent = (float(pages.WIDTH), float(pages.HEIGHT))
    return register(lines, extent, found, landmarks(found, page), page.shape)


def test_lines_are_found_whole_and_where_they_are():
    page = np.full((1200, 1600), 255, np.uint8)
    page[99:102, 50:1550] = 0
    page[200:1180, 299:302] = 0
    found = find_rules(page)
    assert found.across.shape == found.down.shape == (1, 4)
    assert found.across[0] == pytest.approx([50, 100, 1550, 100], abs=3)
    assert found.down[0] == pytest.approx([300, 200, 300, 1180], abs=3)
    assert found.tilt == pytest.approx(0.0, abs=1e-3)


def test_a_tilted_page_has_tilted_lines():
    found = find_rules(pages.seen(pages.blank(), pages.laid(-6), (pages.WIDTH, pages.HEIGHT)))
    assert np.degrees(found.tilt) == pytest.approx(6.0, abs=0.3)
    assert lengths(found.across).max() == pytest.approx(730, abs=12)


def test_a_blank_page_has_no_lines():
    found = find_rules(np.full((300, 200), 240, np.uint8))
    assert len(found.across) == len(found.down) == 0


@pytest.mark.parametrize(
    ("matrix", "size"),
    [
        (pages.laid(), (850, 1100)),
        (pages.laid(3.5, 0.93, (20, -12)), (850, 1100)),
        (pages.laid(-8.0, 0.85), (850, 1100)),
        (pages.laid(180.0), (850, 1100)),
        (pages.laid(90.0, 1.0, (125, -125)), (1100, 850)),
        (np.diag([0.55, 0.55, 1.0]) @ pages.laid(1.0, 0.98), (468, 605)),
        (np.diag([2.3, 2.3, 1.0]) @ pages.laid(-1.2, 0.95), (1955, 2530)),
        (np.array([[0.93, 0.04, 30.0], [-0.05, 0.9, 60.0], [-6e-5, 5e-5, 1.0]]), (850, 1100)),
    ],
    ids=["level", "turned", "far-turned", "upside-down", "sideways", "small", "large", "photo"],
)
def test_a_form_is_laid_where_it_is(lines, matrix, size):
    registration = laid(lines, pages.seen(pages.blank(), matrix, size))
    assert registration.fit > 0.85
    assert registration.cover > 0.85
    off = np.abs(registration.to_page(CORNERS) - apply(matrix, CORNERS)).max()
    assert off < 0.006 * max(size)


def test_writing_does_not_move_it(lines):
    page = pages.blank()
    pages.fill(page, "123456", pages.cells(pages.COMB, 6))
    pages.fill(page, "1771", [(400, y, 440, y + 60) for y in (720, 800, 880, 960)])
    registration = laid(lines, pages.seen(page, pages.laid(2.0), (850, 1100)))
    assert registration.fit > 0.85
    assert np.abs(registration.to_page(CORNERS) - apply(pages.laid(2.0), CORNERS)).max() < 5


def other_form() -> np.ndarray:
    page = np.full((1100, 850), 250, np.uint8)
    for y in range(100, 1000, 90):
        page[y : y + 3, 80:770] = 30
    page[100:913, 80:83] = page[100:913, 400:403] = page[100:913, 767:770] = 30
    return page


@pytest.mark.parametrize(
    "page",
    [np.full((1100, 850), 245, np.uint8), other_form(), pages.blank()[:, :400], pages.blank()[500:]],
    ids=["blank", "another form", "left half", "lower half"],
)
def test_what_is_not_the_form_does_not_fit(lines, page):
    registration = laid(lines, np.ascontiguousarray(page))
    assert registration.fit < 0.55 or registration.cover < 0.6


def test_the_mirror_of_lines_is_their_mirror():
    rules = Rules(np.array([[10.0, 5.0, 40.0, 6.0]]), np.array([[20.0, 0.0, 21.0, 50.0]]), 0.03)
    mirrored = rules.mirrored(100.0)
    assert mirrored.across.tolist() == [[60.0, 6.0, 90.0, 5.0]]
    assert mirrored.down.tolist() == [[80.0, 0.0, 79.0, 50.0]]
    assert mirrored.mirrored(100.0).across.tolist() == rules.across.tolist()


@pytest.mark.parametrize(
    ("fit", "cover", "fitting"), [(0.57, 0.62, False), (0.6, 0.9, True), (0.5, 1.0, False)]
)
def test_a_page_that_barely_has_the_lines_and_many_others_is_another_form(tmp_path, fit, cover, fitting):
    (tmp_path / "form.toml").write_text(pages.LAYOUT, encoding="utf-8")
    cv2.imwrite(str(tmp_path / "blank.png"), pages.blank())
    form = load_form(tmp_path / "form.toml")
    assert fits(form, Registration(np.eye(3), fit, 0.0, cover)) is fitting


def test_a_table_that_looks_much_the_same_in_a_mirror_is_not_read_through_its_back(tmp_path):
    page = np.full((1100, 850), 250, np.uint8)
    for y in range(300, 901, 100):
        cv2.line(page, (125, y), (725, y), 40, 3)
    for x in (125, 325, 525, 725):
        cv2.line(page, (x, 300), (x, 900), 40, 3)
    for left, top, right, bottom in pages.cells((125, 120, 250, 60), 5):  # all that is not symmetric
        cv2.rectangle(page, (left, top), (right, bottom), 40, 3)
    cv2.imwrite(str(tmp_path / "blank.png"), page)
    (tmp_path / "form.toml").write_text(
        'page = [850, 1100]\n[register]\nreference = "blank.png"\n'
        '[[field]]\nname = "number"\nkind = "comb"\nat = [125, 120, 250, 60]\nboxes = 5\n',
        encoding="utf-8",
    )
    form = load_form(tmp_path / "form.toml")
    seen = (page, cv2.rotate(page, cv2.ROTATE_180), cv2.flip(page, 1))
    assert [fits(form, lay(form, Sheet.of(each))) for each in seen] == [True, True, False]
