"""Fit how far the readers are trusted about digits in printed boxes: `python -m models.fit_boxes DIR`.

After `models.fit_reader`. The combs are those of drawn forms, half of them with digits of people's hands that
no network learned from; they are lifted out of their frames and cut as on any form.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from models.cards import amend_card
from models.classifier import PARAMETERS, Model, load_model
from models.drawn_forms import draw_combs, see_combs
from models.fit_reader import calibrate, held_glyphs
from models.material import WORKERS, Glyphs
from models.string_calibration import answer_boxes, fit_box_pair
from pipeline.parameters import ReaderParameters, Trust


def fit_boxes(directory: Path, mnist: Path | None, forms: int, seed: int) -> dict[str, Any]:
    """Fit the pair on an eighth of so many forms, calibrate on the others; writes reader.json and the card.

    The pair is one number; thresholds ask for the most, as those of lines do (`models.fit_reader`).
    """
    started = time.monotonic()
    model = load_model(directory)
    _, glyphs = held_glyphs(directory, mnist)
    trust, told = trust_boxes(model, model.parameters, glyphs, forms, seed)
    replace(model.parameters, boxes=trust).save(directory / PARAMETERS)
    told = {
        "command": f"python -m models.fit_boxes DIR --forms {forms} --seed {seed}",
        **told,
        "seconds": round(time.monotonic() - started),
    }
    amend_card(directory, boxes=told)
    return told


def trust_boxes(
    model: Model, parameters: ReaderParameters, glyphs: Glyphs | None, forms: int, seed: int
) -> tuple[Trust, dict[str, Any]]:
    """The trust in the readers about boxes, and what was found on the combs that calibrated it."""
    combs, values = see_combs(draw_combs(seed, forms // 8, glyphs, WORKERS), model)
    parameters = replace(parameters, boxes=Trust(fit_box_pair(combs, values, parameters)))
    combs, values = see_combs(draw_combs(seed + 1, forms - forms // 8, glyphs, WORKERS), model)
    return calibrate(answer_boxes(combs, values, parameters), parameters.boxes)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m models.fit_boxes", description=__doc__)
    parser.add_argument("directory", type=Path, help="folder of a model with its reader")
    parser.add_argument("--mnist", type=Path, help="mnist.npz; without it Keras's cache or download")
    parser.add_argument("--forms", type=int, default=800)
    parser.add_argument("--seed", type=int, default=8_000_000)
    options = parser.parse_args(arguments)
    print(json.dumps(fit_boxes(options.directory, options.mnist, options.forms, options.seed)))


if __name__ == "__main__":
    main()
