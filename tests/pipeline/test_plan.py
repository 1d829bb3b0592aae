"""What a page is tried as and which way up, and what is taken of several ways."""

import numpy as np
import pytest

from pipeline import Page, Reason, load_layout, read_pages
from pipeline.document import Box, Reading
from pipeline.paper.kinds import KINDS, Kind
from pipeline.plan import Plan, Try, has_marks, plan_page, settle
from tests.pipeline.test_read import PARAMETERS, RingsAndSticks, strip

ENVELOPE, AUTO = load_layout("envelope"), load_layout("auto")
BLANK = np.full((300, 400), 235, np.uint8)
PAGE = Page("a.png", 1, BLANK)


class Sees:
    """Sees in every page the same: a kind with its share, and how sure each way up is."""

    def __init__(self, kind, share=1.0, ways=(1.0, 0.0, 0.0, 0.0), rival=Kind.OTHER):
        self.seen = np.zeros((5, 4))
        self.seen[KINDS.index(kind)] = share * np.array(ways)
        self.seen[KINDS.index(rival)] += (1.0 - share) / 4

    def look(self, image):
        return self.seen


def turns(plan):
    return [each.turn for each in plan.tries]


def test_without_a_page_classifier_a_page_is_read_as_it_comes():
    assert plan_page(BLANK, ENVELOPE, None) == Plan((Try(ENVELOPE),))
    with pytest.raises(ValueError, match="page classifier"):
        plan_page(BLANK, AUTO, None)


def test_an_envelope_is_read_every_way_up_that_is_open():
    assert turns(plan_page(BLANK, ENVELOPE, Sees(Kind.ENVELOPE))) == [0]
    assert turns(plan_page(BLANK, ENVELOPE, Sees(Kind.ENVELOPE, ways=(0.5, 0.0, 0.5, 0.0)))) == [0, 180]
    # What does not look like an envelope says little about its way up.
    assert turns(plan_page(BLANK, ENVELOPE, Sees(Kind.ENVELOPE, share=0.1))) == [0, 90, 180, 270]


def test_a_line_of_digits_given_as_such_comes_the_way_up_it_is():
    digits = load_layout("digits")
    assert plan_page(BLANK, digits, Sees(Kind.STRIP, ways=(0, 0, 1, 0))) == Plan((Try(digits),))


def test_a_mixed_page_is_read_as_what_it_is():
    plan = plan_page(BLANK, AUTO, Sees(Kind.STRIP, ways=(0.0, 1.0, 0.0, 0.0)))
    assert plan == Plan((Try(AUTO.digits, 90),))
    assert plan_page(BLANK, AUTO, Sees(Kind.ENVELOPE)) == Plan((Try(AUTO.envelope),))
    assert plan_page(BLANK, AUTO, Sees(Kind.FORM)) == Plan((), Reason.NO_LAYOUT)
    assert plan_page(BLANK, AUTO, Sees(Kind.OTHER)) == Plan((), Reason.OTHER_PAGE)


def test_a_page_of_no_certain_kind_goes_to_a_person_with_what_it_may_say():
    plan = plan_page(BLANK, AUTO, Sees(Kind.ENVELOPE, share=0.7))
    assert plan.reason is Reason.UNSURE_KIND
    assert plan.tries[0].layout == AUTO.envelope
    found = [[Reading("a.png", 1, "postal_code", value="02139", confidence=0.99)] for _ in plan.tries]
    (reading,) = settle(plan, PAGE, found)
    assert (reading.value, reading.reason) == ("02139", Reason.UNSURE_KIND)
    found = [[Reading("a.png", 1, "postal_code", value="50110", confidence=0.01)] for _ in plan.tries]
    assert settle(plan, PAGE, found) == [Reading("a.png", 1, "page", reason=Reason.UNSURE_KIND)]


def test_paper_without_a_mark_is_empty_and_paper_with_a_small_one_is_not():
    assert plan_page(BLANK, AUTO, Sees(Kind.BLANK)) == Plan((), empty=True)
    (reading,) = settle(Plan((), empty=True), PAGE, [])
    assert (reading.field, reading.empty, reading.reason) == ("page", True, None)
    marked = BLANK.copy()
    marked[150:156, 200:202] = 120
    assert has_marks(marked)
    assert not has_marks(BLANK)
    assert plan_page(marked, AUTO, Sees(Kind.BLANK)).reason is Reason.UNSURE_KIND


def way(value, confidence, prior, turn=0):
    reading = Reading("a.png", 1, "postal_code", value=value, confidence=confidence, box=Box(0, 0, 1, 1))
    return Try(ENVELOPE, turn, prior), [reading]


def weighed(*ways):
    tries, found = zip(*ways, strict=True)
    (reading,) = settle(Plan(tuple(tries)), PAGE, found)
    return reading


def test_the_way_up_that_reads_best_is_taken():
    reading = weighed(way("02139", 0.98, 0.5), way("66120", 0.0, 0.5))
    assert (reading.value, reading.confidence) == ("02139", pytest.approx(0.98))


def test_two_ways_that_both_read_well_leave_doubt_and_are_both_told():
    reading = weighed(way("90886", 0.9, 0.5), way("98806", 0.9, 0.5, 180))
    assert reading.confidence == pytest.approx(9 / 19)  # odds 9 and 9 against 1 for neither
    assert reading.alternatives == (("98806", pytest.approx(9 / 19)),)


def test_a_reading_against_the_looks_of_the_page_is_not_believed():
    reading = weighed(way("02139", 0.05, 0.95), way("66120", 0.98, 0.05, 180))
    assert reading.confidence < 0.1


def test_a_way_up_in_which_nothing_is_read_hardly_speaks_against_another():
    reading = weighed(way("02139", 0.98, 0.3), way("", 0.0, 0.7, 90))
    assert (reading.value, reading.confidence) == ("02139", pytest.approx(0.98))
    assert weighed(way("02139", 0.98, 0.02), way("", 0.0, 0.98, 90)).confidence < 0.3


def test_where_nothing_is_read_any_way_up_one_row_says_so():
    assert weighed(way("", 0.0, 0.3), way("", 0.0, 0.7)).value == ""


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_turned_strip_is_read_and_its_place_is_on_the_page_as_decoded(turn):
    page = np.ascontiguousarray(np.rot90(strip("10"), -turn // 90))
    looks = Sees(Kind.STRIP, ways=[float(t == turn) for t in (0, 90, 180, 270)])
    (reading,) = read_pages([Page("a.png", 1, page)], AUTO, RingsAndSticks(), PARAMETERS, looks)
    assert (reading.field, reading.value) == ("digits", "10")
    assert (reading.box.width, reading.box.height) == page.shape[::-1]
