"""The layout and the model that scans are read with; the one place where the two meet."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flows.errors import ModelUnavailableError, SettingsError
from pipeline.document import Image, Page, Reading

if TYPE_CHECKING:
    from models import Model
    from models.page_classifier import PageModel
    from pipeline.forms.form import FormSet
    from pipeline.layouts import Layout, Mixed
    from pipeline.parameters import ReaderParameters

    AnyLayout = Layout | FormSet | Mixed


@dataclass(frozen=True)
class Identity:
    """What a result depends on besides the scan: names for people, content hashes for the ledger.

    layout_hash : of all that decides where and which way up a page is read as what; where pages are
        looked at for that, of the network that looks, too.
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
    least_find : the confidence from which a code is a find; below it, it is only suggested to a person.
    explain : a picture of a page with every decision of its reading on it, (H, W, 3) uint8 BGR.
    """

    identity: Identity
    read: Callable[[Iterable[Page]], list[Reading]]
    threshold: Callable[[float], float]
    explain: Callable[[Page], Image] | None = None
    least_find: float = 0.0


OpenReader = Callable[[], Reader]
"""Opens a reader; it is sent to the reading processes, each of which opens its own."""


def open_reader(
    layout: str,
    postal: str,
    model: Path | None,
    debug: Path | None = None,
    change: Callable[[AnyLayout], AnyLayout] | None = None,
) -> Reader:
    """Load a layout and a model. Raises SettingsError, ModelUnavailableError.

    debug : folder for a picture of every page that is read, with every decision on it.
    change : what is made of the layout before it is used.
    """
    from models import ModelError, load_model  # noqa: PLC0415 - brings NumPy and more
    from pipeline.document import LayoutError  # noqa: PLC0415
    from pipeline.layouts import load_layout  # noqa: PLC0415

    try:
        form = load_layout(layout, postal=postal)
    except LayoutError as error:
        raise SettingsError(str(error)) from error
    try:
        return reader_of(change(form) if change else form, load_model(model), debug)
    except ModelError as error:
        raise ModelUnavailableError(str(error)) from error


def reader_of(form: Layout | FormSet | Mixed, network: Model, debug: Path | None = None) -> Reader:
    """What reads pages by a layout with a model; debug : as for `open_reader`. Raises ModelError."""
    from flows.debug_images import draw_passing  # noqa: PLC0415 - brings OpenCV
    from pipeline import read_pages  # noqa: PLC0415
    from pipeline.layouts import Layout  # noqa: PLC0415
    from pipeline.plan import needs_look  # noqa: PLC0415

    looks = _load_looks() if needs_look(form) else None

    def explain(page: Page) -> Image:
        from pipeline.overlay import draw_page  # noqa: PLC0415 - only where pictures are asked for

        return draw_page(page, form, network, network.parameters, looks)

    def read(pages: Iterable[Page]) -> list[Reading]:
        shown = pages if debug is None else draw_passing(pages, explain, debug)
        return read_pages(shown, form, network, network.parameters, looks)

    found_by = form.sha256 if looks is None else _joined(form.sha256, looks.sha256)
    return Reader(
        identity=Identity(form.label, found_by, network.name, network.sha256, form.field),
        read=read,
        threshold=_threshold(form, network.parameters),
        explain=explain,
        least_find=network.parameters.envelope.least if isinstance(form, Layout) and form.country else 0.0,
    )


def _threshold(form: Layout | FormSet | Mixed, parameters: ReaderParameters) -> Callable[[float], float]:
    """The least confidence to accept, measured for each kind of field; of several kinds the strictest."""
    from pipeline.forms.form import FormSet  # noqa: PLC0415
    from pipeline.layouts import Layout, Mixed  # noqa: PLC0415

    codes = parameters.envelope if parameters.envelope.thresholds else parameters.lines
    if isinstance(form, Layout) and form.country is not None:
        return codes.threshold
    forms = form.forms if isinstance(form, Mixed) else form if isinstance(form, FormSet) else None
    combs = {field.boxes > 0 for each in (forms.forms if forms else ()) for field in each.form_fields}
    kinds = [(parameters.boxes if comb else parameters.lines).threshold for comb in sorted(combs)]
    if isinstance(form, Mixed):
        kinds += [parameters.lines.threshold, codes.threshold]
    return lambda target: max(threshold(target) for threshold in kinds or [parameters.lines.threshold])


def _load_looks() -> PageModel:
    from models.page_classifier import load_page_model  # noqa: PLC0415 - only where pages are looked at

    return load_page_model()


def _joined(*hashes: str) -> str:
    """One hash of several, 16 hex digits."""
    return hashlib.sha256("+".join(hashes).encode()).hexdigest()[:16]
