"""The table of speeds on standard output; the same as JSON and as a picture."""

from __future__ import annotations

import importlib.util
import json
import os
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import cv2
from rich import box
from rich.table import Table

from flows.benchmark.contestants import DECODING, PIPELINE
from flows.benchmark.speed import NIGHT, Speed, as_json, of_set, overhead
from flows.benchmark.stages import STAGES
from flows.model_tables import standard_output

_LIBRARIES = ("nightsort", "opencv-python-headless", "numpy", "ai-edge-litert", "prefect")
_DPI = 110


def print_speeds(speeds: Sequence[Speed]) -> None:
    """Print a table of contestants and one of stages."""
    console = standard_output()
    for table in (_contestants(speeds), _stages(speeds), _nights(speeds)):
        console.print(table)


def _table(title: str, columns: Sequence[str], words: int) -> Table:
    """An empty table, its first columns words and the others numbers."""
    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number < words else "right")
    return table


def _sets(speeds: Sequence[Speed]) -> list[dict[str, Speed]]:
    """What was measured, set by set, in order."""
    sets = {id(each.scans): each.scans for each in speeds}
    return [of_set(speeds, scans) for scans in sets.values()]


def _contestants(speeds: Sequence[Speed]) -> Table:
    table = _table(
        f"Processor time, medians of {len(speeds[0].rounds)} rounds",
        (
            "scans", "read by", "CPU ms/page", "x decode", "wall ms/page", "crops/CPU s", "fields/CPU s",
            "peak MB", "exact",
        ),
        2,
    )  # fmt: skip
    for measured in _sets(speeds):
        floor = measured[DECODING].typical
        for name, speed in measured.items():
            typical = speed.typical
            pages, cpu = max(typical.pages, 1), max(typical.cpu_s, 1e-9)
            table.add_row(
                speed.scans.name if name == DECODING else "",
                name,
                f"{1000 * cpu / pages:.2f}",
                f"{cpu / pages / max(floor.cpu_s / max(floor.pages, 1), 1e-9):.2f}",
                f"{1000 * typical.wall_s / pages:.2f}",
                f"{typical.crops / cpu:.0f}" if typical.crops else "",
                f"{len(typical.values) / cpu:.1f}" if typical.values else "",
                f"{typical.peak_bytes / 1e6:.0f}",
                "" if speed.exact is None else f"{100 * speed.exact:.1f} %",
            )
        table.add_section()
    return table


def _stages(speeds: Sequence[Speed]) -> Table:
    table = _table("The pipeline, CPU ms a page by stage", ("scans", *STAGES, "crops/page"), 1)
    for measured in _sets(speeds):
        typical = measured[PIPELINE].typical
        pages = max(typical.pages, 1)
        parts = [f"{1000 * typical.stages[stage] / pages:.2f}" for stage in STAGES]
        table.add_row(measured[PIPELINE].scans.name, *parts, f"{typical.crops / pages:.1f}")
    return table


def _nights(speeds: Sequence[Speed]) -> Table:
    table = _table(
        "nightsort run, as a whole",
        ("scans", "CPU s", "wall s", "beyond the pipeline", "first row s", "cores busy", "peak MB"),
        1,
    )
    for measured in _sets(speeds):
        typical = measured[NIGHT].typical
        table.add_row(
            measured[NIGHT].scans.name,
            f"{typical.cpu_s:.1f}",
            f"{typical.wall_s:.1f}",
            f"{100 * overhead(measured):+.1f} %",
            "" if typical.first_row_s is None else f"{typical.first_row_s:.1f}",
            "" if typical.busy is None else f"{100 * typical.busy:.0f} %",
            f"{typical.peak_bytes / 1e6:.0f}",
        )
    return table


def write_speeds(out: Path, speeds: Sequence[Speed]) -> list[Path]:
    """Write speed.json, and speed.png where matplotlib is installed; gives what was written."""
    out.mkdir(parents=True, exist_ok=True)
    document = {
        "machine": {
            "cores": os.cpu_count(),
            "load": os.getloadavg(),
            "processor": platform.processor() or platform.machine(),
            "python": platform.python_version(),
            "opencv": cv2.__version__,
            **{name: version(name) for name in _LIBRARIES},
        },
        "speeds": [as_json(each) for each in speeds],
    }
    (out / "speed.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    if importlib.util.find_spec("matplotlib") is None:
        return [out / "speed.json"]
    plot_speeds(speeds, out / "speed.png")
    return [out / "speed.json", out / "speed.png"]


def plot_speeds(speeds: Sequence[Speed], path: Path) -> None:
    """Processor time a page: of every contestant (logarithmic), and of the pipeline's stages."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - slow to import
    from matplotlib.figure import Figure  # noqa: PLC0415

    sets = _sets(speeds)
    figure = Figure(figsize=(5.6 * len(sets), 5.2), layout="constrained")
    FigureCanvasAgg(figure)
    rows = figure.subplots(2, len(sets), squeeze=False, height_ratios=(3, 2))
    for axis, measured in zip(rows[0], sets, strict=True):
        widths = [1000 * each.typical.cpu_s / max(each.typical.pages, 1) for each in measured.values()]
        axis.barh(list(measured), widths, color="0.75")
        for row, (width, speed) in enumerate(zip(widths, measured.values(), strict=True)):
            exact = "" if speed.exact is None else f", {100 * speed.exact:.0f} % exact"
            axis.text(width, row, f" {width:.3g}{exact}", va="center", fontsize=8)
        axis.invert_yaxis()
        axis.set_xscale("log")
        axis.set_xlim(min(widths) / 2, max(widths) * 30)
        axis.set(title=measured[DECODING].scans.name, xlabel="CPU ms a page")
    for axis, measured in zip(rows[1], sets, strict=True):
        typical = measured[PIPELINE].typical
        parts = [1000 * typical.stages[stage] / max(typical.pages, 1) for stage in STAGES]
        axis.barh(STAGES, parts, color="C0")
        for row, part in enumerate(parts):
            axis.text(part, row, f" {part:.2f}", va="center", fontsize=8)
        axis.invert_yaxis()
        axis.margins(x=0.15)
        axis.set(title="the pipeline's stages", xlabel="CPU ms a page")
    figure.savefig(path, dpi=_DPI)
