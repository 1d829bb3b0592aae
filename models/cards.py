"""A model's card: what made it and what it was found to do, as JSON beside its weights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from models.network import CARD


def write_card(directory: Path, card: Mapping[str, Any]) -> None:
    """Write the card of the model in `directory`. Raises OSError."""
    (directory / CARD).write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")


def amend_card(directory: Path, **parts: Any) -> None:
    """Put parts into the card, in place of those of their names. Raises OSError, ValueError."""
    write_card(directory, json.loads((directory / CARD).read_text("utf-8")) | parts)
