"""The layouts of tests/layouts on the real pages that they were written for, and on one another's."""

from pathlib import Path

import cv2
import pytest

from pipeline.files.scans import decode
from pipeline.forms.lay import Sheet, fits, lay, lift_fields
from pipeline.forms.layout import load_form

LAYOUTS = Path(__file__).parents[2] / "layouts"
DATA = Path(__file__).parents[4] / "shared/data/forms"
PAGES = {
    "nist_hsf": "nist_hsf/hsf_f0002_01_rescanned_400dpi.png",
    "kawalc1": "kawalc1/1420461-005804400204.jpg",
    "c_digital_pwp": "c_digital/pwp_sample_01.jpg",
    "c_digital_data": "c_digital/data_sample_01.jpg",
    "nus_student_number": "nus_student_number/sample_roll_01.jpg",
}

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="needs the real forms")


def sheet_of(name: str) -> Sheet:
    return Sheet.of(next(decode(DATA / PAGES[name], name)).image)


@pytest.mark.parametrize("name", PAGES)
def test_a_layout_finds_every_field_on_its_own_page_only(name):
    form = load_form(LAYOUTS / f"{name}.toml")
    for other in PAGES:
        sheet = sheet_of(other)
        registration = lay(form, sheet)
        assert fits(form, registration) == (other == name), other
        if other == name:
            assert all(patch is not None for _, patch in lift_fields(sheet, form, registration))


@pytest.mark.parametrize("name", ["kawalc1", "nus_student_number"])
def test_a_mirrored_page_is_not_taken(name):
    form = load_form(LAYOUTS / f"{name}.toml")
    image = next(decode(DATA / PAGES[name], name)).image
    assert not fits(form, lay(form, Sheet.of(cv2.flip(image, 1))))


def test_a_tilted_comb_is_found_among_text():
    form = load_form(LAYOUTS / "submitty.toml")
    sheet = Sheet.of(next(decode(DATA / "submitty/page08.png", "page")).image)
    ((_, patch),) = lift_fields(sheet, form, None)
    assert patch is not None
    assert abs(patch.box.x - 416) < 15
    assert abs(patch.box.y - 1359) < 15
    assert abs(patch.box.width - 557) < 25
