"""Cards of models: what is written, and what takes the place of what."""

from __future__ import annotations

import json
from pathlib import Path

from models.cards import amend_card, write_card


def test_what_is_amended_takes_the_place_of_what_was_there_and_leaves_the_rest(tmp_path: Path) -> None:
    write_card(tmp_path, {"name": "digits", "learned": {"fields": 100}})
    amend_card(tmp_path, learned={"fields": 200}, line={"epochs": 12})
    card = json.loads((tmp_path / "card.json").read_text("utf-8"))
    assert card == {"name": "digits", "learned": {"fields": 200}, "line": {"epochs": 12}}
