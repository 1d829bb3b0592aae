"""The Intelligent Mail barcode of the US post: 65 bars of four states hold 31 digits (USPS-B-3200, Rev. H).

A bar reaches up or not and down or not: `F` (full: both), `A` (ascender), `D` (descender), `T` (tracker:
neither). The digits become one number, the number ten codewords, each codeword a character of 13 bits, and
every bit one end of one bar. A remainder of 11 bits over the number (the frame check sequence) hides in
which characters are inverted, so that a barcode in which some bars were misread does not decode.
"""

from __future__ import annotations

from dataclasses import dataclass

BARS = 65
TRACKING = 20
ROUTING = (0, 5, 9, 11)

_BITS = 13
_INVERTED = (1 << _BITS) - 1
_FIVES, _LAST, _FIRST = 1287, 636, 659
_RADIX = _FIVES + 78
# Numbers of the shorter routing codes: the longer ones count on from them.
_OFFSETS = {0: 0, 5: 1, 9: 1 + 10**5, 11: 1 + 10**5 + 10**9}
_NUMBERS = 1 + 10**5 + 10**9 + 10**11
_CRC_BITS, _CRC_POLYNOMIAL, _CRC_START, _DATA_BITS = 11, 0x0F35, 0x07FF, 102
# Of every bar, left to right: character (A..J) and bit of its descender, then of its ascender.
_PLACES = """
H2E3 B10A0 J12C8 F5G11 I9D1 A1F12 C5B8 E4J11 G3I10 D9H6 F11B4 I5C12 J10A2 H1G7 D6E9 A3I6 G4C7 B1J9 H10F2 E0D8
G2A4 I11B0 J8D12 C6H7 F1E10 B12G9 H3I0 F8J7 E6C10 D4A5 I4F7 H11B9 G0J6 A6E8 C1D2 F9I12 E11G1 J5H4 D3B2 A7C0
B3E1 G10D5 I7J4 C11F6 A8H12 E2I1 F10D0 J3A9 G5C4 H8B7 F0E5 C3A10 G12J2 D11B6 I8H9 F4A11 B5C2 J1E12 I3G6 H0D7
E7H5 A12B11 C9J0 G8F3 D10I2
"""


@dataclass(frozen=True)
class IntelligentMail:
    """What the barcode says.

    tracking : 20 digits (barcode identifier, service, mailer, serial number); the second is 0 to 4.
    routing : ZIP code of the destination: 5, 9 or 11 digits, or '' where it is not told.
    """

    tracking: str
    routing: str = ""


def encode(mail: IntelligentMail) -> str:
    """The 65 bars from left to right, as letters F, A, D, T. Raises ValueError for what has no barcode."""
    number = _number(mail)
    check = _frame_check(number)
    characters = []
    for place, word in enumerate(_codewords(number, check)):
        bits = _CHARACTERS[word]
        characters.append(bits ^ _INVERTED if check >> place & 1 else bits)
    return "".join(
        "TDAF"[(characters[dc] >> db & 1) + 2 * (characters[ac] >> ab & 1)] for dc, db, ac, ab in _BAR_PLACES
    )


def decode(bars: str) -> IntelligentMail | None:
    """What 65 bars, left to right, say; None where they are no barcode or one bar of it is wrong.

    Raises ValueError for letters other than F, A, D and T.
    """
    if set(bars) - set("FADT"):
        raise ValueError(f"the states of bars are F, A, D and T, not {bars!r}")
    if len(bars) != BARS:
        return None
    characters = [0] * 10
    for bar, (dc, db, ac, ab) in zip(bars, _BAR_PLACES, strict=True):
        characters[dc] |= (bar in "DF") << db
        characters[ac] |= (bar in "AF") << ab
    return _from_characters(characters)


def _from_characters(characters: list[int]) -> IntelligentMail | None:
    words, check = [], 0
    for place, bits in enumerate(characters):
        inverted = bits not in _CODEWORDS
        word = _CODEWORDS.get(bits ^ _INVERTED if inverted else bits)
        if word is None:
            return None
        words.append(word)
        check |= inverted << place
    check |= (words[0] >= _FIRST) << 10
    number = words[0] % _FIRST
    for word in words[1:9]:
        number = number * _RADIX + word
    number = number * _LAST + words[9] // 2
    if words[0] >= 2 * _FIRST or words[9] % 2 or words[9] >= 2 * _LAST or _frame_check(number) != check:
        return None
    return _mail(number)


def _number(mail: IntelligentMail) -> int:
    tracking, routing = mail.tracking, mail.routing
    digits = tracking + routing
    if (
        not (digits.isascii() and digits.isdigit())
        or len(tracking) != TRACKING
        or len(routing) not in ROUTING
    ):
        raise ValueError(f"20 digits and 0, 5, 9 or 11 digits are needed, not {tracking!r} and {routing!r}")
    if tracking[1] > "4":
        raise ValueError(f"the second digit of a tracking code is 0 to 4: {tracking!r}")
    number = int(routing or "0") + _OFFSETS[len(routing)]
    number = (number * 10 + int(tracking[0])) * 5 + int(tracking[1])
    return number * 10**18 + int(tracking[2:])


def _mail(number: int) -> IntelligentMail | None:
    number, serial = divmod(number, 10**18)
    number, second = divmod(number, 5)
    number, first = divmod(number, 10)
    if number >= _NUMBERS:
        return None
    length = max(length for length, offset in _OFFSETS.items() if number >= offset)
    routing = f"{number - _OFFSETS[length]:0{length}d}" if length else ""
    return IntelligentMail(f"{first}{second}{serial:018d}", routing)


def _frame_check(number: int) -> int:
    """Remainder of 11 bits over the number's 102."""
    check = _CRC_START
    for place in reversed(range(_DATA_BITS)):
        carry = (check >> (_CRC_BITS - 1) ^ number >> place) & 1
        check = (check << 1 ^ carry * _CRC_POLYNOMIAL) & _CRC_START
    return check


def _codewords(number: int, check: int) -> list[int]:
    """Ten codewords; the last is even (it tells which way round), the first holds a bit of the check."""
    number, last = divmod(number, _LAST)
    words = [2 * last]
    for _ in range(8):
        number, word = divmod(number, _RADIX)
        words.append(word)
    words.append(number + (_FIRST if check >> 10 else 0))
    return words[::-1]


def _of_13(count: int) -> list[int]:
    """Numbers of 13 bits with `count` ones in the specification's order: each beside its mirror image.

    Those that are their own mirror image come last, from the end.
    """
    pairs: list[int] = []
    symmetric: list[int] = []
    for bits in range(1 << _BITS):
        if bits.bit_count() != count:
            continue
        mirrored = int(f"{bits:0{_BITS}b}"[::-1], 2)
        if mirrored == bits:
            symmetric.append(bits)
        elif mirrored > bits:
            pairs += [bits, mirrored]
    return pairs + symmetric[::-1]


def _bar_places() -> list[tuple[int, int, int, int]]:
    """Character and bit of every bar's descender, then of its ascender."""
    places = []
    for word in _PLACES.split():
        second = next(i for i in range(1, len(word)) if word[i].isalpha())
        ends = [("ABCDEFGHIJ".index(end[0]), int(end[1:])) for end in (word[:second], word[second:])]
        places.append((*ends[0], *ends[1]))
    return places


_CHARACTERS = _of_13(5) + _of_13(2)
_CODEWORDS = {bits: word for word, bits in enumerate(_CHARACTERS)}
_BAR_PLACES = _bar_places()
