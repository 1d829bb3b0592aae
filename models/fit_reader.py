"""Fit what the string reader knows: `python -m models.fit_reader DIR`.

The weights of the lattice's terms are fitted on rendered strips; what the two readers count for,
calibration and thresholds come from further strips that neither the networks nor the weights have
seen.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from models.calibrate import calibration_error
from models.cards import amend_card
from models.classifier import CARD, PARAMETERS, Model, load_model
from models.labelled import HELD_BACK, Crops, hold_back
from models.lattice_weights import START, fit_weights, make_sample
from models.line_data import is_legible, is_whole
from models.material import Glyphs, draw_strips, label_strips
from models.mnist import load_mnist
from models.string_calibration import (
    Answers,
    answer,
    confidences,
    find_thresholds,
    fit_calibration,
    fit_pair,
)
from pipeline.parameters import ReaderParameters, Trust
from pipeline.strings.classify import Seen, see
from sample_scans.strips import Strip

# How much more the network of lines counts than the lattice: alone it reads 89 % of 850 cheque amounts,
# the lattice 76 %. By earlier networks (87 and 74 %) any value from 2 to 4 read as many with both, 1 a
# hundredth less.
LEAD = 2.0
# Strips with something beside the number or in its way are rarer in life than among what networks learn from.
TROUBLE = 0.33


def read_strips(
    model: Model, strips: int, seed: int, glyphs: Glyphs | None, good: Callable[[Strip], bool] = is_legible
) -> tuple[list[Seen], list[str]]:
    """What the networks see of those of `strips` strips that are good enough to be read, and their values."""
    drawn = filter(good, draw_strips(seed, strips, glyphs, TROUBLE))
    lattices = [each for each in label_strips(drawn) if each.lattice.size]
    return see([each.lattice for each in lattices], model), [each.value for each in lattices]


def fit_reader(directory: Path, mnist: Path | None, strips: int, seed: int) -> dict[str, Any]:
    """Fit the weights on a quarter of the strips, the pair on a twentieth, calibrate on the rest.

    Thresholds ask for the most: at one wrong in a hundred a thousand strings hold ten errors, which is luck.

    Writes reader.json and the card. Boxes are trusted as lines are until `models.fit_boxes` has run.
    """
    started = time.monotonic()
    if not (directory / PARAMETERS).exists():
        ReaderParameters(weights=START).save(directory / PARAMETERS)
    model = load_model(directory)
    glyphs = held_glyphs(directory, mnist)
    lines, values = read_strips(model, strips // 4, seed, glyphs[0], is_whole)
    # What is no number at all teaches how scraps look, not how digits stand: the calibration's business.
    samples = [make_sample(s.lattice, s.proba, v) for s, v in zip(lines, values, strict=True) if v]
    weights, loss = fit_weights(samples)
    parameters = ReaderParameters(weights)
    pair = fit_pair(*read_strips(model, strips // 20, seed + 1, glyphs[1], is_whole), parameters, LEAD)
    parameters = replace(parameters, lines=Trust(pair))
    lines, values = read_strips(model, strips - strips // 4 - strips // 20, seed + 2, glyphs[1])
    trust, told = calibrate(answer(lines, values, parameters), parameters.lines)
    replace(parameters, lines=trust, boxes=trust).save(directory / PARAMETERS)
    told = {
        "command": f"python -m models.fit_reader DIR --strips {strips} --seed {seed}",
        "strips": strips,
        "loss": round(loss, 4),
        **told,
        "seconds": round(time.monotonic() - started),
    }
    amend_card(directory, reader=told)
    return told


def calibrate(answers: Answers, known: Trust) -> tuple[Trust, dict[str, Any]]:
    """What is `known` with calibration and thresholds from these answers, and what was found on them.

    The calibration that it holds is where the fit starts from, and what it is lightly held to.
    """
    calibration = fit_calibration(answers, known.calibration)
    confidence = confidences(calibration, answers)
    thresholds = find_thresholds(confidence, answers.right)
    told = {
        "calibration_strings": len(answers.right),
        "exact": round(float(answers.right.mean()), 4),
        "calibration_error": round(calibration_error(confidence, answers.right, bins=10), 4),
    }
    return replace(known, calibration=calibration, thresholds=thresholds), told


def held_glyphs(directory: Path, mnist: Path | None) -> tuple[Glyphs, Glyphs]:
    """The digits that no network learned from, in two halves: to fit weights on, and to calibrate by."""
    digits = load_mnist(mnist)
    _, held = hold_back(Crops(digits.x_train, digits.y_train), held_back(directory))
    half = len(held.x) // 2
    return Glyphs(held.x[:half], held.y[:half]), Glyphs(held.x[half:], held.y[half:])


def held_back(directory: Path) -> int:
    """How many digits the network in `directory` has not learned from, by its card."""
    recipe = json.loads((directory / CARD).read_text("utf-8")).get("recipe", {})
    return int(recipe.get("held_back", HELD_BACK))


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m models.fit_reader", description=__doc__)
    parser.add_argument("directory", type=Path, help="folder of a trained model")
    parser.add_argument("--mnist", type=Path, help="mnist.npz; without it Keras's cache or download")
    parser.add_argument("--strips", type=int, default=12_000)
    parser.add_argument("--seed", type=int, default=2_000_000)
    options = parser.parse_args(arguments)
    print(json.dumps(fit_reader(options.directory, options.mnist, options.strips, options.seed)))


if __name__ == "__main__":
    main()
