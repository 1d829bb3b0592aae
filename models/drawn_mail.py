"""Drawn mail, looked at and read as any mail is, with what is right about it: what codes are fitted on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.classifier import Model, load_model
from models.code_trust import KINDS, Answers, join
from models.material import each_shard
from models.truth import overlap
from pipeline.cut import cut_page
from pipeline.document import Box, Page
from pipeline.envelopes.codes import CodeRead, gather_reads, wholes_of
from pipeline.envelopes.parameters import EVIDENCE
from pipeline.envelopes.postal import existence
from pipeline.envelopes.written import Spotter, look_for_codes, search_lines
from pipeline.layouts import Country, countries, load_layout
from pipeline.paper import ink
from pipeline.paper.page_in_scan import find_page
from pipeline.parameters import ReaderParameters
from pipeline.strings.classify import see
from sample_scans.mail import NO_CODE, WEB, MailPiece, cases_of, draw_mail

UNCODED = 1 / 6  # of the pieces
TURNED = ("upside-down", "sideways")  # another part of reading turns these
SAME_PLACE = 0.3  # a stretch with its margin against the code's own ink
SHARD = 40  # pieces that one process draws at a time


@dataclass(frozen=True, eq=False)
class Choice:
    """A piece's stretches, (N, len(FEATURES)), and which of them is the code; -1 where none is."""

    features: NDArray[np.float64]
    right: int


@dataclass(frozen=True, eq=False)
class Mail:
    """`count` pieces of the countries `kinds` in turn, from piece number `first` on.

    boxes : whether boxes are printed, as `draw_mail` takes it.
    """

    seed: int
    count: int
    kinds: Sequence[str]
    boxes: bool | None = None
    first: int = 0

    def draw(self) -> Iterator[tuple[MailPiece, Country]]:
        """Draw them, none turned, with more of those that have no code; each number is always the same."""
        for number in range(self.first, self.first + self.count):
            rng = np.random.default_rng((self.seed, number))
            country = self.kinds[number % len(self.kinds)]
            known = cases_of(country)
            kept = {WEB} if self.boxes is False else set()  # those pictures show boxes
            cases = [case for case in known if case not in {*TURNED, *NO_CODE, *kept}]
            shares = np.array([known[case] for case in cases], np.float64)
            if rng.random() < UNCODED:
                case = NO_CODE[int(rng.integers(len(NO_CODE)))]
            else:
                case = str(rng.choice(cases, p=shares / shares.sum()))
            yield draw_mail(rng, country, case, boxes=self.boxes), countries()[country]

    def shards(self) -> list[Mail]:
        """The same pieces, a few at a time."""
        last = self.first + self.count
        starts = range(self.first, last, SHARD)
        return [replace(self, first=start, count=min(SHARD, last - start)) for start in starts]


def look_at(mail: Mail, directory: Path, parameters: ReaderParameters, workers: int) -> list[Choice]:
    """The stretches of every piece, but for those without any, or without the code among them."""
    shards = [(directory, parameters, part) for part in mail.shards()]
    return [choice for found in each_shard(_look_at, shards, workers) for choice in found]


def read_mail(mails: Sequence[Mail], directory: Path, parameters: ReaderParameters, workers: int) -> Answers:
    """The codes of every piece of all `mails` as read by the model in `directory` with `parameters`."""
    shards = [(directory, parameters, part) for mail in mails for part in mail.shards()]
    return join([answers for found in each_shard(_read_mail, shards, workers) for answers in found])


def _look_at(shard: tuple[Path, ReaderParameters, Mail]) -> list[Choice]:
    directory, parameters, mail = shard
    cv2.setNumThreads(1)
    spotter = Spotter(load_model(directory), parameters.weights, parameters.envelope.place_weights)
    return [choice for piece, country in mail.draw() if (choice := look(piece, country, spotter))]


def _read_mail(shard: tuple[Path, ReaderParameters, Mail]) -> list[Answers]:
    directory, parameters, mail = shard
    cv2.setNumThreads(1)
    model = load_model(directory)
    return [answer(piece, country, model, parameters) for piece, country in mail.draw()]


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


def answer(piece: MailPiece, country: Country, model: Model, parameters: ReaderParameters) -> Answers:
    """What is read of a piece; codes of lengths that its country does not have are never taken."""
    read = _read_piece(piece, country, model, parameters)
    own = [each for each in read if len(each.candidates[0].value) in country.lengths]
    values = [each.candidates[0].value for each in own]
    return Answers(
        np.array([each.evidence for each in own]).reshape(-1, len(EVIDENCE)),
        np.array([value == piece.truth.value for value in values], np.bool_),
        np.zeros(len(own), np.intp),
        [list(within) for within in wholes_of(own)],
        np.array([KINDS.index(each.kind) for each in own], np.intp),
        np.array([existence(value, country) for value in values], np.float64),
        frozenset() if piece.truth.value else frozenset({0}),
        1,
    )


def _read_piece(
    piece: MailPiece, country: Country, model: Model, parameters: ReaderParameters
) -> list[CodeRead]:
    """Every region of a piece as read, parts of others among them."""
    layout = load_layout("envelope", postal=country.code)
    spotter = Spotter(model, parameters.weights, parameters.envelope.place_weights)
    cut = cut_page(Page("", 1, piece.page, piece.dpi), layout, spotter)  # type: ignore[arg-type]
    seen = see([lattice for each in cut.cuts for lattice in each.lattices], model)
    return gather_reads(cut.cuts, country, iter(seen), parameters)
