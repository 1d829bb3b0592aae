"""Tell a box that was crossed out from one with a digit in it.

Two questions. Is it void: a plain cross or dash in an empty box, so plain that it needs no person? And how
probable is it that whatever is there was crossed out: a digit with a stroke through it, a scribble? The
first is answered by rule and by the network of lines, to which a cross is no digit; the second by a logistic
regression on the shape of the ink, and by a second one
on what that says and how well a digit explains the ink. Both are fitted on boxes that the project's renderer
draws (`python -m benchmarks.crossed_boxes --fit --combs 1600 --seed 2`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.belief import logistic
from pipeline.paper import ink
from pipeline.paper.ink import Mask
from pipeline.strings.decode import Candidate

# Directions of the two strokes of a cross, degrees from level; digits have level and upright strokes.
RISING, FALLING = np.arange(20.0, 74.0, 3.0), np.arange(107.0, 163.0, 3.0)
# Width, in widths of a stroke, of the strip that a stroke of the cross keeps to; of the ink's smaller side.
STRIP, NARROW = 2.4, 0.34
# Of a plain cross: least share of the ink in both strips, in either; least length of either, of the ink's
# diagonal; where the strokes cross, from one end of either to the other; most ink in a place between arms.
TOGETHER, EITHER, LONG, MIDDLE, INKED = 0.86, 0.3, 0.55, (0.17, 0.83), 0.12
# Longer strokes than that, against the two of a cross, and a digit is under it (4 and 7 add least: 1.13).
LENGTHY = 1.1
# Least height and width, in heights of a box; the lesser over the greater: a 1 has two ends, too.
SMALLEST, SLIMMEST = 0.22, 0.4
# Share of the ink in both strips from which four arms may be a cross; how probable that is at least.
ARMED, DOUBT = 0.84, 0.3
# Of a dash: least width in heights of a box; most height and steepness, of its width.
DASH, FLAT = 0.25, 0.3
# Between the ends of the arms there is paper: size of those four places.
BAY = 0.2
# Fewer pixels of ink are no writing.
SPECK = 12

FEATURES = (
    "one",
    "together",  # share of the ink in the best rising and the best falling strip
    "lesser",  # share in the lesser of the two
    "bay",  # most ink in the middles of the four sides
    "length",  # of the strokes, heights of a box
    "ends",  # of strokes
    "branches",  # places where strokes meet
    "holes",
    "four-armed",  # `together` where four ends meet in one or two places around no hole, else 0
    "width",  # widths of the box
    "height",  # heights of the box
    "aspect",  # width over height
    "rows",  # strokes that a level line meets, mean
    "columns",  # strokes that an upright line meets, mean
    "fill",  # share of the ink's own rectangle
    "slim",  # log of the greater side over the lesser
)
# Of the features, fitted by the command above.
# fmt: off
WEIGHTS = (
    -32.116, 10.013, -0.457, -4.322, -0.626, 0.663, 0.558, 0.266,
    0.652, 5.560, 3.534, 7.184, 1.673, 0.462, 11.315, 0.945,
)
DIGIT_WEIGHTS = (-0.924, 0.876, -0.351, -0.307, -2.441, -0.891, -0.632)
# fmt: on
# The log-odds of a shape and the log-probability of a digit count no further than this.
SURE, LEAST_LIKELY = 10.0, -12.0
# Of 70,000 digits of MNIST 32 have the shape of a plain cross (open 4s; 1s and 2s that lean); in all of them
# the network of lines finds their digit with more than NO_DIGIT, the log of a probability, in 31 with more
# than A_DIGIT, in drawn crosses hardly ever. With one box in twenty void, two in five of them plain, that is
# 500 to 1.
NO_DIGIT, A_DIGIT, SURE_CROSS = -5.0, -1.0, 0.998
# How sure a plain cross is as long as the network does not say so.
BY_SHAPE = 0.9
# None of the 70,000 has that of a dash; of 4,778 in drawn boxes one had lost all but a bar to its neighbour.
SURE_DASH = 0.99
# By so much more, log-odds, crossings are feared than they are met: a digit that does not count may be sure.
CAUTION = 1.0


@dataclass(frozen=True)
class Crossing:
    """What speaks for a box being crossed out.

    void : it holds a plain cross or dash and nothing else, and had been empty. sure_void : how sure that is.
    log_odds : that whatever is in it was crossed out; -inf where there is nothing.
    armed : whether it has the four arms of a careless cross, the pen hardly lifted, which is an open 4 or a
        crossed 7 to the regression.
    """

    void: bool = False
    sure_void: float = 1.0
    log_odds: float = -math.inf
    armed: bool = False

    @property
    def told(self) -> bool:
        """Whether what is in it was more probably crossed out than not."""
        return self.log_odds > 0.0 and not self.void

    @property
    def emptied(self) -> bool:
        """Whether no digit is left in the box."""
        return self.void or self.told

    @property
    def sure(self) -> float:
        """How sure that is, 0..1; that it was not crossed out with some caution."""
        if self.void or math.isinf(self.log_odds):
            return 1.0
        if self.told:
            return logistic(self.log_odds)
        return 1.0 - max(logistic(self.log_odds + CAUTION), DOUBT if self.armed else 0.0)


def crossed(mask: Mask, height: float, cell: tuple[float, float]) -> Crossing:
    """Whether the ink of a box crosses it out.

    mask : (H, W) uint8, the box's ink; height : of the box as far as writing fills it, cell : its width and
    height, pixels.
    """
    if int(np.count_nonzero(mask)) < SPECK:
        return Crossing()
    if is_dash(mask, height):
        return Crossing(void=True, sure_void=SURE_DASH)
    if is_plain_cross(mask, height):
        return Crossing(void=True, sure_void=BY_SHAPE)
    features = shape_features(mask, height, cell)
    armed = bool(features[FEATURES.index("four-armed")] >= ARMED)
    return Crossing(log_odds=float(features @ np.array(WEIGHTS)), armed=armed)


def with_line(crossing: Crossing, log_probability: float) -> Crossing:
    """A plain cross with what the network of lines says of the likeliest digit: sure, doubtful, or none.

    A digit that looks like a cross stays one, of which it is not sure. Any other crossing stays as it is.
    """
    if not crossing.void or crossing.sure_void > BY_SHAPE:
        return crossing
    if log_probability > A_DIGIT:
        return Crossing(log_odds=-SURE, armed=True)
    return replace(crossing, sure_void=SURE_CROSS) if log_probability <= NO_DIGIT else crossing


def with_digit(crossing: Crossing, digit: Candidate | None) -> Crossing:
    """The crossing with what the box reads as, too; one that is void stays so.

    digit : the most probable one, with its log-probabilities; None where there is none.
    """
    if crossing.void or not math.isfinite(crossing.log_odds):
        return crossing
    log_odds = float(digit_features(crossing.log_odds, digit) @ np.array(DIGIT_WEIGHTS))
    return replace(crossing, log_odds=log_odds)


def digit_features(log_odds: float, digit: Candidate | None) -> NDArray[np.float64]:
    """One; the log-odds by the shape; the digit's log-probability by either reader; that of a 0 again.

    A 0 with a stroke through it is a 0 to many, and has the shape of a digit that was struck.
    """
    shape = max(-SURE, min(SURE, log_odds))
    read = (digit.cut, digit.whole) if digit else (LEAST_LIKELY, LEAST_LIKELY)
    cut, whole = (max(LEAST_LIKELY, each) for each in read)
    zero = float(digit is not None and digit.value == "0")
    return np.array([1.0, shape, cut, whole, zero, zero * cut, zero * whole])


def is_plain_cross(mask: Mask, height: float) -> bool:
    """Whether the ink is two nearly straight strokes, slanting both ways, and nothing else.

    For either slant the strip with the most ink is taken (a Radon transform over few angles); a cross is
    where the two strips hold nearly all ink, run through it from end to end, and meet amid themselves.
    """
    part, points = _ink(mask)
    if min(part.shape) < max(SMALLEST * height, SLIMMEST * max(part.shape)) or _most_inked_bay(part) > INKED:
        return False
    half = min(STRIP * _stroke(mask), NARROW * min(part.shape)) / 2.0
    rising, up = _strip(points, RISING, half)
    falling, down = _strip(points, FALLING, half)
    both = rising & falling
    if (rising | falling).mean() < TOGETHER or not both.any() or min(rising.mean(), falling.mean()) < EITHER:
        return False
    centre, diagonal = points[both].mean(axis=0), float(np.hypot(*part.shape))
    expected = 0.0
    for held, way in ((rising, up), (falling, down)):
        along = points[held] @ way
        place = (float(centre @ way) - along.min()) / max(float(np.ptp(along)), 1.0)
        if np.ptp(along) < LONG * diagonal or not MIDDLE[0] <= place <= MIDDLE[1]:
            return False
        expected += float(np.ptp(along)) * float(np.abs(way).max())
    return _skeleton(part > 0)[0] <= LENGTHY * expected


def is_dash(mask: Mask, height: float) -> bool:
    """Whether the ink is one nearly level stroke: no digit is."""
    part, _ = _ink(mask)
    tall, wide = part.shape
    return bool(wide >= DASH * height and tall - _stroke(mask) <= FLAT * wide and tall <= 0.5 * wide)


def shape_features(mask: Mask, height: float, cell: tuple[float, float]) -> NDArray[np.float64]:
    """The ink's FEATURES, (len(FEATURES),); arguments as of `crossed`."""
    part, points = _ink(mask)
    tall, wide = part.shape
    half = min(STRIP * _stroke(mask), 0.4 * min(part.shape)) / 2.0
    rising, _ = _strip(points, RISING, half)
    falling, _ = _strip(points, FALLING, half)
    length, ends, branches = _skeleton(part > 0)
    paper = np.pad(part == 0, 1, constant_values=True).astype(np.uint8)
    holes = cv2.connectedComponents(paper, connectivity=4)[0] - 2
    together = float((rising | falling).mean())
    steps = [np.abs(np.diff(np.pad(part > 0, 1).astype(np.int8), axis=axis)).sum() / 2 for axis in (1, 0)]
    return np.array(
        [
            1.0,
            together,
            min(float(rising.mean()), float(falling.mean())),
            _most_inked_bay(part),
            min(length / height, 6.0),
            min(ends, 6),
            min(branches, 6),
            min(holes, 4),
            together if ends == 4 and 1 <= branches <= 2 and not holes else 0.0,
            wide / cell[0],
            tall / cell[1],
            wide / tall,
            steps[0] / tall,
            steps[1] / wide,
            float((part > 0).mean()),
            abs(math.log(wide / tall)),
        ]
    )


