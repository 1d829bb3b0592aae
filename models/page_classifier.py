"""The page classifier as reading uses it: what a page is and which way up it lies. No TensorFlow."""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.digit_pair import DigitPair
from models.line_network import LINE_NETWORK
from models.network import CARD, NETWORK, ModelError, Network, softmax
from models.page_turns import QUARTERS, after_quarter
from models.thumbnail import SIDE, thumbnail
from pipeline.document import Image
from pipeline.paper.kinds import KINDS, Kind
from pipeline.paper.turns import TURNS

SHIPPED_PAGE = Path(__file__).parent / "weights" / "page"
# A glance is never certain: so much of it is shared out over all kinds and ways up.
DOUBT = 0.005


class PageNetwork(Network):
    """A network of pictures of pages, of whatever classes its card names."""

    shape = (SIDE, SIDE, 3)
    batch = len(TURNS)
    takes = f"{SIDE}x{SIDE} pictures in colour"

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """The names of its classes."""
        return tuple(self.card["classes"])

    def _check_classes(self, count: int) -> None:
        if count != len(self.card.get("classes", ())):
            raise ModelError(f"{self.directory}: {CARD} does not name the {count} classes of {NETWORK}")

    def predict_proba(self, crops: Image) -> NDArray[np.float32]:
        """Probabilities (N, C) float32 of its classes for pictures (N, 64, 64, 3) uint8 BGR."""
        return softmax(
            self.logits(crops.astype(np.float32) / np.float32(255.0)) / np.float32(self.temperature)
        )

    def predict_turned(self, pictures: Image) -> NDArray[np.float32]:
        """Probabilities (N, C) float32 as reading has them: of the picture turned by every quarter, joined.

        One glance where a class has none that it turns to.
        """
        after = after_quarter(self.classes)
        if (after < 0).any():
            return self.predict_proba(pictures)
        joined = np.zeros((len(pictures), len(self.classes)))
        turned = np.arange(len(self.classes))  # each class after so many quarters
        for quarter in range(QUARTERS):
            views = np.ascontiguousarray(np.rot90(pictures, -quarter, axes=(1, 2)))
            joined += np.log(np.maximum(self.predict_proba(views)[:, turned], 1e-12)) / QUARTERS
            turned = after[turned]
        return softmax(joined.astype(np.float32))


class PageModel(PageNetwork):
    """A `pipeline.paper.kinds.PageClassifier`: a network whose classes are kinds of pages and ways up."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        wanted = {f"{kind}-{turn}" for kind in KINDS for turn in TURNS} | set(KINDS)
        if unknown := sorted(set(self.classes) - wanted):
            raise ModelError(
                f"{directory}: the class {unknown[0]!r} is no kind of page; train it with --data pages"
            )
        digest = hashlib.sha256(self.content + (directory / CARD).read_bytes())
        self.sha256 = digest.hexdigest()[:16]

    @cached_property
    def _spread(self) -> NDArray[np.float64]:
        """(C, 20): what each class says of every kind and way up; ways that are not told apart share it."""
        spread = np.zeros((len(self.classes), len(KINDS), len(TURNS)))
        told = [name.partition("-")[0] for name in self.classes]
        for number, name in enumerate(self.classes):
            kind, _, turn = name.partition("-")
            ways = told.count(kind) if turn else 1
            first = TURNS.index(int(turn)) % ways if turn else 0
            spread[number, KINDS.index(Kind(kind)), first::ways] = ways / len(TURNS)
        return spread.reshape(len(self.classes), -1)

    def look(self, image: Image) -> NDArray[np.float64]:
        """How probable each kind is lying each way up: (5, 4), in the orders of `KINDS` and `TURNS`.

        The page is looked at turned by every quarter, and the four answers are joined: whichever way up it
        lies, the answer is the same but for the way up.
        """
        picture = thumbnail(image)
        views = np.stack([np.rot90(picture, -quarter) for quarter in range(len(TURNS))])
        joined = np.zeros((len(KINDS), len(TURNS)))
        for quarter, row in enumerate(self.predict_proba(views)):
            seen = (row @ self._spread).reshape(joined.shape)
            joined += np.roll(np.log(np.maximum(seen, 1e-12)), -quarter, axis=1) / len(TURNS)
        shares = np.exp(joined - joined.max())
        shares /= shares.sum()
        doubted: NDArray[np.float64] = shares * (1.0 - DOUBT) + DOUBT / shares.size
        return doubted


def load_page_model(directory: Path | None = None) -> PageModel:
    """The page classifier in `directory`, or the shipped one. Raises ModelError."""
    return PageModel(SHIPPED_PAGE if directory is None else directory)


def open_network(directory: Path) -> Network:
    """The network in a folder, of digits or of pages as its card says. Raises ModelError."""
    try:
        card = json.loads((directory / CARD).read_text("utf-8"))
    except (OSError, ValueError):
        return Network(directory)  # which says what is wrong
    if card.get("network") == "page":
        return PageNetwork(directory)
    return DigitPair(directory) if (directory / LINE_NETWORK).exists() else Network(directory)
