from __future__ import annotations

import os
import time
from pathlib import Path

from flows.ledger_rows import Line
from flows.pictures import Picture, take_pictures
from flows.pictures_apart import take_pictures_apart
from flows.results import Settled
from pipeline.document import Box, Reading, Status
from tests.flows.fakes import IDENTITY, draw_scan


def field(path: Path) -> Settled:
    reading = Reading(path.name, 1, "digits", "021", 0.41, (), Box(2, 2, 9, 9))
    return Settled(Line(path, "ab", IDENTITY, 0.9, reading), Status.REVIEW, "low-confidence")


def test_pictures_come_in_the_order_of_the_fields(tmp_path: Path) -> None:
    paths = [draw_scan(tmp_path / f"{name}.png", ord(name)) for name in "cab"]
    pictures = take_pictures_apart([field(path) for path in [*paths, paths[0]]])
    assert [picture.settled.line.path for picture in pictures] == [*paths, paths[0]]
    assert all(picture.data_uri for picture in pictures)
    assert pictures[0].data_uri == pictures[3].data_uri != pictures[1].data_uri


def test_nothing_to_show_starts_no_process() -> None:
    assert take_pictures_apart([]) == []


def test_scan_that_ends_or_holds_the_process_costs_its_own_picture(tmp_path: Path) -> None:
    names = ("good.png", "kills.png", "holds.png", "z.png")
    fields = [field(draw_scan(tmp_path / name, number)) for number, name in enumerate(names)]
    pictures = take_pictures_apart(fields, take=_take_if_harmless, silence_limit_s=5)
    assert [picture.data_uri is None for picture in pictures] == [False, True, True, False]


def _take_if_harmless(fields: list[Settled]) -> list[Picture]:
    if fields[0].line.path.name == "kills.png":
        os._exit(9)
    if fields[0].line.path.name == "holds.png":
        time.sleep(60)
    return take_pictures(fields)
