"""Bars to digits and back, against the examples that USPS-B-3200 prints."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.barcode import imb, postnet
from pipeline.barcode.imb import IntelligentMail

TRACKING = "01234567094987654321"
PRINTED = {
    "": "ATTFATTDTTADTAATTDTDTATTDAFDDFADFDFTFFFFFTATFAAAATDFFTDAADFTFDTDT",
    "01234": "DTTAFADDTTFTDTFTFDTDDADADAFADFATDDFTAAAFDTTADFAAATDFDTDFADDDTDFFT",
    "012345678": "ADFTTAFDTTTTFATTADTAAATFTFTATDAAAFDDADATATDTDTTDFDTDATADADTDFFTFA",
    "01234567891": "AADTFFDFTDADTAADAATFDTDDAAADDTDTTDAFADADDDTFFFDDTTTADFAAADFTDAADA",
}
mails = st.builds(
    IntelligentMail,
    st.from_regex(r"[0-9][0-4][0-9]{18}", fullmatch=True),
    st.from_regex(r"([0-9]{5}|[0-9]{9}|[0-9]{11})?", fullmatch=True),
)


@pytest.mark.parametrize("routing", PRINTED)
def test_the_printed_examples_in_both_directions(routing):
    mail = IntelligentMail(TRACKING, routing)
    assert imb.encode(mail) == PRINTED[routing]
    assert imb.decode(PRINTED[routing]) == mail


@given(mails)
def test_every_intelligent_mail_barcode_comes_back(mail):
    assert imb.decode(imb.encode(mail)) == mail


@given(mails, st.integers(0, imb.BARS - 1), st.sampled_from("FADT"))
def test_no_single_wrong_bar_goes_unseen(mail, place, state):
    bars = imb.encode(mail)
    damaged = bars[:place] + state + bars[place + 1 :]
    assert imb.decode(damaged) == (mail if damaged == bars else None)


def test_bars_that_are_characters_but_not_a_barcode_fail_the_check():
    """Two ascenders changed may make another character of the code; its eleven check bits tell."""
    bars = PRINTED["012345678"]
    flip = str.maketrans("FDAT", "DFTA")
    for first, second in combinations(range(imb.BARS), 2):
        damaged = [bar.translate(flip) if place in (first, second) else bar for place, bar in enumerate(bars)]
        assert imb.decode("".join(damaged)) is None, (first, second)


@given(mails)
def test_upside_down_it_says_nothing(mail):
    turned = imb.encode(mail)[::-1].translate(str.maketrans("AD", "DA"))
    assert imb.decode(turned) is None


@given(st.text("FADT", min_size=65, max_size=65))
def test_bars_at_random_say_nothing(bars):
    assert imb.decode(bars) is None


def test_what_is_no_barcode():
    assert imb.decode("FADT") is None
    with pytest.raises(ValueError, match="F, A, D and T"):
        imb.decode("X" * 65)
    for tracking, routing in (
        (TRACKING, "1234"),
        (TRACKING[:-1], ""),
        ("09" + TRACKING[2:], ""),
        ("x" * 20, ""),
    ):
        with pytest.raises(ValueError, match="digit"):
            imb.encode(IntelligentMail(tracking, routing))


@given(st.from_regex(r"[0-9]{5}|[0-9]{9}|[0-9]{11}", fullmatch=True))
def test_every_postnet_barcode_comes_back(routing):
    bars = postnet.encode(routing)
    assert len(bars) in postnet.BARS
    assert postnet.decode(bars) == routing


def test_postnet_bars_weigh_7_4_2_1_0():
    bars = postnet.encode("12345")
    weights = [sum(w for w, bar in zip((7, 4, 2, 1, 0), bars[at : at + 5], strict=True) if bar == "A")
               for at in range(1, 31, 5)]  # fmt: skip
    assert weights == [1, 2, 3, 4, 5, 5]  # the last one checks: 1 + 2 + 3 + 4 + 5 + 5 = 20
    assert bars[0] == bars[-1] == "A"


@given(st.from_regex(r"[0-9]{9}", fullmatch=True), st.integers(0, 51))
def test_no_single_wrong_postnet_bar_goes_unseen(routing, place):
    bars = postnet.encode(routing)
    flipped = "T" if bars[place] == "A" else "A"
    assert postnet.decode(bars[:place] + flipped + bars[place + 1 :]) is None


def test_a_wrong_check_digit_is_no_barcode():
    bars = postnet.encode("12345")
    assert postnet.decode(bars[:26] + postnet.encode("99999")[1:6] + "A") is None
    assert postnet.decode(bars[:-1]) is None
    with pytest.raises(ValueError, match="5, 9 or 11"):
        postnet.encode("123")
