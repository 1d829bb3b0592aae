"""Draw mail pieces and read them, as `nightsort run` reads a scan of them."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from flows.errors import UsageError
from flows.reader import Reader, open_reader
from flows.tether import end_with_parent
from pipeline.document import Page
from pipeline.layouts import Layout
from sample_scans.mail import CASES, COUNTRIES, WEB, MailPiece, cases_of, draw_mail

if TYPE_CHECKING:
    from flows.reader import AnyLayout

EVIDENCE = ("zip-list", "barcodes")
_CHUNK = 8  # pieces that a process takes at once


@dataclass(frozen=True)
class Order:
    """What is to be drawn, and how it is to be read.

    cases : of the pieces, in equal parts; empty: all, by their shares.
    without : evidence besides the writing that is not heard, of EVIDENCE.
    """

    postal: str = "us"
    seed: int = 1
    cases: tuple[str, ...] = ()
    model: Path | None = None
    target_error: float = 0.01
    without: tuple[str, ...] = ()

    def check(self) -> None:
        """Raise UsageError for a country or case that is not drawn, or evidence that there is none of."""
        if self.postal not in COUNTRIES:
            raise UsageError(f"--postal {self.postal}: drawn are only {', '.join(COUNTRIES)}")
        for case in self.cases:
            if case not in cases_of(self.postal):
                known = ", ".join(cases_of(self.postal))
                raise UsageError(f"--case {case} does not exist; choose of {known}")
        for each in self.without:
            if each not in EVIDENCE:
                raise UsageError(f"--without {each} does not exist; choose of {', '.join(EVIDENCE)}")


@dataclass(frozen=True)
class Outcome:
    """A piece and what was read on it.

    number : of the piece; with the seed it draws it again.
    truth : its code, empty where none is written. value, confidence : as read.
    accepted : whether it would go through unseen. found : whether the value is a find, and no mere
        suggestion to the person who decides.
    barcode : whether one was printed on it. milliseconds : of processor time for reading.
    """

    number: int
    case: str
    truth: str
    value: str
    confidence: float
    accepted: bool
    milliseconds: float
    found: bool = True
    barcode: bool = False

    @property
    def exact(self) -> bool:
        """Whether a code that is written was read right."""
        return bool(self.truth) and self.value == self.truth

    @property
    def wrong(self) -> bool:
        """Whether a value was read that does not stand there."""
        return bool(self.value) and self.value != self.truth


def draw_piece(order: Order, number: int) -> MailPiece:
    """Piece `number` of an order; each has chance of its own, so any number of processes draws the same."""
    case = order.cases[number % len(order.cases)] if order.cases else None
    return draw_mail(np.random.default_rng((order.seed, number)), order.postal, case)


def read_pieces(order: Order, count: int, workers: int = 1) -> list[Outcome]:
    """Draw and read `count` pieces. Raises UsageError, SettingsError, ModelUnavailableError."""
    order.check()
    reader = open_for(order)
    if workers == 1 or count <= _CHUNK:
        return [read_piece(order, reader, number) for number in range(count)]
    del reader  # it could be opened, which is all that was to be known here
    context = get_context("spawn")
    with ProcessPoolExecutor(
        min(workers, -(-count // _CHUNK)), context, initializer=_begin, initargs=(order,)
    ) as pool:
        return list(pool.map(partial(_read_here, order), range(count), chunksize=_CHUNK))


def open_for(order: Order) -> Reader:
    """The reader that an order asks for."""
    return open_reader("envelope", order.postal, order.model, change=partial(_without, order.without))


def _without(names: Sequence[str], layout: AnyLayout) -> AnyLayout:
    """An envelope's layout without some evidence of its country."""
    assert isinstance(layout, Layout)
    assert layout.country is not None
    country = layout.country
    if "zip-list" in names:
        country = replace(country, codes="", share=1.0)
    if "barcodes" in names:
        country = replace(country, barcodes=())
    return replace(layout, country=country)


def read_piece(order: Order, reader: Reader, number: int) -> Outcome:
    """Draw one piece and read it."""
    piece = draw_piece(order, number)
    truth = piece.truth
    begin = time.process_time()
    reading = reader.read([Page(f"{number}", 1, piece.page, dpi=piece.dpi)])[0]
    spent = 1000.0 * (time.process_time() - begin)
    accepted = reading.reason is None and reading.confidence >= reader.threshold(order.target_error)
    return Outcome(
        number,
        truth.case,
        truth.value,
        reading.value,
        reading.confidence,
        bool(reading.value) and accepted,
        spent,
        bool(reading.value) and (accepted or reading.confidence >= reader.least_find),
        bool(truth.barcode),
    )


_readers: list[Reader] = []  # of this process


def _begin(order: Order) -> None:
    end_with_parent()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    import cv2  # noqa: PLC0415 - after the environment is set

    cv2.setNumThreads(1)
    _readers.append(open_for(order))


def _read_here(order: Order, number: int) -> Outcome:
    return read_piece(order, _readers[0], number)


def by_case(outcomes: Sequence[Outcome]) -> dict[str, list[Outcome]]:
    """The outcomes of every case, in the order of CASES."""
    cases = (*CASES, WEB)
    return {case: found for case in cases if (found := [each for each in outcomes if each.case == case])}


def by_kind(outcomes: Sequence[Outcome]) -> dict[str, list[Outcome]]:
    """The outcomes of pieces with a code parted in two ways, where there are both: barcodes, digits."""
    coded = [each for each in outcomes if each.truth]
    kinds = {
        "with barcode": [each for each in coded if each.barcode],
        "no barcode": [each for each in coded if not each.barcode],
        "nine digits": [each for each in coded if len(each.truth) == 9],
    }
    return {name: found for name, found in kinds.items() if 0 < len(found) < len(coded)}
