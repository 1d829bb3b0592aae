"""Made-up people and their addresses: names at random in places that exist, with codes of those places."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_FIRST = ("Ada", "Ben", "Clara", "David", "Ellen", "Frank", "Grace", "Henry", "Iris", "Jack", "Karen", "Leo")
_LAST = ("Adler", "Baker", "Carter", "Dunn", "Ellis", "Foster", "Gray", "Hill", "Irving", "Keller", "Lopez")
_STREETS = ("Maple", "Oak", "Cedar", "Elm", "Pine", "Lake", "Park", "Main", "Church", "River", "Walnut")
_KINDS = ("Street", "St", "Avenue", "Ave", "Road", "Rd", "Lane", "Drive")

# City, state and the first three digits of codes that belong there.
_US = """
Springfield IL 627|Portland ME 041|Boston MA 021|Albany NY 122|Newark NJ 071|Dover DE 199|Richmond VA 232
Raleigh NC 276|Columbia SC 292|Atlanta GA 303|Tampa FL 336|Mobile AL 366|Memphis TN 381|Jackson MS 392
Louisville KY 402|Columbus OH 432|Dayton OH 454|Lansing MI 489|Des Moines IA 503|Madison WI 537|Duluth MN 558
Fargo ND 581|Billings MT 591|Peoria IL 616|St Louis MO 631|Wichita KS 672|Omaha NE 681|Baton Rouge LA 708
Little Rock AR 722|Tulsa OK 741|Dallas TX 752|Austin TX 787|Denver CO 802|Cheyenne WY 820|Boise ID 837
Provo UT 846|Phoenix AZ 850|Tucson AZ 857|Santa Fe NM 875|Las Vegas NV 891|Pasadena CA 911|Fresno CA 937
Oakland CA 946|Eugene OR 974|Salem OR 973|Seattle WA 981|Spokane WA 992|Hartford CT 061|Concord NH 033
"""
_FR = "75 Paris|69 Lyon|13 Marseille|31 Toulouse|33 Bordeaux|44 Nantes|67 Strasbourg|59 Lille|21 Dijon"
_DE = "10 Berlin|20 Hamburg|80 Muenchen|50 Koeln|60 Frankfurt|70 Stuttgart|04 Leipzig|30 Hannover|01 Dresden"
_HU = "10 Budapest|40 Debrecen|67 Szeged|35 Miskolc|76 Pecs|90 Sopron|44 Eger|24 Baja|80 Tata|97 Vasvar"
_FR_STREETS = ("rue de la Gare", "avenue du Parc", "rue du Moulin", "place du Marche", "rue Sainte Anne")
_DE_STREETS = ("Bahnhofstr.", "Gartenweg", "Hauptstr.", "Lindenallee", "Am Markt", "Bergstr.")
_HU_STREETS = ("Kossuth utca", "Petofi utca", "Arany J. utca", "Rakoczi ut", "Virag utca")


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
    """An address in the United States (us), France, Germany, Hungary or Japan (fr, de, hu, jp)."""
    name = f"{_pick(rng, _FIRST)} {_pick(rng, _LAST)}"
    number = str(rng.integers(1, 1 + int(rng.choice((60, 900, 9000)))))
    if country == "us":
        place, _, prefix = _pick(rng, _US.strip().replace("\n", "|").split("|")).rpartition(" ")
        city, _, state = place.rpartition(" ")
        code = prefix + _figures(rng, 2)
        if rng.random() < 0.25:
            code += "-" + _figures(rng, 4)
        prefix_title = _pick(rng, ("", "", "Mr. ", "Mrs. ", "Dr. "))
        street = f"{number} {_pick(rng, _STREETS)} {_pick(rng, _KINDS)}"
        extra = (f"Apt {rng.integers(1, 40)}",) if rng.random() < 0.2 else ()
        comma = "," if rng.random() < 0.6 else ""
        return Address((prefix_title + name, street, *extra), f"{city}{comma} {state}", code)
    if country == "jp":
        return Address((name,), "", f"{_figures(rng, 3)}-{_figures(rng, 4)}")
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
