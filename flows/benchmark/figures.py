"""How well pieces were read: exact, coverage at an error, wrong ones accepted, codes found where none is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from flows.benchmark.envelopes import Outcome, by_case, by_kind

COVERED_AT = 0.01


@dataclass(frozen=True)
class Figures:
    """Of pieces of one kind, or of all.

    pieces : drawn; coded : those with a code, of which the shares below are.
    exact : read right. coverage : the largest share of the coded that can be taken, most confident
        first, with at most COVERED_AT of those taken wrong; what is found on a piece without code is wrong.
    accepted : taken at the reader's threshold. accepted_wrong : how many of the accepted are wrong.
    uncoded : pieces without code. false_finds : those of them on which one was found: accepted, or as
        probable as finds are. offered : those on which any value, also an improbable one, is suggested.
    milliseconds : median processor time for reading a piece.
    """

    pieces: int
    coded: int
    exact: float
    coverage: float
    accepted: float
    accepted_wrong: int
    uncoded: int
    false_finds: int
    offered: int
    milliseconds: float

    @property
    def false_find_rate(self) -> float | None:
        """Share of the pieces without code on which one was found."""
        return self.false_finds / self.uncoded if self.uncoded else None


def judge(outcomes: Sequence[Outcome]) -> dict[str, Figures]:
    """Figures of `all` pieces, then of every kind and case."""
    groups = {"all": list(outcomes), **by_kind(outcomes), **by_case(outcomes)}
    return {name: measure(group) for name, group in groups.items()}


def measure(outcomes: Sequence[Outcome]) -> Figures:
    """Figures of some pieces."""
    coded = sum(bool(each.truth) for each in outcomes)
    uncoded = [each for each in outcomes if not each.truth]
    accepted = [each for each in outcomes if each.accepted]
    return Figures(
        pieces=len(outcomes),
        coded=coded,
        exact=sum(each.exact for each in outcomes) / max(coded, 1),
        coverage=coverage(outcomes, COVERED_AT),
        accepted=sum(bool(each.truth) for each in accepted) / max(coded, 1),
        accepted_wrong=sum(each.wrong for each in accepted),
        uncoded=len(uncoded),
        false_finds=sum(bool(each.value) and each.found for each in uncoded),
        offered=sum(bool(each.value) for each in uncoded),
        milliseconds=median(each.milliseconds for each in outcomes) if outcomes else 0.0,
    )


def coverage(outcomes: Sequence[Outcome], limit: float) -> float:
    """The largest share of the coded that can be taken with at most `limit` of those taken wrong."""
    total = sum(bool(each.truth) for each in outcomes)
    ranked = sorted((each for each in outcomes if each.value), key=lambda each: -each.confidence)
    best = wrong = 0
    for taken, each in enumerate(ranked, 1):
        wrong += each.wrong
        if wrong <= limit * taken:
            best = taken
    return min(1.0, best / total) if total else 0.0
