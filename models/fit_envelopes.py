"""Fit what finding and trusting postal codes knows: `python -m models.fit_envelopes DIR`.

Mail is drawn, also hard cases and pieces with no code at all. On one third the weights are fitted that
tell the code from other writing; on the others the codes are read with them, and from how many of
those are right follow the calibration, the thresholds, and the least confidence of a find. Codes in
printed boxes are calibrated by themselves.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logit

from models.classifier import ENVELOPE, Model, load_model
from models.string_calibration import find_thresholds, fit_logistic
from models.truth import overlap
from pipeline.cut import cut_page
from pipeline.document import Box, Page
from pipeline.envelopes.codes import CodeRead, gather_reads, wholes_of, without_parts
from pipeline.envelopes.parameters import EVIDENCE, EnvelopeParameters
from pipeline.envelopes.spot import FEATURES
from pipeline.envelopes.written import Spotter, look_for_codes, search_lines
from pipeline.layouts import Country, countries, load_layout
from pipeline.paper import ink
from pipeline.paper.page_in_scan import find_page
from pipeline.parameters import ReaderParameters
from pipeline.strings.classify import see
from sample_scans.boxed_mail import BOXED
from sample_scans.mail import NO_CODE, MailPiece, cases_of, draw_mail

WRITTEN = ("us", "us", "us", "de", "hu")
PLACES_SHARE, BOXED_SHARE = 1 / 3, 0.25  # of the pieces, those for places; more of them drawn for the boxes
UNCODED = 6  # every so many pieces one has no code
TURNED = ("upside-down", "sideways")  # another part of reading turns these
SAME_PLACE = 0.3  # a stretch with its margin against the code's own ink
FALSE_FINDS = 0.01  # of the pieces without a code
PRIOR_STRENGTH, HELD = 0.5, 2.0  # what holds the weights of places, of evidence
# What can only speak for a code, and what only against it, whatever few pieces seem to say.
FOR, AGAINST = ("place", "path", "margin", "weakest", "whole", "inside"), ("no-dash",)
ROUNDS = 3
MOST_CAUTION = 3.0  # nats


@dataclass(frozen=True, eq=False)
class Choice:
    """A piece's stretches, (N, len(FEATURES)), and which of them is the code; -1 where none is."""

    features: NDArray[np.float64]
    right: int


@dataclass(frozen=True, eq=False)
class Answers:
    """Codes as read: what spoke for each (N, len(EVIDENCE)), whether it was right (N,), and its piece (N,).

    wholes : for each the indices of those of which it is a part. uncoded : pieces without a code.
    """

    evidence: NDArray[np.float64]
    right: NDArray[np.bool_]
    piece: NDArray[np.intp]
    wholes: list[list[int]]
    uncoded: frozenset[int]


def draw_pieces(seed: int, count: int, kinds: Sequence[str]) -> Iterator[tuple[MailPiece, Country]]:
    """Pieces of the countries `kinds` in turn, none of them turned, with more of those that have no code."""
    for number in range(count):
        rng = np.random.default_rng((seed, number))
        country = kinds[number % len(kinds)]
        known = cases_of(country)
        cases = [case for case in known if case not in TURNED and case not in NO_CODE]
        shares = np.array([known[case] for case in cases], np.float64)
        if number % UNCODED == UNCODED - 1:
            case = NO_CODE[int(rng.integers(len(NO_CODE)))]
        else:
            case = str(rng.choice(cases, p=shares / shares.sum()))
        yield draw_mail(rng, country, case), countries()[country]


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
    pieces: Iterator[tuple[MailPiece, Country]], model: Model, parameters: ReaderParameters, *, boxed: bool
) -> Answers:
    """Read all pieces; what is read otherwise than `boxed` says is left out."""
    reads: list[CodeRead] = []
    right, piece_of, wholes, uncoded = [], [], [], set()
    for number, (piece, country) in enumerate(pieces):
        if not piece.truth.value:
            uncoded.add(number)
        own = [read for read in read_piece(piece, country, model, parameters) if read.region.boxed is boxed]
        wholes += [[len(reads) + index for index in within] for within in wholes_of(own)]
        reads += own
        right += [read.candidates[0].value == piece.truth.value for read in own]
        piece_of += [number] * len(own)
    return Answers(
        np.array([read.evidence for read in reads]).reshape(-1, len(EVIDENCE)),
        np.array(right, np.bool_),
        np.array(piece_of, np.intp),
        wholes,
        frozenset(uncoded),
    )


def fit_confidence(answers: Answers) -> tuple[float, ...]:
    """Logistic regression of being right on the evidence (Platt, 1999).

    Every piece counts once, by the reading that would be taken: each of its readings as much as it is
    probable, by the round before, that it is the one.
    """
    prior = np.zeros(len(EVIDENCE))
    prior[[EVIDENCE.index("path"), EVIDENCE.index("place")]] = 1.0
    signs = {**dict.fromkeys(FOR, (0.0, None)), **dict.fromkeys(AGAINST, (None, 0.0))}
    # That a sender's code is not where the receiver's stands must not be outweighed by how well it reads.
    signs["place"] = (1.0, None)
    bounds: list[tuple[float | None, float | None]] = [signs.get(name, (None, None)) for name in EVIDENCE]
    counts = np.ones(len(answers.right))
    for _ in range(ROUNDS + 1):
        found = fit_logistic(answers.evidence, answers.right, prior, HELD, counts, bounds)
        confidence = np.maximum(confidences(answers, found.tolist()), 1e-9)
        counts = confidence / np.bincount(answers.piece, confidence)[answers.piece]
    return tuple(round(float(w), 4) for w in found)


