"""How a picture comes to be read as a value: its digits, and what either of the two readers says."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.classifier import LineModel, Model
from models.digit_pair import DigitPair
from models.labelled import DataError
from models.network import Network, softmax
from models.pictures import lift_digit
from pipeline.document import Image
from pipeline.locate import locate_line
from pipeline.parameters import ReaderParameters
from pipeline.strings.classify import Seen, see
from pipeline.strings.ctc import DIGITS, score_values
from pipeline.strings.decode import Candidate, align, score_runs
from pipeline.strings.lattice import build_lattice
from pipeline.strings.picture import draw_crop
from pipeline.strings.segment import segment
from pipeline.strings.values import read_line

SHOWN = 3  # digits of a single crop, of which is told what either reader says


@dataclass(frozen=True)
class Said:
    """A value and how probable it is, 0..1: by the reader that cuts, by the one that does not, by both.

    Of a single crop: by the network of digits, by that of lines, by both.
    """

    value: str
    cut: float
    whole: float
    together: float


@dataclass(frozen=True, eq=False)
class Field:
    """A picture as it is read.

    crops : (N, 28, 28) uint8, one for each digit of `value`; none where the value cannot be cut out.
    confidence : that all digits are right, None where the crop was given as it is.
    said : the likeliest values, best first; nothing for a model of one network.
    line : (32, W) uint8, what the reader that does not cut is given; None for a model without it.
    frames : (T, 11) float32, its log-probabilities of the digits and of none, from left to right.
    """

    crops: Image
    value: str
    confidence: float | None
    said: tuple[Said, ...] = ()
    line: Image | None = None
    frames: NDArray[np.float32] | None = None

    @property
    def readers(self) -> tuple[str, str]:
        """What the two that read it go by, as the head of a table."""
        return ("by its 28x28 pixels", "as a line") if self.confidence is None else ("by cutting", "whole")


def read_field(image: Image, network: Network) -> Field:
    """How a picture is read.

    28x28 pixels are one crop, read as a box of a form is; so is any picture for a network without a
    reader. Everything else is read as `nightsort run --layout digits` reads it. Raises DataError
    where no digit is found.
    """
    if image.shape[:2] == (28, 28) or not isinstance(network, Model):
        crop = lift_digit(image)
        if not crop.any():
            raise DataError("no ink in the picture; give one with a digit in it")
        return _read_crop(crop, network)
    (dark, mask), *_ = locate_line(image).strips
    (seen,) = see([build_lattice(segment(dark, mask))], network)
    return _read_line(seen, network.parameters)


def _read_crop(crop: Image, network: Network) -> Field:
    cut = network.predict_proba(crop[None])[0, : len(DIGITS)]
    if not isinstance(network, LineModel):
        return Field(crop[None], str(int(cut.argmax())), None)
    line = draw_crop(crop)
    (frames,) = network.predict_frames([line])
    if not len(frames):  # too faint for a line
        return Field(crop[None], str(int(cut.argmax())), None)
    scores = score_values(frames, DIGITS)
    whole = softmax(scores)  # one digit there is
    together = DigitPair(network.directory).predict_proba(crop[None])[0, : len(DIGITS)]
    best = np.argsort(-together, kind="stable")[:SHOWN]
    said = [Said(DIGITS[d], float(cut[d]), float(whole[d]), float(together[d])) for d in best]
    return Field(crop[None], said[0].value, None, tuple(said), line, frames)


def _read_line(seen: Seen, parameters: ReaderParameters) -> Field:
    candidates, digits = read_line(seen, parameters, None, 0.0)
    if not candidates or not candidates[0].value:
        raise DataError("no digit is read in the picture; give a crop or a field with digits in it")
    value = candidates[0].value
    way = align(score_runs(seen.lattice, seen.proba, parameters.weights), value)
    crops = seen.lattice.crops[way] if way else np.zeros((0, 28, 28), np.uint8)
    confidence = parameters.lines.calibration.confidence(candidates, digits)
    if seen.frames is None:
        return Field(crops, value, confidence)
    return Field(crops, value, confidence, _said(candidates), seen.lattice.picture, seen.frames)


def _said(candidates: Sequence[Candidate]) -> tuple[Said, ...]:
    return tuple(Said(c.value, math.exp(c.cut), math.exp(c.whole), c.probability) for c in candidates)
