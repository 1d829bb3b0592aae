"""Fit what finding and trusting postal codes knows: `python -m models.fit_envelopes DIR`.

Mail is drawn, also hard cases and pieces with no code at all. On one third the weights are fitted that
tell the code from other writing; on the others the codes are read with them, and from how many of
those are right follow the calibration, the thresholds, and the least confidence of a find (`code_trust`).
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from models.classifier import ENVELOPE, load_model
from models.code_trust import fit_trust, tell
from models.drawn_mail import Choice, Mail, look_at, read_mail
from models.material import WORKERS
from pipeline.envelopes.parameters import EnvelopeParameters, Kind
from pipeline.envelopes.spot import FEATURES
from sample_scans.boxed_mail import BOXED

WRITTEN = ("us", "de", "us", "hu", "us", "in", "us", "br", "us", "pl", "us", "es", "us", "it")
PLACES_SHARE, BOXED_SHARE = 1 / 3, 0.4  # of the pieces, those for places; more of them drawn for the boxes
PRIOR_STRENGTH = 0.5  # what holds the weights of places


def fit_places(choices: Sequence[Choice]) -> tuple[tuple[float, ...], float]:
    """Weights that make the right stretch, or none, the most probable; and the mean loss that is left."""

    def objective(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        loss, gradient = 0.5 * PRIOR_STRENGTH * float(weights @ weights), PRIOR_STRENGTH * weights
        for choice in choices:
            scores = np.append(choice.features @ weights, 0.0)  # the last: there is no code
            shares = np.exp(scores - np.logaddexp.reduce(scores))
            loss -= float(np.log(max(shares[choice.right], 1e-12)))
            gradient = gradient + shares[:-1] @ choice.features
            if choice.right >= 0:
                gradient = gradient - choice.features[choice.right]
        return loss / len(choices), gradient / len(choices)

    start = np.zeros(len(FEATURES))
    found = minimize(objective, start, jac=True, method="L-BFGS-B", options={"maxiter": 500})
    return tuple(round(float(w), 4) for w in found.x), float(found.fun)


def fit_envelopes(directory: Path, pieces: int, seed: int) -> dict[str, Any]:
    """Fit and write envelope.json; returns figures of the second part."""
    started = time.monotonic()
    plain = load_model(directory).parameters
    first = round(PLACES_SHARE * pieces)
    blind = replace(plain, envelope=EnvelopeParameters(places=(0.0,) * len(FEATURES)))
    choices = look_at(Mail(seed, first, WRITTEN, boxes=False), directory, blind, WORKERS)
    places, loss = fit_places(choices)
    found = replace(plain, envelope=EnvelopeParameters(places=places))
    written = Mail(seed + 1, pieces - first, WRITTEN, boxes=False)
    boxed = Mail(seed + 2, int(BOXED_SHARE * pieces), BOXED, boxes=True)
    answers = read_mail((written, boxed), directory, found, WORKERS)
    envelope = fit_trust(answers, places)
    told = {
        "command": f"python -m models.fit_envelopes DIR --pieces {pieces} --seed {seed}",
        "lost": first - len(choices),
        "loss": round(loss, 4),
        **{kind.value: tell(answers.of(kind), envelope, kind) for kind in Kind},
        "seconds": round(time.monotonic() - started),
    }
    envelope.save(directory / ENVELOPE, told)
    return told


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m models.fit_envelopes", description=__doc__)
    parser.add_argument("directory", type=Path, help="folder of a trained model with its reader")
    parser.add_argument("--pieces", type=int, default=5400)
    parser.add_argument("--seed", type=int, default=5_000_000)
    options = parser.parse_args(arguments)
    print(json.dumps(fit_envelopes(options.directory, options.pieces, options.seed)))


if __name__ == "__main__":
    main()
