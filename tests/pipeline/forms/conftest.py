"""A layout with its blank form."""

import cv2
import pytest

from tests.pipeline.forms import pages


@pytest.fixture
def folder(tmp_path):
    cv2.imwrite(str(tmp_path / "blank.png"), pages.blank())
    (tmp_path / "member.toml").write_text(pages.LAYOUT, encoding="utf-8")
    return tmp_path
