"""Made-up people and their addresses: names at random in places that exist, with codes of those places."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_FIRST = ("Ada", "Ben", "Clara", "David", "Ellen", "Frank", "Grace", "Henry", "Iris", "Jack", "Karen", "Leo")
_LAST = ("Adler", "Baker", "Carter", "Dunn", "Ellis", "Foster", "Gray", "Hill", "Irving", "Keller", "Lopez")
_STREETS = ("Maple", "Oak", "Cedar", "Elm", "Pine", "Lake", "Park", "Main", "Church", "River", "Walnut")
_KINDS = ("Street", "St", "Avenue", "Ave", "Road", "Rd", "Lane", "Drive")

# City, state, the first three digits of its codes, and the last two of some that exist.
_US = """
Springfield IL 627:01 02 03 04 05 07 08 11 12 91 94|Portland ME 041:01 02 03 04 09 12
Boston MA 021:08 11 12 13 15 16 18 23 33 63 96 99|Albany NY 122:01 02 04 05 09 10 11 20 23 24 26 60
Newark NJ 071:01 02 03 04 05 06 07 08 12 14|Dover DE 199:01 03 04 05 06
Richmond VA 232:22 23 24 25 30 34 37 41 50 61 85 98|Raleigh NC 276:03 05 09 11 13 16 17 22 27 29 50 58
Columbia SC 292:02 03 04 09 12 21 23 24 29 50 60 90|Atlanta GA 303:01 09 18 25 26 27 29 42 46 57 60 92
Tampa FL 336:01 04 07 09 15 17 31 79 87 88 89 94|Mobile AL 366:01 02 06 08 10 11 18 19 41 60 93 95
Memphis TN 381:03 09 14 15 19 26 31 37 67 77 84 86|Jackson MS 392:01 02 03 04 05 11 25 69 84 86 89 98
Louisville KY 402:01 02 12 13 18 19 23 50 58 59 61 91|Columbus OH 432:02 07 13 16 17 19 29 30 31 34 35 36
Dayton OH 454:10 16 19 20 24 26 28 29 33 39 40 79|Lansing MI 489:01 06 08 09 10 11 12 15 17 24 33
Des Moines IA 503:02 03 04 05 08 11 12 13 21 36 94 95|Madison WI 537:01 03 04 07 08 13 16 18 19 25 26 44
Duluth MN 558:02 03 04 05 06 07 10 11 12 14 15 16|Fargo ND 581:02 03 04 05 06 07 08 09
Billings MT 591:01 02 03 04 05 06 07 08|Peoria IL 616:01 03 04 06 07 14 15 50 52 53 54 56
St Louis MO 631:01 04 06 07 15 28 30 37 46 56 63 77|Wichita KS 672:02 06 07 09 10 14 16 18 19 26 28 30
Omaha NE 681:02 10 11 16 19 22 24 31 36 39 42 52|Baton Rouge LA 708:02 05 08 14 18 19 35 36 37 79 93 95
Little Rock AR 722:01 03 04 06 07 10 14 16 19 23 27 31|Tulsa OK 741:01 06 07 14 27 28 31 37 48 49 52 70
Dallas TX 752:12 14 15 16 33 34 35 38 47 50 66 67|Austin TX 787:05 28 33 35 36 45 46 47 52 54 68 99
Denver CO 802:09 12 14 17 23 29 37 38 47 49 50 93|Cheyenne WY 820:01 03 07 09
Boise ID 837:01 02 03 04 06 07 08 11 12 13 16 17|Provo UT 846:01 02 03 04 05 06
Phoenix AZ 850:05 09 15 26 28 29 30 34 39 50 62 67|Tucson AZ 857:05 06 10 13 15 18 22 36 41 46 51 56
Santa Fe NM 875:01 02 04 05 06 07 08 92 94|Las Vegas NV 891:11 15 20 21 24 28 32 34 41 46 62 69
Pasadena CA 911:01 02 03 04 05 06 07 09 14 15 16 17|Fresno CA 937:02 05 08 16 21 37 44 45 47 55 75 93
Oakland CA 946:01 03 04 05 06 07 09 11 12 17 21 61|Eugene OR 974:01 02 03 04 05 08 40
Salem OR 973:01 02 03 04 05 06 08 09 17|Seattle WA 981:02 03 09 15 21 27 34 41 61 64 66 68
Spokane WA 992:01 02 04 07 08 12 13 14 15 17 18 23|Hartford CT 061:04 06 12 20 32 40 41 42 46 47 52 99
Concord NH 033:01 02 03
"""
UNKNOWN = 0.02  # of the codes are digits at random after the first three; every other of those exists

_FR = "75 Paris|69 Lyon|13 Marseille|31 Toulouse|33 Bordeaux|44 Nantes|67 Strasbourg|59 Lille|21 Dijon"
_DE = "10 Berlin|20 Hamburg|80 Muenchen|50 Koeln|60 Frankfurt|70 Stuttgart|04 Leipzig|30 Hannover|01 Dresden"
_HU = "10 Budapest|40 Debrecen|67 Szeged|35 Miskolc|76 Pecs|90 Sopron|44 Eger|24 Baja|80 Tata|97 Vasvar"
_FR_STREETS = ("rue de la Gare", "avenue du Parc", "rue du Moulin", "place du Marche", "rue Sainte Anne")
_DE_STREETS = ("Bahnhofstr.", "Gartenweg", "Hauptstr.", "Lindenallee", "Am Markt", "Bergstr.")
_HU_STREETS = ("Kossuth utca", "Petofi utca", "Arany J. utca", "Rakoczi ut", "Virag utca")


@dataclass(frozen=True)
class _Land:
    """Towns with the first digits of their codes; streets; digits of a code; after how many a dash comes."""

    towns: str
    streets: tuple[str, ...]
    digits: int
    dash: int = 0


_LANDS = {
    "in": _Land(
        "110 New Delhi|400 Mumbai|700 Kolkata|560 Bengaluru|600 Chennai|500 Hyderabad|380 Ahmedabad",
        ("M G Road", "Station Road", "Park Street", "Nehru Nagar", "Civil Lines"),
        6,
    ),
    "br": _Land(
        "01 Sao Paulo|20 Rio de Janeiro|30 Belo Horizonte|40 Salvador|50 Recife|70 Brasilia|90 Porto Alegre",
        ("Rua das Flores", "Avenida Brasil", "Rua do Sol", "Praca da Matriz"),
        8,
        5,
    ),
    "pl": _Land(
        "00 Warszawa|30 Krakow|50 Wroclaw|60 Poznan|80 Gdansk|90 Lodz|20 Lublin",
        ("ul. Polna", "ul. Lesna", "ul. Dluga", "al. Lipowa"),
        5,
        2,
    ),
    "es": _Land(
        "28 Madrid|08 Barcelona|46 Valencia|41 Sevilla|50 Zaragoza|29 Malaga|15 A Coruna",
        ("Calle Mayor", "Calle Nueva", "Avenida del Mar", "Plaza de la Iglesia"),
        5,
    ),
    "it": _Land(
        "00 Roma|20 Milano|10 Torino|80 Napoli|50 Firenze|40 Bologna|16 Genova",
        ("Via Roma", "Via Garibaldi", "Corso Italia", "Piazza Dante"),
        5,
    ),
}


@dataclass(frozen=True)
class Address:
    """Lines above the town, the town, and the code's digits; `code` as written (`12345-6789`)."""

    lines: tuple[str, ...]
    town: str
    code: str

    @property
    def value(self) -> str:
        """The code's digits alone."""
        return "".join(c for c in self.code if c.isdigit())


