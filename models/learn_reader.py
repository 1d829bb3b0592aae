"""Learning, the reader: fitted to fields as networks see them that did not learn from them, and judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from models.classifier import Model
from models.drawn_forms import draw_combs, see_combs
from models.fit_reader import calibrate, read_strips
from models.lattice_weights import fit_weights, make_sample
from models.string_calibration import answer, answer_boxes, confidences, fit_pair
from models.strings import TARGET, StringJudgement
from models.truth import CutField
from pipeline.parameters import ReaderParameters, Trust
from pipeline.strings.classify import Seen, see_groups
from pipeline.strings.lattice import Lattice

# How firmly weights are held to the old ones, fitted to thousands of strips, and steps to find them.
HOLD, STEPS = 5.0, 20
MOST = 1_000  # lines that weights are fitted to
CALIBRATION_STRIPS = 1_000
CALIBRATION_FORMS = 60  # drawn, some 600 combs


@dataclass(frozen=True, eq=False)
class Field:
    """A field to learn from: its name, the page it stands on, its ink as it was cut, its value."""

    name: str
    page: str
    cut: CutField
    value: str

    @property
    def parts(self) -> list[tuple[Lattice, str]]:
        """A line with its value, or every box of a comb with its digit."""
        return self.cut.parts(self.value)


@dataclass(frozen=True, eq=False)
class View:
    """Fields as networks see them: of a line one `Seen`, of a comb one for every box."""

    fields: Sequence[Field]
    seen: Sequence[Sequence[Seen]]

    def __getitem__(self, chosen: NDArray[np.bool_]) -> View:
        return View([*compress(self.fields, chosen)], [*compress(self.seen, chosen)])

    @property
    def lines(self) -> tuple[list[Seen], list[str]]:
        """What is seen of the lines, and their values."""
        own = [(parts[0], field.value) for field, parts in self._all if not field.cut.boxed]
        return [seen for seen, _ in own], [value for _, value in own]

    @property
    def combs(self) -> tuple[list[Sequence[Seen]], list[str]]:
        """The same of the combs, comb by comb."""
        own = [(parts, field.value) for field, parts in self._all if field.cut.boxed]
        return [seen for seen, _ in own], [value for _, value in own]

    @property
    def _all(self) -> list[tuple[Field, Sequence[Seen]]]:
        return list(zip(self.fields, self.seen, strict=True))


def view(fields: Sequence[Field], model: Model) -> View:
    """What the model's networks see of the fields, from one call of each."""
    return View(fields, see_groups([field.cut.lattices for field in fields], model))


@dataclass(frozen=True, eq=False)
class Drawn:
    """What the networks see of drawn fields, which stand beside a site's own, with their values.

    combs : comb by comb.
    """

    lines: tuple[list[Seen], list[str]]
    combs: tuple[Sequence[Sequence[Seen]], list[str]]


def view_drawn(model: Model, fields: Sequence[Field], seed: int) -> Drawn:
    """Of each kind that is among the fields enough to witness one wrong in a hundred."""
    boxed = any(field.cut.boxed for field in fields)
    combs = draw_combs(seed + 7_000_000, CALIBRATION_FORMS, None) if boxed else []
    return Drawn(read_strips(model, CALIBRATION_STRIPS, seed + 6_000_000, None), see_combs(combs, model))


def refit(base: ReaderParameters, own: View, drawn: Drawn) -> ReaderParameters:
    """Fit the reader's weights, what either network counts for, and the calibration.

    own : by networks that did not learn from the fields.
    What the base knew holds until these say otherwise.
    """
    lines = list(zip(*own.lines, strict=True))
    some = lines[:: -(-len(lines) // MOST) or 1]
    samples = [make_sample(seen.lattice, seen.proba, value) for seen, value in some]
    parameters = base
    if samples:
        weights, _ = fit_weights(samples, base.weights, HOLD, STEPS)
        parameters = replace(base, weights=weights)
    trust = _trust_lines(parameters, own, drawn)
    return replace(parameters, lines=trust, boxes=_trust_boxes(parameters, own, drawn))


def _trust_lines(parameters: ReaderParameters, own: View, drawn: Drawn) -> Trust:
    seen, values = own.lines
    if seen:
        pair = fit_pair(seen, values, parameters, None)
        parameters = replace(parameters, lines=replace(parameters.lines, pair=pair))
    more, known = drawn.lines
    return calibrate(answer([*seen, *more], [*values, *known], parameters), parameters.lines)[0]


def _trust_boxes(parameters: ReaderParameters, own: View, drawn: Drawn) -> Trust:
    """The same for boxes; what is known of them stays where no field of the site has any."""
    seen, values = own.combs
    if not seen:
        return parameters.boxes
    more, known = drawn.combs
    return calibrate(answer_boxes([*seen, *more], [*values, *known], parameters), parameters.boxes)[0]


def judge(own: View, parameters: ReaderParameters) -> StringJudgement:
    """How well the fields are read from what is seen of them."""
    kinds = (
        (answer(*own.lines, parameters), parameters.lines),
        (answer_boxes(*own.combs, parameters), parameters.boxes),
    )
    unread = np.zeros(len(own.fields) - sum(len(answers.right) for answers, _ in kinds))
    sure = [confidences(trust.calibration, answers) for answers, trust in kinds]
    taken = [each >= trust.threshold(TARGET) for each, (_, trust) in zip(sure, kinds, strict=True)]
    return StringJudgement(
        np.concatenate([*sure, unread]),
        np.concatenate([*(answers.right for answers, _ in kinds), unread > 0]),
        np.concatenate([*taken, unread > 0]),
    )
