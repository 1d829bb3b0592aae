"""Fit what finding and trusting postal codes knows: `python -m models.fit_envelopes DIR`.

Mail is drawn, also hard cases and pieces with no code at all. On one third the weights are fitted that
tell the code from other writing; on the others the codes are read with them, and from how many of
those are right follow the calibration, the thresholds, and the least confidence of a find (`code_trust`).
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from models.classifier import ENVELOPE, Model, load_model
from models.code_trust import KINDS, Answers, fit_trust, tell
from models.truth import overlap
from pipeline.cut import cut_page
from pipeline.document import Box, Page
from pipeline.envelopes.codes import CodeRead, gather_reads, wholes_of
from pipeline.envelopes.parameters import EVIDENCE, EnvelopeParameters, Kind
from pipeline.envelopes.postal import existence
from pipeline.envelopes.spot import FEATURES
from pipeline.envelopes.written import Spotter, look_for_codes, search_lines
from pipeline.layouts import Country, countries, load_layout
from pipeline.paper import ink
from pipeline.paper.page_in_scan import find_page
from pipeline.parameters import ReaderParameters
from pipeline.strings.classify import see
from sample_scans.boxed_mail import BOXED
from sample_scans.mail import NO_CODE, WEB, MailPiece, cases_of, draw_mail

WRITTEN = ("us", "de", "us", "hu", "us", "in", "us", "br", "us", "pl", "us", "es", "us", "it")
PLACES_SHARE, BOXED_SHARE = 1 / 3, 0.4  # of the pieces, those for places; more of them drawn for the boxes
UNCODED = 1 / 6  # of the pieces
TURNED = ("upside-down", "sideways")  # another part of reading turns these
SAME_PLACE = 0.3  # a stretch with its margin against the code's own ink
PRIOR_STRENGTH = 0.5  # what holds the weights of places


@dataclass(frozen=True, eq=False)
class Choice:
    """A piece's stretches, (N, len(FEATURES)), and which of them is the code; -1 where none is."""

    features: NDArray[np.float64]
    right: int


def draw_pieces(
    seed: int, count: int, kinds: Sequence[str], *, boxes: bool | None = None
) -> Iterator[tuple[MailPiece, Country]]:
    """Pieces of the countries `kinds` in turn, none of them turned, with more of those that have no code.

    boxes : whether boxes are printed, as `draw_mail` takes it.
    """
    for number in range(count):
        rng = np.random.default_rng((seed, number))
        country = kinds[number % len(kinds)]
        known = cases_of(country)
        kept = {WEB} if boxes is False else set()  # those pictures show boxes
        cases = [case for case in known if case not in {*TURNED, *NO_CODE, *kept}]
        shares = np.array([known[case] for case in cases], np.float64)
        if rng.random() < UNCODED:
            case = NO_CODE[int(rng.integers(len(NO_CODE)))]
        else:
            case = str(rng.choice(cases, p=shares / shares.sum()))
        yield draw_mail(rng, country, case, boxes=boxes), countries()[country]


def look(piece: MailPiece, country: Country, spotter: Spotter) -> Choice | None:
    """The stretches of a piece; None where it has none, or the code is not among them."""
    found = find_page(piece.page)
    grey = ink.to_grey(piece.page if found is None else found.image)
    seen = look_for_codes(grey, search_lines(grey), country, spotter, sure=2.0)
    if not seen.stretches:
        return None
    features = np.array([each.features for each in seen.stretches])
    if not piece.truth.value:
        return Choice(features, -1)
    boxes: list[Box] = [seen.lift(each).box for each in seen.stretches]
    if found is not None:
        boxes = [found.place(box, piece.page.shape) for box in boxes]
    shared = [overlap(box, piece.truth.box) for box in boxes]
    best = int(np.argmax(shared))
    return Choice(features, best) if shared[best] >= SAME_PLACE else None


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


def read_piece(
    piece: MailPiece, country: Country, model: Model, parameters: ReaderParameters
) -> list[CodeRead]:
    """Every region of a piece as read, parts of others among them."""
    layout = load_layout("envelope", postal=country.code)
    spotter = Spotter(model, parameters.weights, parameters.envelope.place_weights)
    cut = cut_page(Page("", 1, piece.page, piece.dpi), layout, spotter)  # type: ignore[arg-type]
    seen = see([lattice for each in cut.cuts for lattice in each.lattices], model)
    return gather_reads(cut.cuts, country, iter(seen), parameters)


def answer(
    pieces: Iterable[tuple[MailPiece, Country]], model: Model, parameters: ReaderParameters
) -> Answers:
    """Read all pieces."""
    reads: list[CodeRead] = []
    right, piece_of, wholes, odds, uncoded = [], [], [], [], set()
    for number, (piece, country) in enumerate(pieces):
        if not piece.truth.value:
            uncoded.add(number)
        # Others are never taken, whatever speaks for them.
        own = [
            read
            for read in read_piece(piece, country, model, parameters)
            if len(read.candidates[0].value) in country.lengths
        ]
        wholes += [[len(reads) + index for index in within] for within in wholes_of(own)]
        reads += own
        right += [read.candidates[0].value == piece.truth.value for read in own]
        piece_of += [number] * len(own)
        odds += [existence(read.candidates[0].value, country) for read in own]
    return Answers(
        np.array([read.evidence for read in reads]).reshape(-1, len(EVIDENCE)),
        np.array(right, np.bool_),
        np.array(piece_of, np.intp),
        wholes,
        np.array([KINDS.index(read.kind) for read in reads], np.intp),
        np.array(odds, np.float64),
        frozenset(uncoded),
    )


def fit_envelopes(directory: Path, pieces: int, seed: int) -> dict[str, Any]:
    """Fit and write envelope.json; returns figures of the second part."""
    started = time.monotonic()
    model = load_model(directory)
    plain = model.parameters
    spotter = Spotter(model, plain.weights, np.zeros(len(FEATURES)))
    first = round(PLACES_SHARE * pieces)
    drawn = draw_pieces(seed, first, WRITTEN, boxes=False)
    choices = [choice for piece, country in drawn if (choice := look(piece, country, spotter))]
    places, loss = fit_places(choices)
    found = replace(plain, envelope=EnvelopeParameters(places=places))
    written = draw_pieces(seed + 1, pieces - first, WRITTEN, boxes=False)
    boxed = draw_pieces(seed + 2, int(BOXED_SHARE * pieces), BOXED, boxes=True)
    answers = answer(chain(written, boxed), model, found)
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
    parser.add_argument("--pieces", type=int, default=3600)
    parser.add_argument("--seed", type=int, default=5_000_000)
    options = parser.parse_args(arguments)
    print(json.dumps(fit_envelopes(options.directory, options.pieces, options.seed)))


if __name__ == "__main__":
    main()
