"""What speaks for or against a postal code besides how it is written: the country's codes, and barcodes.

Both are evidence, weighed by Bayes' rule, and neither puts a value in the place of what is written. A code
that does not exist is more often misread than miswritten, and so is one that a barcode contradicts; but the
list may lack a new code, a person may write a wrong one, and the barcode was put there by a machine that read
the same writing. So readings of the writing gain and lose; a reading that has even odds by the writing alone
stays the value, and where the evidence speaks against it, it goes to a person with the reason why.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache

from pipeline.barcode import Barcode
from pipeline.belief import believed, believing
from pipeline.document import Reading, Reason
from pipeline.layouts import Country

# Pieces with a code that is in no list: the list lacks it, or whoever wrote it was wrong.
UNLISTED = 0.01
# Barcodes that state another code than the piece's: what postal readers are allowed to err (that one
# was decoded wrong is thousands of times less likely, see `pipeline.barcode`).
MISSORTED = 0.01
# How often the post's reader, when it misread a code, misread it the way we do.
SAME_MISTAKE = 0.3
# Odds that a barcode lends to the reading with which it agrees, against each of the others.
AGREEMENT = (1.0 - MISSORTED) / (MISSORTED * SAME_MISTAKE)
# A reading so probable by the writing alone is not replaced by another.
EVEN_ODDS = 0.5


def weigh_code(reading: Reading, country: Country, barcodes: Sequence[Barcode] = ()) -> Reading:
    """The reading of a postal code with its candidates weighed by the country's codes and the barcodes.

    The reason becomes `barcode-mismatch`, `bad-format` or `unknown-zip` where the evidence speaks against
    the value. Where no code was found, a barcode's is the alternative to finding none.
    """
    stated = stated_codes(barcodes)
    if not reading.value:
        if reading.empty or reading.reason is not Reason.NOT_FOUND or not _consistent(stated):
            return reading
        return replace(reading, alternatives=((stated[0][:5], 1.0 - MISSORTED),))
    if reading.reason is not None:
        return reading
    weighed = believed(reading)
    rest = max(0.0, 1.0 - sum(weighed.values()))
    weighed, rest = _ask_list(weighed, rest, reading.value, country)
    if _consistent(stated):
        weighed, rest = _hear_barcode(weighed, rest, stated[0])
    written = reading.value if reading.confidence >= EVEN_ODDS else None
    if written is None:  # the evidence chooses, but only among readings of the writing
        written = max(believed(reading), key=lambda value: (weighed[value], value))
    reading = believing(reading, weighed, rest, written)
    return replace(reading, reason=_objection(reading.value, country, stated))


def stated_codes(barcodes: Sequence[Barcode]) -> list[str]:
    """The different ZIP codes that barcodes state, those with the most digits first."""
    return sorted(
        {barcode.routing for barcode in barcodes if barcode.routing}, key=lambda code: (-len(code), code)
    )


def support(value: str, stated: Sequence[str]) -> float:
    """Odds that barcodes lend to the place where `value` was read, against other places on the piece."""
    return AGREEMENT if _consistent(stated) and _agree(value, stated[0]) else 1.0


def exists(value: str, country: Country) -> bool:
    """Whether a code of the right form is in the country's list; True where it has none."""
    return not country.codes or LISTS[country.codes](value)


def has_form(value: str, country: Country) -> bool:
    """Whether digits have a number and a beginning that codes of the country have."""
    return len(value) in country.lengths and bool(re.fullmatch(country.valid, value))


def existence(value: str, country: Country) -> float:
    """How much more probable a code is, by the country's codes, than one of which nothing is known."""
    if country.share >= 1.0 or len(value) not in country.lengths:
        return 1.0
    if has_form(value, country) and exists(value, country):
        return (1.0 - UNLISTED) / country.share
    return UNLISTED / (1.0 - country.share)


def _ask_list(
    weighed: dict[str, float], rest: float, value: str, country: Country
) -> tuple[dict[str, float], float]:
    """Weights of the candidates and of all other values after the word of the country's codes."""
    beyond = _unsaid(value, min(country.lengths))
    asked = {each: p * existence(each, country) for each, p in weighed.items()}
    return asked, rest * (1.0 - beyond + beyond * existence(value, country))


def _hear_barcode(weighed: dict[str, float], rest: float, stated: str) -> tuple[dict[str, float], float]:
    """Weights of the candidates and of all other values after a barcode's word."""
    agreeing = [value for value in weighed if _agree(value, stated)]
    if agreeing:
        beyond = max(_unsaid(value, _compared(value, stated)) for value in agreeing)
        heard = {value: p * (AGREEMENT if value in agreeing else 1.0) for value, p in weighed.items()}
        return heard, rest * (1.0 - beyond + beyond * AGREEMENT)
    # No reading looks like it: either the post was wrong, or it is among what could not be read at all.
    heard = {value: p * MISSORTED for value, p in weighed.items()}
    code = stated[: max(map(len, weighed))] if len(stated) >= max(map(len, weighed)) >= 5 else stated[:5]
    return {code: rest * (1.0 - MISSORTED), **heard}, rest * MISSORTED


def _objection(value: str, country: Country, stated: Sequence[str]) -> Reason | None:
    """What speaks against acting on a value."""
    if any(not _agree(value, code) for code in stated):
        return Reason.BARCODE_MISMATCH
    if not has_form(value, country):
        return Reason.BAD_FORMAT
    return None if exists(value, country) else Reason.UNKNOWN_ZIP


def _unsaid(value: str, digits: int) -> float:
    """Of the values that nobody thought of, how many share the first `digits` of a value and differ later."""
    return max(0.0, 1.0 - digits / len(value))


def _compared(value: str, stated: str) -> int:
    return 9 if len(value) >= 9 and len(stated) >= 9 else 5


def _agree(value: str, stated: str) -> bool:
    """Whether a code is the stated one as far as both have digits (without the delivery point's two)."""
    compared = _compared(value, stated)
    return value[:compared] == stated[:compared]


def _consistent(stated: Sequence[str]) -> bool:
    return bool(stated) and all(_agree(code[:9], stated[0]) for code in stated)


def _is_zip(value: str) -> bool:
    """Whether the first five digits are a ZIP code: one of the `zipcodes` package, renewed every month."""
    return value[:5] in _zips_of(value[:3])


@cache
def _zips_of(area: str) -> frozenset[str]:
    """All ZIP codes that begin so: the package looks through its whole table at every question."""
    import zipcodes  # noqa: PLC0415 - only where US mail is read; loads its table at the first question

    return frozenset(row["zip_code"] for row in zipcodes.similar_to(area))  # type: ignore[no-untyped-call]


LISTS: dict[str, Callable[[str], bool]] = {"zipcodes": _is_zip}