def _ink(mask: Mask) -> tuple[Mask, NDArray[np.float64]]:
    """The part of the mask with ink, and the ink's pixels (N, 2) about their middle, y up."""
    ys, xs = np.nonzero(mask)
    part = mask[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1]
    return part, np.stack([xs - xs.mean(), ys.mean() - ys], axis=1).astype(np.float64)


def _stroke(mask: Mask) -> float:
    return max(ink.stroke_width(mask), 1.5)


def _skeleton(inked: NDArray[np.bool_]) -> tuple[int, int, int]:
    """Of the ink's middle lines (Zhang and Suen, 1984): length in pixels, number of ends, of branches."""
    from skimage.morphology import skeletonize  # noqa: PLC0415 - brings SciPy, and few boxes need it

    thin = np.pad(skeletonize(inked), 1).astype(np.uint8)  # type: ignore[no-untyped-call]
    around = cv2.filter2D(thin, -1, np.ones((3, 3), np.float32), borderType=cv2.BORDER_CONSTANT) - thin
    on_line = thin > 0
    meeting = cv2.dilate((on_line & (around >= 3)).astype(np.uint8), np.ones((3, 3), np.uint8))
    return int(on_line.sum()), int((on_line & (around == 1)).sum()), cv2.connectedComponents(meeting)[0] - 1


