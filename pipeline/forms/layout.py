"""From a layout file, and the picture of the form that it names, to a form."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pipeline.document import READER_VERSION, Image, LayoutError, ScanError
from pipeline.forms.form import Cells, Form, FormField, FormSet
from pipeline.forms.mistakes import find_mistakes
from pipeline.forms.rules import Rules, Segments, find_rules, landmarks, without_edges
from pipeline.forms.schema import FieldModel, FormModel, read_model
from pipeline.paper import ink


def load_forms(paths: Sequence[Path]) -> FormSet:
    """The layouts of the files, and of the *.toml in the folders, among `paths`. Raises LayoutError."""
    files: list[Path] = []
    for path in paths:
        inside = sorted(path.glob("*.toml")) if path.is_dir() else [path]
        if not inside:
            raise LayoutError(f"{path}: holds no form layout; give a folder with .toml files")
        files.extend(inside)
    forms = tuple(load_form(path) for path in dict.fromkeys(files))
    names = [form.name for form in forms]
    for name in names:
        if names.count(name) > 1:
            raise LayoutError(f"layout {name}: two files have this name; give each layout a name of its own")
    return FormSet(forms)


def load_form(path: Path) -> Form:
    """Read a layout file and the reference that it names. Raises LayoutError, one line with the fix."""
    model = read_model(path)
    reference = _reference(path, model)
    extent = model.page or _size(path, reference)
    if reference is not None:
        rules = printed(reference, extent)
    else:
        rules = _sorted(np.array(model.register_.rules, np.float64).reshape(-1, 4))
    fields = tuple(each for one in model.field for each in _expand(one, model.dropout))
    form = Form(
        model.name or path.stem,
        "",
        extent,
        rules,
        fields,
        model.register_.least_fit,
        _corners(model.register_.marks),
        model.page_number,
        reference,
    )
    find_mistakes(path, form)
    digest = hashlib.sha256(f"{READER_VERSION}:{model!r}".encode())
    if reference is not None:
        digest.update(reference.tobytes())
    return Form(**{**vars(form), "sha256": digest.hexdigest()[:16]})


def printed(picture: Image, extent: tuple[float, float]) -> Rules:
    """The lines of a picture of the form by which other pages are laid under it, in units of `extent`."""
    grey = ink.to_grey(picture)
    found = without_edges(landmarks(find_rules(grey), grey), grey.shape)
    unit = np.array([extent[0] / grey.shape[1], extent[1] / grey.shape[0]] * 2)
    return Rules(found.across * unit, found.down * unit, found.tilt)


def _sorted(lines: Segments) -> Rules:
    """Lines of a layout file by their direction, each from left to right or from top to bottom."""
    wide = np.abs(lines[:, 2] - lines[:, 0]) >= np.abs(lines[:, 3] - lines[:, 1])
    across, down = lines[wide], lines[~wide]
    across = np.where((across[:, 0] > across[:, 2])[:, None], across[:, [2, 3, 0, 1]], across)
    down = np.where((down[:, 1] > down[:, 3])[:, None], down[:, [2, 3, 0, 1]], down)
    return Rules(across, down, 0.0)


def _reference(path: Path, model: FormModel) -> Image | None:
    from pipeline.files.scans import decode  # noqa: PLC0415 - only where a layout names a picture

    name = model.register_.reference
    if name is None:
        return None
    place = path.parent / name
    try:
        for page in decode(place, name):
            if page.number == model.register_.reference_page:
                return page.image
    except (OSError, ScanError, ValueError) as error:  # ValueError: a name with a NUL in it
        cause = error.strerror if isinstance(error, OSError) else error
        raise LayoutError(
            f"{path}: register.reference {name}: {cause}; give a picture of the form"
        ) from error
    raise LayoutError(
        f"{path}: register.reference_page: {name} has no page {model.register_.reference_page};"
        " give one it has"
    )


def _size(path: Path, reference: Image | None) -> tuple[float, float]:
    if reference is None:
        raise LayoutError(
            f"{path}: page: is missing; give [width, height], or a register.reference to take it from"
        )
    return float(reference.shape[1]), float(reference.shape[0])


def _expand(model: FieldModel, dropout: str | None) -> Sequence[FormField]:
    """The fields that one table of the file stands for: one, or the cells of a table."""
    dropout = model.dropout or dropout
    if model.kind != "cells":
        boxes = len(model.boxes) if isinstance(model.boxes, tuple) else model.boxes or 0
        search = None
        if model.search is not None:
            x, y, w, h = (0.0, 0.0, np.inf, np.inf) if model.search == "page" else model.search
            search = (x, y, x + w, y + h)
        cells = _boxes(model) if search is None else np.zeros((0, 4))
        sums = tuple([model.sum_of] if model.sum_of else [])
        return [FormField(model.name or "", model.kind, cells, boxes, model, search, dropout, sums)]
    if model.at is None:
        return []
    x, y, width, height = model.at
    rows, columns = model.rows or ("",), model.columns or ("",)
    wide, tall = width / len(columns), height / len(rows)
    count = model.boxes if isinstance(model.boxes, int) else 0
    fields = []
    for r, row in enumerate(rows):
        for c, column in enumerate(columns):
            name = _cell_name(model, row, column)
            above = tuple(_cell_name(model, each, column) for each in model.sums.get(row, ()))
            beside = tuple(_cell_name(model, row, each) for each in model.sums.get(column, ()))
            stated = tuple(parts for parts in (above, beside) if parts)
            place = (x + c * wide, y + r * tall, wide, tall)
            cells = split(place, count or 1, model.gap)
            kind = "comb" if count else "box"
            fields.append(FormField(name, kind, cells, count, model, None, dropout, stated))
    return fields


def _cell_name(model: FieldModel, row: str, column: str) -> str:
    return "_".join(part for part in (model.name, row, column) if part)


def _boxes(model: FieldModel) -> Cells:
    if isinstance(model.boxes, tuple):
        return _corners(model.boxes)
    return split(model.at or (0.0, 0.0, 1.0, 1.0), model.boxes or 1, model.gap)


def _corners(places: Sequence[tuple[float, float, float, float]]) -> Cells:
    """Places (x, y, width, height) as left, top, right, bottom: (N, 4)."""
    return np.array([[x, y, x + w, y + h] for x, y, w, h in places], np.float64).reshape(-1, 4)


def split(place: tuple[float, float, float, float], count: int, gap: float = 0.0) -> Cells:
    """A place (x, y, width, height) in `count` equal boxes with `gap` between them: (count, 4).

    Of each box left, top, right, bottom:

    >>> split((100, 20, 95, 30), 2, gap=5).tolist()
    [[100.0, 20.0, 145.0, 50.0], [150.0, 20.0, 195.0, 50.0]]
    """
    x, y, width, height = place
    wide = (width - gap * (count - 1)) / count
    left = x + (wide + gap) * np.arange(count)
    return np.stack([left, np.full(count, y), left + wide, np.full(count, y + height)], axis=1)
