"""Explain how a network reads a crop or a field: everything that the page and the picture show."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.anatomy import Anatomy, dissect
from models.classifier import PARAMETERS, Model
from models.labelled import DataError
from models.network import Network
from models.pictures import lift_digit, read_picture
from models.saliency import Saliency, explain_lead
from pipeline.document import Image
from pipeline.locate import locate_line
from pipeline.strings.decode import align, decode
from pipeline.strings.lattice import build_lattice
from pipeline.strings.segment import segment

DIGITS = 10


@dataclass(frozen=True, eq=False)
class Explanation:
    """How one crop is read.

    crop : (28, 28) uint8, ink bright on black.
    proba : (11,) float32. best : the digit that is read. rival : what it is held against.
    """

    crop: Image
    proba: NDArray[np.float32]
    best: int
    rival: int
    anatomy: Anatomy
    saliency: Saliency


@dataclass(frozen=True, eq=False)
class Field:
    """The digits of a picture: one of them is a crop, more are a field that was cut.

    confidence : that all digits are right, None where the crop was given as it is.
    """

    crops: Image
    value: str
    confidence: float | None


def open_network(directory: Path) -> Network:
    """The network in `directory`, with its reader where it has one. Raises ModelError."""
    return Model(directory) if (directory / PARAMETERS).is_file() else Network(directory)


def find_digits(image: Image, network: Network) -> Field:
    """The digits of a picture.

    28x28 pixels are one crop; so is any picture for a network without a reader. Everything else
    is cut as `nightsort run --layout digits` cuts it. Raises DataError where no digit is found.
    """
    if image.shape[:2] == (28, 28) or not isinstance(network, Model):
        crop = lift_digit(image)
        if not crop.any():
            raise DataError("no ink in the picture; give one with a digit in it")
        best = int(network.predict_proba(crop[None])[0, :DIGITS].argmax())
        return Field(crop[None], str(best), None)
    (dark, mask), *_ = locate_line(image).strips
    lattice = build_lattice(segment(dark, mask))
    proba = network.predict_proba(lattice.crops)
    weights = network.parameters.weights
    found = decode(lattice, proba, weights) if lattice.size else []
    if not found or not found[0].value:
        raise DataError("no digit is read in the picture; give a crop or a field with digits in it")
    way = align(lattice, proba, weights, found[0].value)
    digits = [float(proba[run, int(d)]) for run, d in zip(way, found[0].value, strict=True)]
    confidence = network.parameters.calibration.confidence(found, digits)
    return Field(lattice.crops[way], found[0].value, confidence)


def explain_crop(network: Network, crop: Image, versus: int | None = None) -> Explanation:
    """How `network` reads a crop (28, 28) uint8.

    versus : the digit to hold the read one against; if it is the read one, or None, the next likely.
    """
    pixels = crop.astype(np.float32) / np.float32(255.0)
    anatomy = dissect(network, pixels)
    proba = network.predict_proba(crop[None])[0]
    best, second = (int(d) for d in np.argsort(-proba[:DIGITS], kind="stable")[:2])
    rival = second if versus is None or versus == best else versus
    return Explanation(crop, proba, best, rival, anatomy, explain_lead(network, pixels, best, rival))


def explain_picture(
    path: Path, network: Network, versus: int | None = None
) -> tuple[Field, list[Explanation]]:
    """Explain every digit of an image file. Raises DataError: which file, what is wrong."""
    try:
        image = read_picture(path)
        field = find_digits(image, network)
    except ValueError as error:
        message = str(error)
        raise DataError(message if str(path) in message else f"{path}: {message}") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}); check the path") from error
    return field, [explain_crop(network, crop, versus) for crop in field.crops]
