"""Explain how a network reads a crop or a field: everything that the page and the picture show."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.anatomy import Anatomy, dissect
from models.classifier import PARAMETERS, load_model
from models.explain_reading import Field, read_field
from models.labelled import DataError
from models.network import Network, softmax
from models.pictures import read_picture
from models.saliency import Saliency, explain_lead
from pipeline.document import Image

DIGITS = 10


@dataclass(frozen=True, eq=False)
class Explanation:
    """How one crop is read.

    crop : (28, 28) uint8, ink bright on black.
    proba : (C,) float32, C 10 or 11, by the network of crops in floats. best : the digit that is read,
        by both networks where there are two. rival : what it is held against.
    """

    crop: Image
    proba: NDArray[np.float32]
    best: int
    rival: int
    anatomy: Anatomy
    saliency: Saliency


def open_network(directory: Path) -> Network:
    """The network in `directory`, with its reader where it has one. Raises ModelError."""
    return load_model(directory) if (directory / PARAMETERS).is_file() else Network(directory)


def explain_crop(
    network: Network, crop: Image, versus: int | None = None, read: int | None = None
) -> Explanation:
    """How `network` reads a crop (28, 28) uint8.

    versus : the digit to hold the read one against; if it is the read one, or None, the next likely.
    read : the digit that it is read as; what the network says by itself if None.
    """
    pixels = crop.astype(np.float32) / np.float32(255.0)
    anatomy = dissect(network, pixels)
    proba = softmax(anatomy.scores / np.float32(network.temperature))
    likely = [int(d) for d in np.argsort(-proba[:DIGITS], kind="stable")]
    best = likely[0] if read is None else read
    rival = next(d for d in likely if d != best) if versus is None or versus == best else versus
    return Explanation(crop, proba, best, rival, anatomy, explain_lead(network, pixels, best, rival))


def explain_picture(
    path: Path, network: Network, versus: int | None = None
) -> tuple[Field, list[Explanation]]:
    """Explain every digit of an image file. Raises DataError: which file, what is wrong."""
    try:
        image = read_picture(path)
        field = read_field(image, network)
    except ValueError as error:
        message = str(error)
        raise DataError(message if str(path) in message else f"{path}: {message}") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}); check the path") from error
    digits = zip(field.crops, map(int, field.value), strict=False)  # no crop where the value cannot be cut
    return field, [explain_crop(network, crop, versus, digit) for crop, digit in digits]
