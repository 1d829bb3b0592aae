"""Pages of forms to readings, with a network that sees a 7 in everything."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from pipeline import Page, ReaderParameters, load_layout, read_pages
from pipeline.document import Reason
from pipeline.parameters import Calibration, Trust
from tests.pipeline.forms import pages
from tests.pipeline.forms.fakes import read

NAMES = ["member", "office", "amount", "sent_mon", "sent_tue", "lost_mon", "lost_tue"]


def filled() -> np.ndarray:
    page = pages.blank()
    pages.fill(page, "XX7771", pages.cells(pages.COMB, 6))
    pages.fill(page, " 77", pages.cells(pages.APART, 3, pages.APART_GAP))
    cv2.putText(page, "7", (480 - 90, 575), pages.DIGITS_FONT, 1.1, 30, 3, cv2.LINE_AA)
    return page


def test_every_field_of_a_page_is_read_in_the_layouts_order(folder):
    layout = load_layout(str(folder / "member.toml"))
    got = read(layout, pages.seen(filled(), pages.laid(2.0, 0.95), (850, 1100)))
    assert [reading.field for reading in got] == NAMES
    by_name = {reading.field: reading for reading in got}
    assert by_name["member"].value == "7777"
    assert by_name["office"].value == "77"
    assert by_name["amount"].empty
    assert by_name["lost_tue"].value == "7"
    assert [name for name in NAMES if by_name[name].empty] == ["amount", "sent_mon", "sent_tue", "lost_mon"]
    box = by_name["member"].box
    assert (box.width, box.height) == (pytest.approx(287, abs=14), pytest.approx(60, abs=12))


def test_an_upside_down_page_is_turned(folder):
    layout = load_layout(str(folder / "member.toml"))
    upright = read(layout, filled())
    turned = read(layout, cv2.rotate(filled(), cv2.ROTATE_180))
    assert [r.value for r in turned] == [r.value for r in upright]


@pytest.mark.parametrize(
    "page",
    [
        np.full((1100, 850), 250, np.uint8),
        np.full((1100, 850, 3), 128, np.uint8),
        cv2.flip(filled(), 1),
        np.ascontiguousarray(filled()[:, :380]),
        np.zeros((40, 30), np.uint8),
    ],
    ids=["blank", "grey", "mirrored", "half", "tiny"],
)
def test_a_page_that_is_not_the_form_gives_no_value(folder, page):
    got = read(load_layout(str(folder / "member.toml")), page)
    assert [reading.field for reading in got] == NAMES
    assert all(not reading.value and reading.reason is Reason.NOT_REGISTERED for reading in got)


@pytest.mark.parametrize(("white", "read_so"), [(1000, "7777"), (650, "")], ids=["foot", "lower part"])
def test_a_page_that_lost_a_part_of_its_print_is_not_read(folder, white, read_so):
    page = filled()
    page[white:] = 250
    got = read(load_layout(str(folder / "member.toml")), page)
    assert got[0].value == read_so
    assert read_so or all(reading.reason is Reason.NOT_REGISTERED for reading in got)


def test_a_page_that_lost_a_part_of_its_sheet_is_not_read(folder):
    layout = load_layout(str(folder / "member.toml"))
    assert read(layout, filled()[:1000])[0].value == "7777"
    assert {reading.reason for reading in read(layout, filled()[:720])} == {Reason.NOT_REGISTERED}


def test_a_page_takes_the_layout_that_fits(folder):
    other = pages.blank()
    other[650:1090] = 250
    other[:190] = 250
    for y in (700, 780, 860, 940, 1020):
        cv2.line(other, (90, y), (760, y), 40, 2)
    for x in (90, 330, 760):
        cv2.line(other, (x, 700), (x, 1020), 40, 2)
    cv2.imwrite(str(folder / "second.png"), other)
    text = (
        'page = [850, 1100]\n[register]\nreference = "second.png"\n[[field]]\nname = "rows"\nkind = "box"\n'
    )
    (folder / "second.toml").write_text(text + "at = [90, 700, 240, 80]\n", encoding="utf-8")
    layout = load_layout(str(folder))
    got = read(layout, filled(), other, np.full((1100, 850), 240, np.uint8))
    assert [(r.page, r.field) for r in got] == [*((1, name) for name in NAMES), (2, "rows"), (3, "page")]
    member, second = layout.forms
    assert [r.layout for r in got] == [*[member.signature] * len(NAMES), second.signature, ""]
    assert got[-1].reason is Reason.NOT_REGISTERED


def test_a_form_of_one_page_leaves_the_other_pages_out(folder):
    path = folder / "member.toml"
    path.write_text("page_number = 2\n" + pages.LAYOUT, encoding="utf-8")
    got = read(load_layout(str(path)), filled(), filled())
    assert [(r.page, r.field) for r in got] == [(1, "page"), *((2, name) for name in NAMES)]
    assert got[0].empty


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("length = 3", Reason.BAD_FORMAT),
        ('pattern = "7{5}"', Reason.BAD_FORMAT),
        ('check = "luhn"', Reason.CHECK_DIGIT),
        ('sum_of = ["office"]', Reason.SUM_DIFFERS),
        ("length = 4", None),
    ],
)
def test_what_the_layout_knows_gives_reasons(folder, key, reason):
    path = folder / "member.toml"
    path.write_text(pages.LAYOUT.replace("boxes = 6", f"boxes = 6\n{key}"), encoding="utf-8")
    got = read(load_layout(str(path)), filled())
    assert (got[0].value, got[0].reason) == ("7777", reason)


def test_digits_in_boxes_are_trusted_as_boxes_and_numbers_in_frames_as_lines(folder):
    certain, doubtful = (Trust(calibration=Calibration(bias, 0.0)) for bias in (9.0, -9.0))
    layout = load_layout(str(folder / "member.toml"))
    got = read(layout, filled(), parameters=ReaderParameters(lines=doubtful, boxes=certain))
    sure = {reading.field: reading.confidence for reading in got if reading.value}
    assert min(sure["member"], sure["office"]) > 0.9  # less the doubt whether a box is crossed out
    assert sure["lost_tue"] < 0.001


def test_a_required_field_that_is_empty_goes_to_a_person(folder):
    path = folder / "member.toml"
    path.write_text(pages.LAYOUT.replace('kind = "box"', 'kind = "box"\nrequired = true'), encoding="utf-8")
    amount = read(load_layout(str(path)), filled())[2]
    assert not amount.empty
    assert amount.reason is Reason.NOT_FOUND


def test_a_hole_between_digits_is_no_number(folder):
    page = pages.blank()
    pages.fill(page, "7 7", pages.cells(pages.APART, 3, pages.APART_GAP))
    office = read(load_layout(str(folder / "member.toml")), page)[1]
    assert (office.value, office.reason) == ("77", Reason.BAD_FORMAT)


class Feet:
    """Calls an L a 7: a stem on the left, a foot below; and anything else no digit."""

    def predict_proba(self, crops: np.ndarray) -> np.ndarray:
        proba = np.full((len(crops), 11), 0.004, np.float32)
        stem, foot = (crops.sum(axis=axis, dtype=np.int64).argmax(axis=1) for axis in (1, 2))
        proba[np.arange(len(crops)), np.where((stem < 14) & (foot >= 14), 7, 10)] = 0.96
        return proba


def test_a_searched_comb_needs_no_picture_of_the_form(tmp_path):
    path = tmp_path / "free.toml"
    path.write_text(
        'page = [850, 1100]\n[[field]]\nname = "id"\nkind = "comb"\nboxes = 6\nsearch = [0, 100, 850, 400]\n',
        encoding="utf-8",
    )
    layout = load_layout(str(path))
    page = pages.blank()
    pages.fill(page, " LLLL ", pages.cells(pages.COMB, 6))
    page = pages.seen(page, pages.laid(3.0), (850, 1100))
    (got,) = read_pages([Page("scan.png", 1, page)], layout, Feet(), ReaderParameters())
    assert got.value == "7777"
    # Nothing there, a half, and digits that look the same either way up.
    for other in (np.full((1100, 850), 250, np.uint8), page[:550], page[:, :425], page):
        nothing = read(layout, np.ascontiguousarray(other))
        assert [(r.value, r.reason) for r in nothing] == [("", Reason.NOT_REGISTERED)]


@pytest.mark.parametrize(
    ("flip", "value"), [(None, "777777"), (-1, "777777"), (1, ""), (0, "")], ids=["", "180", "mirror", "both"]
)
def test_a_searched_comb_is_read_turned_but_not_mirrored(tmp_path, flip, value):
    path = tmp_path / "free.toml"
    path.write_text(
        'page = [850, 1100]\n[[field]]\nname = "id"\nkind = "comb"\nboxes = 6\nsearch = "page"\n',
        encoding="utf-8",
    )
    page = pages.blank()
    pages.fill(page, "LLLLLL", pages.cells(pages.COMB, 6))
    image = page if flip is None else cv2.flip(page, flip)
    scan = [Page("scan.png", 1, image)]
    (got,) = read_pages(scan, load_layout(str(path)), Feet(), ReaderParameters())
    assert got.value == value
    assert got.reason is (None if value else Reason.NOT_REGISTERED)


def test_a_form_without_lines_is_known_by_its_print(tmp_path):
    rng = np.random.default_rng(5)
    sheet = np.full((1100, 850), 250, np.uint8)
    for y in range(80, 1040, 46):
        text = "".join(rng.choice(list("ABCDEFGHKLMNPRSTUVWXYZ aeimnorstu"), 34))
        if not 480 < y < 600:
            cv2.putText(sheet, text, (70, y), cv2.FONT_HERSHEY_COMPLEX, 0.8, 30, 1, cv2.LINE_AA)
    cv2.imwrite(str(tmp_path / "text.png"), sheet)
    (tmp_path / "text.toml").write_text(
        '[register]\nreference = "text.png"\n[[field]]\nname = "n"\nkind = "line"\nat = [90, 500, 400, 80]\n',
        encoding="utf-8",
    )
    layout = load_layout(str(tmp_path / "text.toml"))
    page = sheet.copy()
    cv2.putText(page, "77", (150, 560), pages.DIGITS_FONT, 1.4, 30, 3, cv2.LINE_AA)
    matrix = pages.laid(4.0, 0.9, (10, 5))
    (got,) = read(layout, pages.seen(page, matrix, (850, 1100)))
    assert got.value == "77"
    place = matrix @ [290, 540, 1]
    assert got.box.x + got.box.width / 2 == pytest.approx(place[0], abs=8)
    (mirrored,) = read(layout, cv2.flip(page, 1))
    assert replace(mirrored, scan="", page=0).reason is Reason.NOT_REGISTERED
    (half,) = read(layout, page[400:])
    assert half.reason is Reason.NOT_REGISTERED


@pytest.mark.parametrize("boxes", [-2, -1, 1, 2])
def test_a_comb_that_lies_some_boxes_farther_on_is_not_read(folder, boxes):
    page = filled()
    x, y, w, h = pages.COMB
    comb = page[y - 12 : y + h + 12, x - 4 : x + w + 5].copy()
    page[y - 12 : y + h + 12, x - 4 : x + w + 5] = 250
    # The rest of the form is where it belongs, so that the page is registered.
    shifted = x + boxes * w // 6
    page[y - 12 : y + h + 12, shifted - 4 : shifted + w + 5] = comb
    layout = load_layout(str(folder / "member.toml"))
    by_name = {reading.field: reading for reading in read(layout, page)}
    assert by_name["member"].reason is Reason.NOT_FOUND
    assert by_name["lost_tue"].value == "7"


def test_a_comb_without_its_last_wall_is_read(folder):
    page = filled()
    x, y, w, h = pages.COMB
    page[y + 4 : y + h - 3, x + w - 3 : x + w + 4] = 250
    by_name = {reading.field: reading for reading in read(load_layout(str(folder / "member.toml")), page)}
    assert by_name["member"].value == "7777"


def tinted(page: np.ndarray) -> np.ndarray:
    x, y, w, h = pages.COMB
    page[y - 20 : y + h + 20, x - 20 : x + w + 20] = 236
    for left, top, right, bottom in pages.cells(pages.COMB, 6):
        page[top : bottom + 1, left + 3 : right - 2] = 250
    return page


@pytest.mark.parametrize(("said", "value"), [("", None), ("framed = false\n", "7777")])
def test_white_boxes_on_a_tint_are_read_where_the_layout_says_so(folder, said, value):
    page = tinted(pages.blank())
    pages.fill(page, "XX7771", pages.cells(pages.COMB, 6))
    cv2.imwrite(str(folder / "blank.png"), tinted(pages.blank()))
    text = (folder / "member.toml").read_text(encoding="utf-8")
    (folder / "member.toml").write_text(
        text.replace("boxes = 6\n", f"boxes = 6\n{said}", 1), encoding="utf-8"
    )
    got = read(load_layout(str(folder / "member.toml")), pages.seen(page, pages.laid(2.0, 0.95), (850, 1100)))
    reading = next(each for each in got if each.field == "member")
    assert reading.value == (value or "")
    assert reading.reason is (None if value else Reason.NOT_FOUND)


def test_ones_at_the_sides_of_white_boxes_are_no_walls(folder):
    page = tinted(pages.blank())
    for left, top, _, bottom in pages.cells(pages.COMB, 6):
        cv2.line(page, (left + 6, top + 2), (left + 6, bottom - 2), 30, 3, cv2.LINE_AA)
    cv2.imwrite(str(folder / "blank.png"), tinted(pages.blank()))
    text = pages.LAYOUT.replace("boxes = 6\n", "boxes = 6\nframed = false\n", 1)
    (folder / "member.toml").write_text(text, encoding="utf-8")
    assert read(load_layout(str(folder / "member.toml")), page)[0].value == "777777"
