"""Part of a line that was cut and seen as a whole."""

import numpy as np

from pipeline.strings.classify import see
from pipeline.strings.lattice import build_lattice, part_of
from pipeline.strings.segment import segment
from tests.pipeline.strings.test_segment import rings


def test_a_part_holds_its_own_runs_and_what_is_known_of_them():
    pieces = segment(rings([20, 60, 100, 140]), slant=0.0)
    whole = build_lattice(pieces)
    proba = np.random.default_rng(0).dirichlet(np.ones(11), len(whole.edges)).astype(np.float32)
    part = part_of(pieces, whole, 2, len(pieces), proba)
    own = whole.edges[:, 0] >= 2
    assert part.size == len(pieces) - 2
    assert (part.edges + 2).tolist() == whole.edges[own].tolist()
    assert (part.crops == whole.crops[own]).all()
    assert part.proba is not None
    assert (part.proba == proba[own]).all()
    assert part.picture.shape[1] > 0
    assert part_of(pieces, whole, 1, 1, proba).size == 0


class Counts:
    """Counts the crops that it is shown."""

    def __init__(self) -> None:
        self.shown = 0

    def predict_proba(self, crops: np.ndarray) -> np.ndarray:
        self.shown += len(crops)
        return np.full((len(crops), 11), 1 / 11, np.float32)


def test_what_is_known_is_not_shown_to_the_network_again():
    pieces = segment(rings([20, 60, 100, 140]), slant=0.0)
    whole = build_lattice(pieces)
    proba = np.full((len(whole.edges), 11), 1 / 11, np.float32)
    part = part_of(pieces, whole, 0, 2, proba)
    network = Counts()
    seen = see([part, whole, part], network)
    assert network.shown == len(whole.edges)
    assert [len(each.proba) for each in seen] == [len(part.edges), len(whole.edges), len(part.edges)]
    assert see([part], network)[0].proba is part.proba
    assert network.shown == len(whole.edges)
