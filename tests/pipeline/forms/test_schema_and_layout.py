"""Layout files: what they may say, and how each mistake is named."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline import LayoutError, load_layout
from pipeline.forms.form import Form
from pipeline.forms.layout import load_form, load_forms, printed, split
from pipeline.forms.schema import json_schema
from tests.pipeline.forms import pages


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    cv2.imwrite(str(tmp_path / "blank.png"), pages.blank())
    (tmp_path / "member.toml").write_text(pages.LAYOUT, encoding="utf-8")
    return tmp_path


def load(folder: Path, text: str) -> Form:
    path = folder / "changed.toml"
    path.write_text(text, encoding="utf-8")
    return load_form(path)


def test_a_layout_has_its_fields_in_order_and_tables_one_by_one(folder):
    form = load_form(folder / "member.toml")
    assert form.name == form.label == "member"
    assert form.fields == ("member", "office", "amount", "sent_mon", "sent_tue", "lost_mon", "lost_tue")
    office = form.form_fields[1]
    assert office.boxes == 3
    assert office.cells[:, 0].tolist() == [500, 556, 612]
    assert office.cells[:, 2].tolist() == [548, 604, 660]
    assert form.form_fields[-1].cells.tolist() == [[300, 530, 480, 590]]
    assert office.lengths == (1, 2, 3)
    assert form.form_fields[2].lengths is None
    assert len(form.rules.across) >= 8


def test_rows_and_columns_of_a_table_may_be_sums(folder):
    table = 'rows = ["sent", "lost"]\nsums = { lost = ["sent"], tue = ["mon"] }'
    form = load(folder, pages.LAYOUT.replace('rows = ["sent", "lost"]', table))
    assert [field.sums for field in form.form_fields[3:]] == [
        (),
        (("sent_mon",),),
        (("sent_mon",),),
        (("sent_tue",), ("lost_mon",)),
    ]


def test_the_hash_follows_the_layout_and_the_reference(folder):
    first = load_form(folder / "member.toml").sha256
    assert load_form(folder / "member.toml").sha256 == first
    assert load(folder, pages.LAYOUT.replace('"office"', '"bureau"')).sha256 != first
    cv2.imwrite(str(folder / "blank.png"), pages.blank(shade=90))
    assert load_form(folder / "member.toml").sha256 != first


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('kind = "box"', 'kind = "bx"', ["field[3] (amount).kind", "'comb', 'box', 'line' or 'cells'"]),
        ("boxes = 6", "boxs = 6", ["field[1] (member)", "boxs: there is no such key"]),
        ("boxes = 6\n", "", ["field[1] (member)", "needs `boxes`"]),
        ("boxes = 6", "boxes = 0", ["field[1] (member)"]),
        ('name = "office"', 'name = "member"', ["member", "twice"]),
        ("boxes = 6", 'boxes = 6\nsum_of = ["nobody"]', ["member.sum_of", "nobody"]),
        ("boxes = 6", 'boxes = 6\nsums = { a = ["b"] }', ["field[1] (member)", "write sum_of"]),
        ('rows = ["sent", "lost"]', 'rows = ["sent", "lost"]\nsum_of = ["office"]', ["field[4]", "sums = {"]),
        ('rows = ["sent", "lost"]', 'rows = ["sent", "lost"]\nsums = { lost = ["x"] }', ["names x"]),
        ('rows = ["sent", "lost"]', 'rows = ["sent", "lost"]\nsums = { lost = ["lost"] }', ["other rows"]),
        ("boxes = 6", 'boxes = 6\npattern = "["', ["member).pattern", "regular expression"]),
        ("boxes = 6", "boxes = 6\nlength = [5, 2]", ["member).length", "least first"]),
        ("boxes = 6", 'boxes = 6\ndropout = "pink"', ["member).dropout", "#rrggbb"]),
        ("[120, 330, 220, 56]", "[720, 330, 220, 56]", ["amount.at", "off the page"]),
        ("[120, 330, 220, 56]", "[120, 330, 220]", ["amount).at"]),
        ("[120, 330, 220, 56]", "[120, 330, 220, nan]", ["amount).at"]),
        ("gap = 8", "gap = 200", ["office.gap", "smaller"]),
        ("blank.png", "missing.png", ["register.reference", "missing.png"]),
        ('reference = "blank.png"', "", ["register", "register.reference"]),
        ("page = [850, 1100]", "page = [850", ["no valid TOML"]),
        ("page = [850, 1100]", "page = [1100, 850]", ["page: 1100 x 850", "other proportions"]),
        ("boxes = 6", "boxes = 6\npage_number = 2", ["page_number", "above the first [[field]]"]),
        ("boxes = 6", 'boxes = 6\npattern = "\\d+"', ["no valid TOML", "single quotes"]),
        ('name = "amount"', 'name = "the amount"', ["no name", "no spaces"]),
    ],
)
def test_mistakes_are_named_in_one_line_with_the_key(folder, old, new, told):
    assert old in pages.LAYOUT
    with pytest.raises(LayoutError) as caught:
        load(folder, pages.LAYOUT.replace(old, new))
    text = str(caught.value)
    assert text.startswith(str(folder / "changed.toml"))
    assert "\n" not in text
    for part in told:
        assert part in text


def test_one_field_in_single_brackets_is_told(folder):
    text = '[register]\nreference = "blank.png"\n[field]\nname = "a"\nkind = "box"\nat = [9, 9, 90, 90]\n'
    with pytest.raises(LayoutError, match="double brackets"):
        load(folder, text)


def test_a_layout_that_is_not_there_is_named(tmp_path):
    with pytest.raises(LayoutError, match="No such file"):
        load_layout(str(tmp_path / "gone.toml"))


def test_a_folder_of_layouts_is_one_layout(folder):
    (folder / "other.toml").write_text(pages.LAYOUT, encoding="utf-8")
    both = load_layout(str(folder))
    assert both.label == "2-forms"
    assert both.fields == load_form(folder / "member.toml").fields
    assert both.sha256 not in {form.sha256 for form in load_forms([folder]).forms}
    (folder / "third.toml").write_text('name = "member"\n' + pages.LAYOUT, encoding="utf-8")
    with pytest.raises(LayoutError, match="name of its own"):
        load_layout(str(folder))


def test_boxes_share_the_place_evenly():
    assert split((10, 0, 100, 20), 4).tolist() == [
        [10, 0, 35, 20],
        [35, 0, 60, 20],
        [60, 0, 85, 20],
        [85, 0, 110, 20],
    ]


def test_the_schema_knows_every_key_and_describes_it():
    schema = json_schema()
    assert schema["additionalProperties"] is False
    field = schema["$defs"]["FieldModel"]["properties"]
    assert {"name", "kind", "at", "search", "boxes", "check", "sum_of"} <= set(field)
    assert "register" in schema["properties"]
    documented = Path(__file__).parents[3].joinpath("docs/forms.md").read_text(encoding="utf-8")
    for key in (*field, *schema["properties"], *schema["$defs"]["Registering"]["properties"]):
        assert f"`{key}`" in documented or f"[{key}]" in documented, key


@pytest.mark.parametrize("sides", [{"right"}, {"right", "bottom"}, {"left", "top", "right", "bottom"}])
def test_the_edge_of_the_sheet_is_no_line_of_the_form_but_a_frame_is(sides):
    page = pages.blank()
    own = printed(page, (pages.WIDTH, pages.HEIGHT))
    edges = {"left": np.s_[:, :6], "top": np.s_[:6], "right": np.s_[:, -6:], "bottom": np.s_[-6:]}
    for side in sides:
        page[edges[side]] = 90
    found = printed(page, (pages.WIDTH, pages.HEIGHT))
    more = [len(found.across) - len(own.across), len(found.down) - len(own.down)]
    assert min(more) > 0 if len(sides) == 4 else max(more) <= 0