def _pick(rng: np.random.Generator, choices: tuple[str, ...] | list[str]) -> str:
    return choices[int(rng.integers(len(choices)))]


def _figures(rng: np.random.Generator, count: int) -> str:
    return "".join(map(str, rng.integers(0, 10, count).tolist()))


def draw_address(rng: np.random.Generator, country: str) -> Address:
    """An address in one of us, fr, de, hu, jp, in, br, pl, es and it."""
    name = f"{_pick(rng, _FIRST)} {_pick(rng, _LAST)}"
    number = str(rng.integers(1, 1 + int(rng.choice((60, 900, 9000)))))
    if country == "us":
        place, _, known = _pick(rng, _US.strip().replace("\n", "|").split("|")).partition(":")
        place, _, prefix = place.rpartition(" ")
        city, _, state = place.rpartition(" ")
        code = prefix + (_figures(rng, 2) if rng.random() < UNKNOWN else _pick(rng, known.split()))
        if rng.random() < 0.25:
            code += "-" + _figures(rng, 4)
        prefix_title = _pick(rng, ("", "", "Mr. ", "Mrs. ", "Dr. "))
        street = f"{number} {_pick(rng, _STREETS)} {_pick(rng, _KINDS)}"
        extra = (f"Apt {rng.integers(1, 40)}",) if rng.random() < 0.2 else ()
        comma = "," if rng.random() < 0.6 else ""
        return Address((prefix_title + name, street, *extra), f"{city}{comma} {state}", code)
    if country == "jp":
        return Address((name,), "", f"{_figures(rng, 3)}-{_figures(rng, 4)}")
    if country in _LANDS:
        return _draw_in(rng, _LANDS[country], (name, number))
    towns = {"fr": _FR, "de": _DE, "hu": _HU}[country].split("|")
    prefix, _, town = _pick(rng, towns).partition(" ")
    code = prefix + _figures(rng, 2 if country == "hu" else 3)
    if country == "fr":
        return Address((f"Mme {name}", f"{number[:3]} {_pick(rng, _FR_STREETS)}"), town, code)
    if country == "de":
        return Address(
            (_pick(rng, ("Herrn", "Frau", "Familie")), name, f"{_pick(rng, _DE_STREETS)} {number[:3]}"),
            town,
            code,
        )
    return Address((name, f"{_pick(rng, _HU_STREETS)} {number[:2]}."), town, code)


def _draw_in(rng: np.random.Generator, land: _Land, who: tuple[str, str]) -> Address:
    """who : a name, and the number of a house."""
    prefix, _, town = _pick(rng, land.towns.split("|")).partition(" ")
    code = prefix + _figures(rng, land.digits - len(prefix))
    if land.dash:
        code = f"{code[: land.dash]}-{code[land.dash :]}"
    return Address((who[0], f"{_pick(rng, land.streets)} {who[1][:3]}"), town, code)
