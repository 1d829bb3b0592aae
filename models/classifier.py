"""Load a model for reading: the fast export of the network, and the parameters of the reader beside it.

TensorFlow is not imported: the export runs in LiteRT, which loads in a fraction of a second.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from models.network import CARD, NETWORK, ModelError, Network, softmax
from pipeline.parameters import ReaderParameters

__all__ = ["CARD", "NETWORK", "PARAMETERS", "SHIPPED", "Model", "ModelError", "load_model", "softmax"]

SHIPPED = Path(__file__).parent / "weights" / "digits"
PARAMETERS = "reader.json"


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
                f"{directory / PARAMETERS}: cannot be read ({error}); fit it again with "
                "python -m models.fit_reader"
            ) from error
        self.sha256 = self._digest(directory)

    @staticmethod
    def _digest(directory: Path) -> str:
        digest = hashlib.sha256()
        for name in (NETWORK, PARAMETERS, CARD):
            digest.update((directory / name).read_bytes())
        return digest.hexdigest()[:16]


def load_model(directory: Path | None = None) -> Model:
    """The model in `directory`, or the shipped one. Raises ModelError."""
    return Model(SHIPPED if directory is None else Path(directory))
