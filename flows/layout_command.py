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
    from pipeline.forms.form import Form
    from pipeline.forms.lay import Fields
    from pipeline.forms.perspective import Registration

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

    It works as it is; `layout keep` then takes out what is not to be read and
    names the rest.
    """
    from pipeline.forms.draw import draw_proposals  # noqa: PLC0415 - brings OpenCV
    from pipeline.forms.level import LEVEL, level  # noqa: PLC0415
    from pipeline.forms.propose import propose  # noqa: PLC0415
    from pipeline.forms.write_layout import write_layout  # noqa: PLC0415

    if out.exists():
        raise UsageError(f"{out}: is there already; choose another name or remove it")
    if out.suffix.lower() != ".toml":
        raise UsageError(f"--out {out}: a layout is a .toml file; give it that ending")
    image, leaned = level(_page(blank, page).image)
    fields = propose(image)
    if not fields:
        raise UsageError(
            f"{blank}: no comb, box or line was found; give a cleaner scan, or write the layout by hand"
            " (docs/forms.md)"
        )
    elsewhere = out.parent.resolve() not in blank.resolve().parents
    if keep_reference and (leaned >= LEVEL or elsewhere):
        blank, page = out.with_suffix(".level.png"), 1
        _write_picture(blank, image)
        why = (
            f"the scan leans by {leaned:.1f} degrees" if leaned >= LEVEL else "the scan is in another folder"
        )
        print(f"level:   {blank} ({why}; this is its level copy, keep it beside the layout)")
    reference = _relative(blank, out.parent) if keep_reference else None
    out.write_text(write_layout(fields, out.stem, image, reference, page), encoding="utf-8")
    picture = picture or out.with_suffix(".png")
    _write_picture(picture, draw_proposals(image, fields))
    print(f"layout:  {out} ({len(fields)} fields)\npicture: {picture}, every field with its number")
    print(f"next:    nightsort layout keep {out} NUMBER=NAME ...   (or edit the file)")
    return int(ExitCode.OK)


def _relative(path: Path, folder: Path) -> str:
    """The path as a file in `folder` refers to it."""
    return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()


@app.command
def keep(
    form: Annotated[Path, Parameter(name="FORM", help="Layout file; it is written anew.")],
    /,
    *fields: Annotated[
        str,
        Parameter(
            name="FIELDS",
            help="Fields to keep by their numbers, with new names: 3=total 5 7=men,women (a table's cells).",
        ),
    ],
) -> int:
    """Keep some fields of a layout, counted as in the picture of `layout new`, and give them names."""
    from pipeline.document import LayoutError  # noqa: PLC0415
    from pipeline.forms.keep import keep as kept_fields  # noqa: PLC0415
    from pipeline.forms.layout import load_form  # noqa: PLC0415 - brings OpenCV

    chosen = dict(_chosen(each) for each in fields)
    if not chosen:
        raise UsageError("no field to keep; give numbers, with names if you like: 3=total 5 7=votes")
    try:
        load_form(form)
        text = kept_fields(form.read_text(encoding="utf-8"), chosen)
    except LayoutError as error:
        raise SettingsError(str(error) if str(form) in str(error) else f"{form}: {error}") from error
    trial = form.with_suffix(".keep.toml")
    try:
        trial.write_text(text, encoding="utf-8")
        names = load_form(trial).fields
    except LayoutError as error:
        raise SettingsError(str(error).replace(str(trial), str(form))) from error
    else:
        trial.replace(form)
    finally:
        trial.unlink(missing_ok=True)
    print(f"layout:  {form} ({len(names)} fields): {', '.join(names)}")
    return int(ExitCode.OK)


def _chosen(text: str) -> tuple[int, tuple[str, ...]]:
    """A field's number and its names, of `3`, `3=total` or `3=men,women`. Raises UsageError."""
    number, _, names = text.partition("=")
    if not number.strip().isdecimal():
        raise UsageError(f"{text}: is no field; give its number, and a name if you like: 3=total")
    return int(number), tuple(name.strip() for name in names.split(",") if name.strip())


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
    from pipeline.forms.lay import Sheet, fits, lay, lift_fields  # noqa: PLC0415
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
        _tell_fit(layout, registration, registered=registered, longest=max(image.shape))
    _tell_fields(fields, registered=registered)
    picture = picture or form.with_suffix(".check.png")
    _write_picture(picture, draw_layout(image, layout, registration, fields))
    print(f"picture: {picture}")
    return int(ExitCode.OK)


def _tell_fit(layout: Form, registration: Registration, *, registered: bool, longest: int) -> None:
    """Say how well a layout lies on a page whose longer side has so many pixels."""
    from pipeline.forms.lay import LEAST_COVER, LEAST_INSIDE, LEAST_PART  # noqa: PLC0415 - brings OpenCV

    print("registered" if registered else "not registered: this page would not be read")
    print(f"  of the layout's lines {registration.fit:.0%} found, at least {layout.least_fit:.0%} needed")
    print(f"  of the page's lines {registration.cover:.0%} known, at least {LEAST_COVER:.0%} needed")
    print(f"  of the form {registration.inside:.0%} on the page, at least {LEAST_INSIDE:.0%} needed")
    print(f"  of its emptiest part {registration.part:.0%} there, at least {LEAST_PART:.0%} needed")
    if registered:
        print(f"  typical distance {registration.residual * longest:.1f} pixels")


def _tell_fields(fields: Fields, *, registered: bool) -> None:
    """Say where each field is."""
    for number, (field, patch) in enumerate(fields, start=1):
        box = patch.box if patch is not None else None
        place = f"{box.width} x {box.height} pixels at {box.x}, {box.y}" if box else "no such frame there"
        print(f"{number:3d}  {field.name}  {field.kind}: {place}")
    if registered and any(patch is None and field.search is None for field, patch in fields):
        print("  such fields are not read. Mend `at`; or if no lines are printed around them (white boxes")
        print("  on a tint), write framed = false")


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