def _most_inked_bay(part: Mask) -> float:
    """Most ink in the middles of the four sides of the ink's own box, where 2, 7, 8 and 0 have strokes."""
    h, w = part.shape
    deep, wide = max(1, round(BAY * h)), max(1, round(BAY * w))
    level = slice(round((0.5 - BAY / 2) * w), round((0.5 + BAY / 2) * w) + 1)
    upright = slice(round((0.5 - BAY / 2) * h), round((0.5 + BAY / 2) * h) + 1)
    bays = (part[:deep, level], part[h - deep :, level], part[upright, :wide], part[upright, w - wide :])
    return max(float((bay > 0).mean()) for bay in bays)


def _strip(
    points: NDArray[np.float64], degrees: NDArray[np.float64], half: float
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Which points (N, 2), y up, lie in the strip of half that width with the most of them; its direction."""
    best, held, way = -1, np.zeros(len(points), bool), np.array([1.0, 0.0])
    for angle in np.radians(degrees):
        direction = np.array([np.cos(angle), np.sin(angle)])
        across = points @ np.array([-direction[1], direction[0]])
        order = np.sort(across)
        count = np.searchsorted(order, order + 2 * half, side="right") - np.arange(len(order))
        at = int(count.argmax())
        if count[at] > best:
            best = int(count[at])
            held = (across >= order[at]) & (across <= order[at] + 2 * half)
            way = direction
    return held, way
