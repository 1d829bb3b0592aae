"""From pages to readings, with a classifier that looks at the shape of the ink alone."""

import cv2
import numpy as np
import pytest

from pipeline import Page, ReaderParameters, Reason, load_layout, read_pages
from pipeline.strings.decode import Weights
from pipeline.strings.lattice import DIGIT_FEATURES, JUNK_FEATURES


class RingsAndSticks:
    """Reads a ring as 0, an upright stick as 1, and anything else as no digit."""

    def __init__(self) -> None:
        self.calls = 0

    def predict_proba(self, crops):
        self.calls += 1
        proba = np.full((len(crops), 11), 0.001, np.float32)
        for row, crop in zip(proba, crops, strict=True):
            ys, xs = np.nonzero(crop > 96)
            width, height = np.ptp(xs) + 1, np.ptp(ys) + 1
            hollow = crop[12:16, 12:16].max() < 64 and (crop[14] > 96).any()
            closed = cv2.connectedComponents((crop < 96).astype(np.uint8), connectivity=4)[0] == 3
            row[0 if hollow and closed else 1 if width < 0.3 * height else 10] = 0.98
        return proba


def strip(value: str) -> np.ndarray:
    image = np.full((70, 40 + 50 * max(len(value), 1)), 230, np.uint8)
    for k, digit in enumerate(value):
        x = 45 + 50 * k
        if digit == "0":
            cv2.ellipse(image, (x, 35), (15, 21), 0, 0, 360, 40, 4)
        else:
            cv2.line(image, (x, 14), (x, 56), 40, 5)
    return image


PARAMETERS = ReaderParameters(
    weights=Weights(
        1.0,
        0.3,
        np.zeros(len(DIGIT_FEATURES)),
        np.array([-2.0, *[0.0] * (len(JUNK_FEATURES) - 1)]),
    )
)


def read(*images: np.ndarray, layout: str = "digits", classifier=None):
    pages = [Page(f"{k}.png", 1, image) for k, image in enumerate(images)]
    return read_pages(pages, load_layout(layout), classifier or RingsAndSticks(), PARAMETERS)


@pytest.mark.parametrize("value", ["0", "10", "0110", "100001"])
def test_strips_are_read(value):
    (reading,) = read(strip(value))
    assert reading.value == value
    assert reading.confidence > 0.4
    assert len(reading.digit_confidences) == len(value)
    assert min(reading.digit_confidences) >= reading.confidence
    assert (reading.box.width, reading.box.height) == strip(value).shape[::-1]


@pytest.mark.parametrize("bed", [255, 0])
def test_a_strip_is_read_where_something_surrounds_it(bed):
    (reading,) = read(np.pad(strip("0110"), ((12, 25), (40, 7)), constant_values=bed))
    assert reading.value == "0110"
    assert (reading.box.x, reading.box.y) == (40, 12)
    assert (reading.box.width, reading.box.height) == strip("0110").shape[::-1]


def test_a_strip_that_lies_askew_on_a_bed_is_read():
    bed = np.pad(strip("0110"), 40, constant_values=20)
    middle = (bed.shape[1] / 2, bed.shape[0] / 2)
    askew = cv2.warpAffine(bed, cv2.getRotationMatrix2D(middle, 3.0, 1.0), bed.shape[::-1], borderValue=20)
    (reading,) = read(askew)
    assert reading.value == "0110"
    assert (reading.box.x, reading.box.y) == pytest.approx((38, 33), abs=6)


def test_a_negative_is_read_as_its_positive():
    (one,), (other,) = read(strip("0110")), read(255 - strip("0110"))
    assert (one.value, one.confidence) == (other.value, other.confidence)


def test_a_frame_around_the_digits_is_no_1():
    image = strip("00")
    image[3:5, 3:-3] = image[-5:-3, 3:-3] = image[3:-3, 3:5] = image[3:-3, -5:-3] = 40
    (reading,) = read(image)
    assert reading.value == "00"


def test_pages_come_back_in_order_from_one_call_of_the_classifier():
    classifier = RingsAndSticks()
    readings = read(strip("10"), strip("01"), strip(""), strip("00"), classifier=classifier)
    assert [reading.value for reading in readings] == ["10", "01", "", "00"]
    assert [reading.scan for reading in readings] == ["0.png", "1.png", "2.png", "3.png"]
    assert classifier.calls == 1


def test_a_blank_strip_is_empty_and_a_blank_envelope_is_not_found():
    blank = np.full((200, 400), 235, np.uint8)
    (reading,) = read(blank)
    assert (reading.empty, reading.value, reading.confidence) == (True, "", 0.0)
    (reading,) = read(blank, layout="envelope")
    assert (reading.empty, reading.reason) == (False, Reason.NOT_FOUND)


def test_confidence_and_alternatives_sum_to_at_most_one():
    for reading in read(strip("1001"), strip("0")):
        assert 0 < reading.confidence + sum(p for _, p in reading.alternatives) <= 1 + 1e-9
        assert reading.value not in [value for value, _ in reading.alternatives]


def test_no_pages_give_no_readings():
    assert read() == []


def test_what_the_pages_raise_passes_through():
    def broken():
        yield Page("a.png", 1, strip("1"))
        raise OSError("the folder is gone")

    with pytest.raises(OSError, match="gone"):
        read_pages(broken(), load_layout("digits"), RingsAndSticks(), PARAMETERS)


def test_size_and_darkness_of_a_strip_do_not_matter():
    image = strip("0110")
    large = cv2.resize(image, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    faint = (180 + 0.25 * image.astype(float)).clip(0, 255).astype(np.uint8)
    assert [reading.value for reading in read(large, faint, np.dstack([image] * 3))] == ["0110"] * 3
