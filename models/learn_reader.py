"""Learning's second half: fields as both networks see them; the reader fitted to them, and judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from models.classifier import PARAMETERS, Model, load_model
from models.drawn_combs import Comb, draw_combs, see_combs
from models.fit_reader import calibrate, read_strips
from models.lattice_weights import fit_weights, make_sample
from models.string_calibration import answer, answer_boxes, confidences, fit_pair
from models.strings import TARGET, StringJudgement
from models.truth import CutField
from pipeline.parameters import ReaderParameters, Trust
from pipeline.strings.classify import Seen, see
from pipeline.strings.lattice import Lattice

CALIBRATION_STRIPS = 1_000
CALIBRATION_FORMS = 60  # drawn, some 600 combs


@dataclass(frozen=True, eq=False)
class Field:
    """A field to learn from: its name (for the split), its ink as it was cut, its value."""

    name: str
    cut: CutField
    value: str

    @property
    def parts(self) -> list[tuple[Lattice, str]]:
        """A line with its value, or every box of a comb with its digit."""
        return self.cut.parts(self.value)


def see_parts(fields: Sequence[Field], model: Model) -> tuple[list[Seen], list[str]]:
    """What the networks see of every line and every box, from one call of each, and the values."""
    parts = [part for field in fields for part in field.parts]
    return see([lattice for lattice, _ in parts], model), [value for _, value in parts]


def see_lines(fields: Sequence[Field], model: Model) -> tuple[list[Seen], list[str]]:
    """The same of the lines alone."""
    return see_parts([field for field in fields if not field.cut.boxed], model)


def see_combs_of(fields: Sequence[Field], model: Model) -> tuple[list[list[Seen]], list[str]]:
    """The same of the combs alone, comb by comb."""
    combs = [field for field in fields if field.cut.boxed]
    return see_combs([Comb(field.cut.lattices, field.value) for field in combs], model)


def refit(
    folder: Path, base: ReaderParameters, learned: Sequence[Field], held: Sequence[Field], seed: int
) -> None:
    """Fit the reader's weights on learned fields and rendered strips, the rest on the held-back fields.

    These are few: what the base model knew of pair and calibration holds until they say otherwise.
    """
    model = load_model(folder)
    drawn = read_strips(model, len(learned), seed + 3_000_000, None)
    own = see_lines(learned, model)
    samples = [
        make_sample(s.lattice, s.proba, v) for part in (drawn, own) for s, v in zip(*part, strict=True)
    ]
    weights, _ = fit_weights([sample for sample in samples if len(sample.value)], iterations=40)
    parameters = replace(base, weights=weights)
    lines = _trust_lines(model, parameters, held, seed)
    replace(parameters, lines=lines, boxes=_trust_boxes(model, parameters, held, seed)).save(
        folder / PARAMETERS
    )


def _trust_lines(model: Model, parameters: ReaderParameters, held: Sequence[Field], seed: int) -> Trust:
    seen, values = see_lines(held, model)
    if seen:
        pair = fit_pair(seen, values, parameters, None)
        parameters = replace(parameters, lines=replace(parameters.lines, pair=pair))
    # Too few to witness a rate of one wrong in a hundred: drawn strips, which are harder, stand beside them.
    more, known = read_strips(model, CALIBRATION_STRIPS, seed + 6_000_000, None)
    return calibrate(answer([*seen, *more], [*values, *known], parameters), parameters.lines)[0]


def _trust_boxes(model: Model, parameters: ReaderParameters, held: Sequence[Field], seed: int) -> Trust:
    """The same for boxes; what is known of them stays where no field of the site has any."""
    seen, values = see_combs_of(held, model)
    if not seen:
        return parameters.boxes
    drawn = list(draw_combs(seed + 7_000_000, CALIBRATION_FORMS, None))
    more, known = see_combs(drawn, model)
    return calibrate(answer_boxes([*seen, *more], [*values, *known], parameters), parameters.boxes)[0]


def measure(fields: Sequence[Field], model: Model) -> StringJudgement:
    """How well the model reads the fields."""
    parameters = model.parameters
    kinds = (
        (answer(*see_lines(fields, model), parameters), parameters.lines),
        (answer_boxes(*see_combs_of(fields, model), parameters), parameters.boxes),
    )
    unread = np.zeros(len(fields) - sum(len(answers.right) for answers, _ in kinds))
    sure = [confidences(trust.calibration, answers) for answers, trust in kinds]
    taken = [each >= trust.threshold(TARGET) for each, (_, trust) in zip(sure, kinds, strict=True)]
    return StringJudgement(
        np.concatenate([*sure, unread]),
        np.concatenate([*(answers.right for answers, _ in kinds), unread > 0]),
        np.concatenate([*taken, unread > 0]),
    )
