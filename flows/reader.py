"""The layout and the model that scans are read with; the one place where the two meet."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from flows.errors import ModelUnavailableError, SettingsError
from pipeline.document import Page, Reading


@dataclass(frozen=True)
class Identity:
    """What a result depends on besides the scan: names for people, content hashes for the ledger.

    field : the layout's field, which a page that cannot be read fails to give.
    """

    layout: str
    layout_hash: str
    model: str
    model_hash: str
    field: str

    @property
    def layout_label(self) -> str:
        """The layout as the `layout` column of results.csv shows it."""
        return f"{self.layout}@{self.layout_hash}"

    @property
    def model_label(self) -> str:
        """The model as the `model` column of results.csv shows it."""
        return f"{self.model}@{self.model_hash}"


@dataclass(frozen=True)
class Reader:
    """Reads pages.

    read : readings of the pages, at least one a page, in page order.
    threshold : the least confidence to accept, for a target error rate.
    """

    identity: Identity
    read: Callable[[Iterable[Page]], list[Reading]]
    threshold: Callable[[float], float]


OpenReader = Callable[[], Reader]
"""Opens a reader; it is sent to the reading processes, each of which opens its own."""


def open_reader(layout: str, postal: str, model: Path | None) -> Reader:
    """Load a layout and a model. Raises SettingsError, ModelUnavailableError."""
    from models import ModelError, load_model  # noqa: PLC0415 - brings NumPy and more
    from pipeline import read_pages  # noqa: PLC0415
    from pipeline.layouts import LayoutError, load_layout  # noqa: PLC0415

    try:
        form = load_layout(layout, postal=postal)
    except LayoutError as error:
        raise SettingsError(str(error)) from error
    try:
        network = load_model(model)
    except ModelError as error:
        raise ModelUnavailableError(str(error)) from error

    def read(pages: Iterable[Page]) -> list[Reading]:
        return read_pages(pages, form, network, network.parameters)

    return Reader(
        identity=Identity(form.label, form.sha256, network.name, network.sha256, form.field),
        read=read,
        threshold=network.parameters.threshold,
    )
