"""`nightsort layout`: propose a form layout from a picture, draw one over a scan, print the JSON Schema."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from flows.errors import ExitCode, SettingsError, UsageError

if TYPE_CHECKING:
    from pipeline.document import Image, Page

app = App(
    name="layout",
    help_format="plaintext",
    help="Make and try form layouts: what is to be read from a form, and where (see docs/forms.md).",
)


@app.command
def new(
    blank: Annotated[Path, Parameter(name="BLANK", help="Scan of the form, blank if there is one.")],
    /,
    *,
    out: Annotated[Path, Parameter(name=["--out", "-o"], help="Layout file to write, FORM.toml.")],
    page: Annotated[int, Parameter(help="Page of the scan that shows the form.")] = 1,
    picture: Annotated[
        Path | None, Parameter(help="Picture of the numbered fields to write; beside FORM.toml if not given.")
    ] = None,
    keep_reference: Annotated[
        bool,
        Parameter(help="Register pages against the picture itself; otherwise its lines are written out."),
    ] = True,
) -> int:
    """Find combs, boxes and lines on a form; write a layout and a picture with every field numbered.

    Name the fields in the layout and take out what is not to be read; it works as it is.
    """
    from pipeline.forms.draw import draw_proposals  # noqa: PLC0415 - brings OpenCV
    from pipeline.forms.propose import propose  # noqa: PLC0415
    from pipeline.forms.write_layout import write_layout  # noqa: PLC0415

    if out.exists():
        raise UsageError(f"{out}: is there already; choose another name or remove it")
    if out.suffix.lower() != ".toml":
        raise UsageError(f"--out {out}: a layout is a .toml file; give it that ending")
    image = _page(blank, page).image
    fields = propose(image)
    if not fields:
        raise UsageError(
            f"{blank}: no comb, box or line was found; give a cleaner scan, or write the layout by hand"
            " (docs/forms.md)"
        )
    reference = None
    if keep_reference:
        reference = Path(os.path.relpath(blank.resolve(), out.parent.resolve())).as_posix()
    text = write_layout(fields, out.stem, image, reference, page)
    out.write_text(text, encoding="utf-8")
    picture = picture or out.with_suffix(".png")
    _write_picture(picture, draw_proposals(image, fields))
    print(f"layout:  {out} ({len(fields)} fields)\npicture: {picture}")
    return int(ExitCode.OK)


@app.command
def check(
    form: Annotated[Path, Parameter(name="FORM", help="Layout file.")],
    scan: Annotated[Path, Parameter(name="SCAN", help="Scan to draw it over.")],
    /,
    *,
    picture: Annotated[
        Path | None,
        Parameter(name=["--out", "-o"], help="Picture to write; FORM.check.png beside FORM if not given."),
    ] = None,
    page: Annotated[int, Parameter(help="Page of the scan.")] = 1,
) -> int:
    """Lay a layout over a scan: say how well it fits, and draw its lines and fields over the page."""
    from pipeline.document import LayoutError  # noqa: PLC0415
    from pipeline.forms.draw import draw_layout  # noqa: PLC0415 - brings OpenCV
    from pipeline.forms.lay import LEAST_COVER, Sheet, fits, lay, lift_fields  # noqa: PLC0415
    from pipeline.forms.layout import load_form  # noqa: PLC0415

    try:
        layout = load_form(form)
    except LayoutError as error:
        raise SettingsError(str(error)) from error
    image = _page(scan, page).image
    sheet = Sheet.of(image)
    registration = lay(layout, sheet)
    registered = fits(layout, registration)
    fields = lift_fields(sheet, layout, registration)
    if registration is not None:
        print("registered" if registered else "not registered: this page would not be read")
        print(f"  of the layout's lines {registration.fit:.0%} found, at least {layout.least_fit:.0%} needed")
        print(f"  of the page's lines {registration.cover:.0%} known, at least {LEAST_COVER:.0%} needed")
        print(f"  typical distance {registration.residual * max(image.shape):.1f} pixels")
    for number, (field, patch) in enumerate(fields, start=1):
        box = patch.box if patch is not None else None
        place = f"{box.width} x {box.height} pixels at {box.x}, {box.y}" if box else "no such frame there"
        print(f"{number:3d}  {field.name}  {field.kind}: {place}")
    picture = picture or form.with_suffix(".check.png")
    _write_picture(picture, draw_layout(image, layout, registration, fields))
    print(f"picture: {picture}")
    return int(ExitCode.OK)


@app.command
def schema() -> int:
    """Print the JSON Schema of layout files, for editors that check and complete TOML."""
    from pipeline.forms.schema import json_schema  # noqa: PLC0415 - brings pydantic

    print(json.dumps(json_schema(), indent=1))
    return int(ExitCode.OK)


def _page(path: Path, number: int) -> Page:
    """A page of a scan. Raises UsageError where there is none that can be read."""
    from pipeline.document import ScanError  # noqa: PLC0415 - brings NumPy
    from pipeline.files.scans import decode  # noqa: PLC0415 - brings OpenCV

    try:
        for page in decode(path, path.name):
            if page.number == number:
                return page
    except ScanError as error:
        raise UsageError(f"{path}: {error}") from error
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}; give a scan that can be read") from error
    raise UsageError(f"{path}: has no page {number}; give a page that it has")


def _write_picture(path: Path, image: Image) -> None:
    import cv2  # noqa: PLC0415

    done, data = cv2.imencode(path.suffix or ".png", image)
    if not done:
        raise UsageError(f"{path}: cannot be written as a picture; use the ending .png or .jpg")
    path.write_bytes(data.tobytes())
