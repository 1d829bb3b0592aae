"""Load a model for reading: the fast exports of its networks, and the parameters of the reader beside them.

TensorFlow is not imported: the exports run in LiteRT, which loads in a fraction of a second.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.contents_network import SHIPPED_CONTENTS, ContentsNetwork
from models.line_network import LINE_NETWORK, LineNetwork
from models.network import CARD, FAST, NETWORK, ModelError, Network, softmax
from pipeline.document import Image
from pipeline.envelopes.parameters import EnvelopeParameters
from pipeline.parameters import ReaderParameters

__all__ = [
    "CARD",
    "ENVELOPE",
    "FAST",
    "LINE_NETWORK",
    "NETWORK",
    "PARAMETERS",
    "SHIPPED",
    "Model",
    "ModelError",
    "load_model",
    "softmax",
]

SHIPPED = Path(__file__).parent / "weights" / "digits"
PARAMETERS = "reader.json"
ENVELOPE = "envelope.json"


class Model(Network):
    """A network and its reader parameters, ready to read."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        try:
            self.parameters = ReaderParameters.load(directory / PARAMETERS)
        except OSError as error:
            raise ModelError(
                f"{directory}: a network, but not its reader ({error.strerror}: {PARAMETERS}); "
                "fit it with python -m models.fit_reader"
            ) from error
        except (ValueError, KeyError) as error:
            raise ModelError(
                f"{directory / PARAMETERS}: cannot be read ({error}); learn again from the same fields "
                "(nightsort train --from), or fit it again with python -m models.fit_reader"
            ) from error
        self.parameters = replace(self.parameters, envelope=_envelope(directory))
        self._contents = ContentsNetwork(SHIPPED_CONTENTS)
        self.sha256 = self._digest(directory)

    def predict_contents(self, boxes: Image) -> NDArray[np.float32]:
        """See `ContentsNetwork`: the shipped one looks at the boxes, whatever model reads their digits."""
        return self._contents.predict_contents(boxes)

    @staticmethod
    def _digest(directory: Path) -> str:
        digest = hashlib.sha256()
        for name in (FAST, CARD):
            digest.update((SHIPPED_CONTENTS / name).read_bytes())
        for name in (NETWORK, FAST, LINE_NETWORK, PARAMETERS, ENVELOPE, CARD):
            if name not in (FAST, LINE_NETWORK, ENVELOPE) or (directory / name).exists():
                digest.update((directory / name).read_bytes())
        return digest.hexdigest()[:16]


def _envelope(directory: Path) -> EnvelopeParameters:
    """What the model knows of postal codes; a model that was not fitted to them takes the shipped one's."""
    own = directory / ENVELOPE
    place = own if own.exists() else SHIPPED / ENVELOPE
    try:
        return EnvelopeParameters.load(place) if place.exists() else EnvelopeParameters()
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{place}: cannot be read ({error}); fit it again with python -m models.fit_envelopes"
        ) from error


class LineModel(Model):
    """A model with a second network, which reads whole lines."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        try:
            self.lines = LineNetwork((directory / LINE_NETWORK).read_bytes())
        except OSError as error:
            raise ModelError(f"{directory / LINE_NETWORK}: cannot be read ({error.strerror})") from error
        except (ValueError, RuntimeError) as error:
            raise ModelError(
                f"{directory / LINE_NETWORK}: no network that reads lines ({error}); train it again"
            ) from error

    def predict_frames(self, pictures: Sequence[Image]) -> list[NDArray[np.float32]]:
        """See `LineNetwork.predict_frames`."""
        return self.lines.predict_frames(pictures)


def load_model(directory: Path | None = None) -> Model:
    """The model in `directory`, or the shipped one. Raises ModelError."""
    folder = SHIPPED if directory is None else Path(directory)
    return LineModel(folder) if (folder / LINE_NETWORK).exists() else Model(folder)
