"""Read a postal code: every region that may hold it, and of these the one most probably right."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pipeline.cut import Cut, CutPage
from pipeline.document import Reading, Reason
from pipeline.envelopes.parameters import EVIDENCE, EnvelopeParameters, Kind
from pipeline.envelopes.postal import stated_codes, support, weigh_code
from pipeline.envelopes.spot import FEATURES
from pipeline.layouts import Country, Layout
from pipeline.locate import Region
from pipeline.parameters import ReaderParameters
from pipeline.strings.classify import Seen
from pipeline.strings.decode import Candidate, align, score_runs
from pipeline.strings.lattice import Lattice
from pipeline.strings.values import alternatives, read_boxes, read_line

# A postal code of another length than its country's: that unlikely, before the writing is seen.
OFF_LENGTH = 0.05
SUREST_PLACE = 1e-4
# A value less probable than this helps nobody who has to decide.
LEAST_SHOWN = 0.02
PLACE = EVIDENCE.index("place")
# So probable must a place be, against that of a part of it, to be where the whole code stands, or what was
# read there must have such a share of all readings.
LEAST_OF_PART, WELL_READ = 0.25, 0.8
SLACK = 0.2  # between the sides of a part and of the whole, heights of the region
LEAD, ENOUGH_LEAD = FEATURES.index("lead"), -0.3
PASSED = FEATURES.index("passed")
SUREST = 9.0  # logits


@dataclass(frozen=True)
class CodeRead:
    """A region as read: its candidates, best first, and what speaks for the best one."""

    region: Region
    candidates: list[Candidate]
    evidence: tuple[float, ...]
    kind: Kind
    confidence: float


def read_code(
    page: CutPage, layout: Layout, country: Country, seen: Iterator[Seen], parameters: ReaderParameters
) -> Reading:
    """The country's code on a page, its candidates weighed by the codes that exist and by barcodes.

    Also what is too improbable for a find is given, for the person who decides; no threshold accepts it.
    """
    found = read_codes(page.cuts, country, seen, parameters)
    return weigh_code(settle_code(page, layout, found), country, page.barcodes)


def read_codes(
    cuts: Sequence[Cut], country: Country, seen: Iterator[Seen], parameters: ReaderParameters
) -> list[CodeRead]:
    """What was read on a page, most probably right first."""
    found = gather_reads(cuts, country, seen, parameters)
    confidence = without_parts([read.confidence for read in found], wholes_of(found))
    apart = [replace(read, confidence=each) for read, each in zip(found, confidence, strict=True)]
    return sorted(apart, key=lambda read: -read.confidence)


def gather_reads(
    cuts: Sequence[Cut], country: Country, seen: Iterator[Seen], parameters: ReaderParameters
) -> list[CodeRead]:
    """Every region of a page as read, parts of codes among them; regions without a value are left out."""
    found = [read for cut in cuts if (read := _read(cut, country, seen, parameters))]
    return join_places(found, parameters.envelope)


def join_places(found: Sequence[CodeRead], envelope: EnvelopeParameters) -> list[CodeRead]:
    """Each value once on the same ink, and a whole code with the places of its parts besides its own."""
    merged = _merge(found)
    joined = []
    for read in merged:
        prior = read.region.prior + sum(part.region.prior for part in merged if _holds(read, part))
        joined.append(_placed(read, prior, envelope))
    return joined


def wholes_of(found: Sequence[CodeRead]) -> list[list[int]]:
    """For every reading the indices of those of which it is the beginning or the end, on the same ink."""
    return [[index for index, whole in enumerate(found) if _holds(whole, part)] for part in found]


def without_parts(confidence: Sequence[float], wholes: Sequence[Sequence[int]]) -> list[float]:
    """The confidences of readings, lowered as far as one is right of which they are only a part."""
    return [
        own * (1.0 - max((confidence[index] for index in within), default=0.0))
        for own, within in zip(confidence, wholes, strict=True)
    ]


def settle_code(page: CutPage, layout: Layout, found: Sequence[CodeRead]) -> Reading:
    """The reading of a page whose regions were read as `found`, by the writing alone.

    Of two places where a code may stand, a barcode on the page tells the destination's from the sender's.
    """
    stated = stated_codes(page.barcodes)
    weights = [read.confidence * support(read.candidates[0].value, stated) for read in found]
    if not found or max(weights) < LEAST_SHOWN:
        box = page.cuts[0].region.box if page.cuts else None
        return Reading(page.scan, page.number, layout.field, box=box, reason=Reason.NOT_FOUND)
    best = found[weights.index(max(weights))]
    return Reading(
        page.scan,
        page.number,
        layout.field,
        value=best.candidates[0].value,
        confidence=best.confidence,
        alternatives=alternatives(best.candidates, best.confidence),
        box=best.region.box,
    )


def _read(cut: Cut, country: Country, seen: Iterator[Seen], parameters: ReaderParameters) -> CodeRead | None:
    lines = [next(seen) for _ in cut.lattices]
    if cut.region.boxed:
        candidates, digits = read_boxes(lines, parameters)
    else:
        candidates, digits = read_line(lines[0], parameters, country.lengths, OFF_LENGTH)
    if not candidates or not candidates[0].value:
        return None
    missing = 0 if cut.region.boxed else _missing_dashes(lines[0], country, candidates[0].value, parameters)
    boxed, prior = cut.region.boxed, cut.region.prior
    evidence = code_evidence(candidates, digits, 1.0 if boxed else prior, missing, cut.region.looks)
    kind = Kind.BOXED if boxed else Kind.LISTED if country.codes else Kind.UNLISTED
    confidence = parameters.envelope.confidence(evidence, kind)
    if boxed:  # drawn boxes are always where they should be: nothing can be fitted about others
        confidence *= prior / (confidence * prior + 1.0 - confidence)
    if len(candidates[0].value) not in country.lengths:
        confidence = 0.0  # boxes left empty: no code at all
    return CodeRead(cut.region, candidates, evidence, kind, confidence)


def code_evidence(
    candidates: Sequence[Candidate],
    digits: Sequence[float],
    prior: float,
    missing_dashes: int,
    looks: Sequence[float] = (),
) -> tuple[float, ...]:
    """What speaks for the first of `candidates`, in the order of `envelope.EVIDENCE`.

    digits : probability of each of its digits. prior : probability that the code stands there.
    looks : of its place, in the order of `spot.FEATURES`; empty where it was not asked.
    """
    first = candidates[0]
    share = min(max(first.probability, 1e-6), 1.0 - 1e-6)
    second = max(candidates[1].probability if len(candidates) > 1 else 0.0, 1e-6)
    path = math.log(share / (1.0 - share))
    asked = first.cut != 0.0 or first.whole != 0.0
    return (
        1.0,
        _logit(prior),
        path,
        min(math.log(share / second), 12.0),
        math.log(max(min(digits, default=1.0), 1e-4)),
        float(len(first.value)),
        float(missing_dashes),
        _logit_of_log(first.whole) if asked else path,
        looks[PASSED] if looks else 0.0,
        min(looks[LEAD] - ENOUGH_LEAD, 0.0) if looks else 0.0,
    )


def _logit_of_log(log: float) -> float:
    """Logit of a probability whose logarithm is given, within the bounds of SUREST."""
    return min(max(log - math.log(max(-math.expm1(log), 1e-12)), -SUREST), SUREST)


def _logit(prior: float) -> float:
    place = min(max(prior, SUREST_PLACE), 1.0 - SUREST_PLACE)
    return math.log(place / (1.0 - place))


def _merge(found: Sequence[CodeRead]) -> list[CodeRead]:
    """Each value once on the same ink: the reading that is best there stands for the places of all."""
    merged: list[CodeRead] = []
    for read in sorted(found, key=lambda each: -each.candidates[0].probability):
        for index, other in enumerate(merged):
            if _same(read, other):
                region = replace(other.region, prior=min(1.0, other.region.prior + read.region.prior))
                merged[index] = replace(other, region=region)
                break
        else:
            merged.append(read)
    return merged


def _same(one: CodeRead, other: CodeRead) -> bool:
    """Whether two readings among lines have the same value on the same ink."""
    a, b = one.region.box, other.region.box
    across = a.x < b.x + b.width and b.x < a.x + a.width
    level = a.y < b.y + b.height and b.y < a.y + a.height
    alike = one.candidates[0].value == other.candidates[0].value
    return alike and across and level and not (one.region.boxed or other.region.boxed)


def _placed(read: CodeRead, prior: float, envelope: EnvelopeParameters) -> CodeRead:
    """A reading with another probability that the code stands where it was read."""
    if read.region.boxed:
        return read
    evidence = (*read.evidence[:PLACE], _logit(prior), *read.evidence[PLACE + 1 :])
    return replace(read, evidence=evidence, confidence=envelope.confidence(evidence, read.kind))


def _holds(whole: CodeRead, part: CodeRead) -> bool:
    """Whether a reading begins or ends with another one that was read on a part of its ink."""
    longer, shorter = whole.candidates[0].value, part.candidates[0].value
    if whole.region.boxed or len(longer) <= len(shorter):
        return False
    if whole.region.prior < LEAST_OF_PART * part.region.prior and whole.candidates[0].probability < WELL_READ:
        return False  # hardly a code: a word that stands beside one
    a, b = whole.region.box, part.region.box
    slack = SLACK * a.height  # the margin of each follows its own height
    inside = a.x - slack <= b.x and b.x + b.width <= a.x + a.width + slack
    level = a.y < b.y + b.height and b.y < a.y + a.height
    return inside and level and (longer.endswith(shorter) or longer.startswith(shorter))


def _missing_dashes(seen: Seen, country: Country, value: str, parameters: ReaderParameters) -> int:
    """How many dashes of the country's code are not there in a value that should have them."""
    dashes = country.dashes(len(value))
    if not dashes:
        return 0
    way = align(score_runs(seen.lattice, seen.proba, parameters.weights), value)
    return sum(not way or not _parted(seen.lattice, way, place) for place in dashes)


def _parted(lattice: Lattice, way: list[int], place: int) -> bool:
    """Whether a dash may stand before digit `place` of a way: a piece left out, or the widest white."""
    boxes = lattice.boxes[way]
    white = boxes[1:, 0] - boxes[:-1, 2]
    left_out = lattice.edges[way[place - 1], 1] < lattice.edges[way[place], 0]
    return bool(left_out or white[place - 1] == white.max())
