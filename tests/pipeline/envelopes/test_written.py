"""Codes among lines of writing, with a classifier that looks at the shape of the ink alone."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from pipeline import Page, Reason, load_layout, read_pages
from pipeline.cut import cut_page
from pipeline.document import Box, Status
from pipeline.envelopes.address import TextLine
from pipeline.envelopes.codes import (
    CodeRead,
    code_evidence,
    join_places,
    read_codes,
    wholes_of,
    without_parts,
)
from pipeline.envelopes.parameters import EVIDENCE, EnvelopeParameters, Kind
from pipeline.envelopes.spot import FEATURES, Stretch, weigh_stretches
from pipeline.envelopes.written import Spotter, find_codes, look_for_codes, search_lines
from pipeline.layouts import countries
from pipeline.locate import Region
from pipeline.parameters import ReaderParameters
from pipeline.results import settle
from pipeline.strings.classify import see
from pipeline.strings.decode import Candidate, Weights
from pipeline.strings.lattice import DIGIT_FEATURES, JUNK_FEATURES
from tests.pipeline.mail import envelope, write
from tests.pipeline.test_read import RingsAndSticks

WEIGHTS = Weights(
    1.0, 0.3, np.zeros(len(DIGIT_FEATURES)), np.array([-2.0, *[0.0] * (len(JUNK_FEATURES) - 1)])
)
PLACES = EnvelopeParameters().place_weights
SPOTTER = Spotter(RingsAndSticks(), WEIGHTS, PLACES)
US = countries()["us"]
# What is read counts, what is not in the country's list does not concern these pages of two digits.
COUNTRY = replace(US, share=1.0, codes="", valid=r"\d+")


def covers(box: Box, place: tuple[int, int, int, int]) -> bool:
    """Whether a box holds left, top, right, bottom, and little more."""
    left, top, right, bottom = place
    reach = 30
    return (
        left - reach <= box.x <= left + 4
        and top - reach <= box.y <= top + 4
        and right - 4 <= box.x + box.width <= right + reach
        and bottom - 4 <= box.y + box.height <= bottom + reach
    )


CODE = (770, 470, 930, 506)  # where `envelope` writes five digits


def test_the_destination_s_code_is_found_and_not_the_sender_s():
    best, *others = find_codes(envelope(), US, SPOTTER)
    assert covers(best.box, CODE)
    assert best.prior > 0.5
    assert all(other.prior < best.prior for other in others)


@pytest.mark.parametrize("degrees", [-4.0, 3.0])
def test_a_page_askew_is_searched_along_its_lines(degrees):
    page = envelope()
    matrix = cv2.getRotationMatrix2D((650, 310), degrees, 1.0)
    turned = cv2.warpAffine(page, matrix, (1300, 620), borderValue=(245, 245, 245))
    best = find_codes(turned, US, SPOTTER)[0]
    x, y = matrix @ np.array([850, 488, 1.0])
    assert (best.box.x + best.box.width / 2, best.box.y + best.box.height / 2) == pytest.approx((x, y), abs=9)


def test_nine_digits_with_a_dash_are_one_code():
    page = np.full((620, 1300), 245, np.uint8)
    write(page, 480, 330, "xxxx xxxxxx")
    write(page, 300, 400, "xxxxx xx 11111-1111")
    best = find_codes(page, US, SPOTTER)[0]
    assert covers(best.box, (590, 400, 926, 436))


def test_where_no_digits_stand_nothing_is_probable():
    page = np.full((620, 1300), 245, np.uint8)
    write(page, 480, 330, "xxxx xxxxxx")
    write(page, 480, 400, "xxxx xxxx xxxxx")
    assert all(region.prior < 0.3 for region in find_codes(page, US, SPOTTER))
    assert find_codes(np.full((300, 500), 250, np.uint8), US, SPOTTER) == []


def test_codes_that_lead_their_line_are_found_there():
    page = np.full((620, 1300), 245, np.uint8)
    write(page, 480, 330, "xxxx xxxxxx")
    write(page, 480, 470, "01101 xxxxxx")
    best = find_codes(page, countries()["de"], SPOTTER)[0]
    assert covers(best.box, (480, 470, 641, 506))


def test_every_component_knows_its_first_piece():
    grey = cv2.cvtColor(envelope(), cv2.COLOR_BGR2GRAY)
    found = look_for_codes(grey, search_lines(grey), US, SPOTTER)
    for seen in found.lines:
        assert seen.starts[0] == 0
        assert seen.starts[-1] == seen.lattice.size
        assert (np.diff(seen.starts) >= 0).all()
        assert len(seen.starts) == len(seen.line.numbers) + 1


def test_without_a_spotter_everything_as_wide_as_a_code_is_cut():
    layout = load_layout("envelope")
    cut = cut_page(Page("a.png", 1, envelope()), layout)
    assert any(covers(each.region.box, CODE) for each in cut.cuts)
    assert len(cut.cuts) > 5


def test_places_on_a_bed_are_told_in_pixels_of_the_scan():
    scan = np.full((900, 1600, 3), (90, 60, 25), np.uint8)
    scan[150:770, 200:1500] = envelope()
    cut = cut_page(Page("a.png", 1, scan), load_layout("envelope"), SPOTTER)
    left, top, right, bottom = CODE
    assert covers(cut.cuts[0].region.box, (left + 200, top + 150, right + 200, bottom + 150))


def test_probabilities_of_stretches_and_of_none_sum_to_one():
    rng = np.random.default_rng(0)
    stretches = [Stretch(0, k, k + 1, rng.normal(size=len(FEATURES))) for k in range(5)]
    weights = rng.normal(size=len(FEATURES))
    scores = np.exp([each.features @ weights for each in stretches])
    assert weigh_stretches(stretches, weights) == pytest.approx(scores / (scores.sum() + 1.0))
    assert weigh_stretches([], weights).size == 0
    huge = [Stretch(0, 0, 1, np.full(len(FEATURES), 1e4)), stretches[0]]
    assert weigh_stretches(huge, np.ones(len(FEATURES))) == pytest.approx([1.0, 0.0])


def read(page: np.ndarray, **known):
    layout = replace(load_layout("envelope"), country=COUNTRY)
    parameters = ReaderParameters(weights=WEIGHTS, envelope=EnvelopeParameters(**known))
    (reading,) = read_pages([Page("a.png", 1, page)], layout, RingsAndSticks(), parameters)
    return reading


def test_a_code_is_read_with_its_place_and_confidence():
    reading = read(envelope())
    assert reading.value == "01101"
    assert covers(reading.box, CODE)
    assert 0.3 < reading.confidence < 1
    assert reading.reason is None


def test_what_is_less_probable_than_a_find_is_shown_and_at_no_rate_accepted():
    sure, unsure = read(envelope()), read(envelope(), least=0.9999)
    assert unsure == sure
    lax = EnvelopeParameters(least=0.9999, thresholds=((0.5, 0.1),)).threshold(0.5)
    assert settle(unsure, lax) == (Status.REVIEW, "low-confidence")


def test_where_nothing_is_written_nothing_is_shown():
    reading = read(np.full((620, 1300), 245, np.uint8))
    assert (reading.value, reading.confidence, reading.reason) == ("", 0.0, Reason.NOT_FOUND)


def test_a_dash_that_is_not_there_is_counted():
    page = np.full((620, 1300), 245, np.uint8)
    write(page, 480, 330, "xxxx xxxxxx")
    dashed, closed = page.copy(), page.copy()
    write(dashed, 300, 400, "xxxxx xx 11111-1111")
    write(closed, 300, 400, "xxxxx xx 1111")
    write(closed, 300 + 290 + 3 * 34 + 48, 400, "11111")  # white in a wrong place
    missing = []
    for each in (dashed, closed):
        cut = cut_page(Page("a.png", 1, each), load_layout("envelope"), SPOTTER)
        seen = see([lattice for part in cut.cuts for lattice in part.lattices], SPOTTER.classifier)
        reads = read_codes(cut.cuts, COUNTRY, iter(seen), ReaderParameters(weights=WEIGHTS))
        whole = next(read for read in reads if len(read.candidates[0].value) == 9)
        missing.append(whole.evidence[EVIDENCE.index("no-dash")])
    assert missing == [0.0, 1.0]


def test_parameters_come_back_as_they_were_saved(tmp_path):
    saved = EnvelopeParameters(least=0.07, thresholds=((0.01, 0.9), (0.05, 0.4)))
    saved.save(tmp_path / "envelope.json", {"pieces": 3})
    assert EnvelopeParameters.load(tmp_path / "envelope.json") == saved
    assert saved.threshold(0.02) == 0.9
    assert saved.threshold(0.001) == pytest.approx(0.999)
    (tmp_path / "envelope.json").write_text('{"places": {}}')
    with pytest.raises(ValueError, match="another version made it"):
        EnvelopeParameters.load(tmp_path / "envelope.json")


def test_evidence_makes_confidence():
    parameters = EnvelopeParameters()
    strong = parameters.confidence((1.0, 6.0, 8.0, 9.0, 0.0, 5.0, 0.0, 8.0, 0.0, 0.0), Kind.LISTED)
    weak = parameters.confidence((1.0, -3.0, 1.0, 1.0, -2.0, 9.0, 1.0, -1.0, 0.3, -1.0), Kind.LISTED)
    assert len(EVIDENCE) == 10
    assert weak < 0.3
    assert 0.9 < strong <= 0.9995


def test_an_empty_line_has_no_ends():
    line = TextLine(np.zeros(0, np.int32), np.zeros((0, 4), np.int32), np.zeros((0, 2)))
    assert list(line.ends(US, 0.1)) == []


def code_read(value: str, x: int, width: int, prior: float, parameters: EnvelopeParameters) -> CodeRead:
    """A reading of a stretch that is sure of its digits."""
    evidence = (
        1.0,
        float(np.log(prior / (1 - prior))),
        3.0,
        6.0,
        -0.1,
        float(len(value)),
        0.0,
        3.0,
        0.0,
        0.0,
    )
    region = Region(Box(x, 100, width, 50), (), prior=prior)
    confidence = parameters.confidence(evidence, Kind.LISTED)
    return CodeRead(region, [Candidate(value, 0.9)], evidence, Kind.LISTED, confidence)


def joined(found: list[CodeRead], parameters: EnvelopeParameters) -> list[float]:
    places = join_places(found, parameters)
    assert [read.candidates for read in places] == [read.candidates for read in found]
    return without_parts([read.confidence for read in places], wholes_of(places))


def test_the_end_of_a_code_gives_its_place_to_the_whole():
    parameters = EnvelopeParameters()
    part = code_read("15960", 300, 150, 0.7, parameters)
    whole = code_read("199015960", 180, 270, 0.2, parameters)
    other = code_read("15960", 900, 150, 0.05, parameters)
    confidence = joined([part, whole, other], parameters)
    assert confidence[1] > max(confidence[0], whole.confidence)
    assert confidence[0] == pytest.approx(part.confidence * (1 - confidence[1]))
    assert confidence[2] == pytest.approx(
        other.confidence
    )  # the same digits elsewhere have nothing to do with it
    assert joined([part, other], parameters) == pytest.approx([part.confidence, other.confidence])


def test_a_place_that_seems_improbable_is_the_whole_s_if_it_reads_well():
    parameters = EnvelopeParameters(written=(3.0, 0.3, 0.6, 0.0, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0))
    part = code_read("29395", 300, 150, 0.75, parameters)
    whole = code_read("503129395", 180, 270, 0.1, parameters)
    assert joined([part, whole], parameters)[0] < 0.1
    word = replace(whole, candidates=[Candidate("503129395", 0.5)])
    assert joined([part, word], parameters)[0] == pytest.approx(part.confidence)


def test_a_value_that_is_read_twice_on_the_same_ink_counts_once_with_both_places():
    parameters = EnvelopeParameters()
    wide, narrow = (code_read("15960", x, w, 0.3, parameters) for x, w in ((280, 170), (300, 150)))
    narrow = replace(narrow, candidates=[Candidate("15960", 0.95)])
    (read,) = join_places([wide, narrow], parameters)
    assert read.candidates == narrow.candidates
    assert read.region.prior == pytest.approx(0.6)
    assert read.confidence > wide.confidence


def test_what_begins_inside_a_word_is_less_probable():
    looks = [0.0] * len(FEATURES)
    evidence = []
    for lead in (1.0, -1.5):
        looks[FEATURES.index("lead")] = lead
        evidence.append(code_evidence([Candidate("15960", 0.9)], (0.9,) * 5, 0.5, 0, looks))
    inside = [each[EVIDENCE.index("inside")] for each in evidence]
    assert inside[0] == 0.0
    assert inside[1] < -1.0