def best_of_pieces(
    answers: Answers, confidence: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Of every piece the surest reading: its confidence, whether it is right, whether there was a code."""
    best = [
        int(own[confidence[own].argmax()])
        for piece in np.unique(answers.piece)
        if (own := np.flatnonzero(answers.piece == piece)).size
    ]
    coded = np.array([int(answers.piece[index]) not in answers.uncoded for index in best], np.bool_)
    return confidence[best], answers.right[best], coded


def confidences(answers: Answers, weights: Sequence[float]) -> NDArray[np.float64]:
    """Calibrated confidence of every answer, (N,), those that are parts of others lowered."""
    shares = expit(answers.evidence @ np.array(weights))
    return np.array(without_parts(shares.tolist(), answers.wholes))


def least_find(confidence: NDArray[np.float64], coded: NDArray[np.bool_], pieces: int) -> float:
    """Confidence below which a reading is no find: few of `pieces` without a code have a surer one."""
    of_none = np.sort(confidence[~coded])[::-1]
    allowed = int(FALSE_FINDS * pieces)
    return round(float(of_none[allowed]) + 1e-4, 4) if len(of_none) > allowed else 0.0


def fit_boxed(boxed: Answers, thresholds: Sequence[tuple[float, float]]) -> tuple[float, ...]:
    """Weights for codes in printed boxes, cautious enough for the thresholds of the others."""
    constant, *weights = fit_confidence(boxed)
    confidence = np.clip(confidences(boxed, (constant, *weights)), 1e-6, 1.0 - 1e-6)
    return (round(constant - caution(confidence, boxed.right, thresholds), 4), *weights)


def caution(
    confidence: NDArray[np.float64], right: NDArray[np.bool_], thresholds: Sequence[tuple[float, float]]
) -> float:
    """What is to be taken from the logits of other codes so that `thresholds` hold for them, too.

    One wrong code is let pass at each: they are few.
    """
    odds = logit(confidence)
    for less in np.arange(0.0, MOST_CAUTION, 0.1):
        taken = [odds - less >= logit(least) for _, least in thresholds]
        wrong = [int((~right[part]).sum()) for part in taken]
        allowed = [max(1.0, target * part.sum()) for (target, _), part in zip(thresholds, taken, strict=True)]
        if all(w <= a for w, a in zip(wrong, allowed, strict=True)):
            return float(less)
    return MOST_CAUTION


def fit_envelopes(directory: Path, pieces: int, seed: int) -> dict[str, Any]:
    """Fit and write envelope.json; returns figures of the second part."""
    started = time.monotonic()
    model = load_model(directory)
    plain = model.parameters
    spotter = Spotter(model, plain.weights, np.zeros(len(FEATURES)))
    first = round(PLACES_SHARE * pieces)
    drawn = draw_pieces(seed, first, WRITTEN)
    choices = [choice for piece, country in drawn if (choice := look(piece, country, spotter))]
    places, loss = fit_places(choices)
    found = replace(plain, envelope=EnvelopeParameters(places=places))
    written = answer(draw_pieces(seed + 1, pieces - first, WRITTEN), model, found, boxed=False)
    boxed = answer(draw_pieces(seed + 2, int(BOXED_SHARE * pieces), BOXED), model, found, boxed=True)
    weights = fit_confidence(written)
    confidence, right, coded = best_of_pieces(written, confidences(written, weights))
    envelope = EnvelopeParameters(
        places,
        weights,
        least=least_find(confidence, coded, len(written.uncoded)),
        thresholds=find_thresholds(confidence, right),
    )
    asked = [(target, max(least, envelope.least)) for target, least in envelope.thresholds]
    envelope = replace(envelope, boxed=fit_boxed(boxed, asked))
    told = {
        "command": f"python -m models.fit_envelopes DIR --pieces {pieces} --seed {seed}",
        "lost": first - len(choices),
        "loss": round(loss, 4),
        "exact": round(float(right[coded].mean()), 4),
        "exact_in_boxes": round(float(boxed.right.mean()), 4) if len(boxed.right) else None,
        "seconds": round(time.monotonic() - started),
    }
    envelope.save(directory / ENVELOPE, told)
    return told


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m models.fit_envelopes", description=__doc__)
    parser.add_argument("directory", type=Path, help="folder of a trained model with its reader")
    parser.add_argument("--pieces", type=int, default=1800)
    parser.add_argument("--seed", type=int, default=5_000_000)
    options = parser.parse_args(arguments)
    print(json.dumps(fit_envelopes(options.directory, options.pieces, options.seed)))


if __name__ == "__main__":
    main()
