"""What is timed, each in its own process: decoding alone, the pipeline without Prefect, other readers."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from flows.benchmark.peers import LOOP, open_peer
from flows.benchmark.scan_sets import ScanSet
from flows.benchmark.stages import DECODE, StageClock
from flows.inventory import LARGEST_CHUNK
from flows.reader import open_reader
from flows.tether import end_with_parent
from pipeline.document import Box, Image, Page, Reading, ScanError
from pipeline.files.scans import decode

DECODING, PIPELINE = "decode", "pipeline"
MARGIN = 0.2  # around a field that a peer is given, in its heights


@dataclass
class Timing:
    """What one contestant took for all scans of a set, once it was loaded.

    cpu_s, wall_s : seconds. peak_bytes : of its process tree.
    pages, crops : decoded, and classified. values, boxes : of the first field of each scan, by its name.
    stages : seconds of processor time by stage.
    first_row_s : seconds after the start at which the first row was in the ledger. busy : share of the
        cores that was busy in the middle of the run.
    """

    cpu_s: float = 0.0
    wall_s: float = 0.0
    peak_bytes: int = 0
    pages: int = 0
    crops: int = 0
    values: dict[str, str] = field(default_factory=dict)
    boxes: dict[str, Box] = field(default_factory=dict)
    stages: dict[str, float] = field(default_factory=dict)
    first_row_s: float | None = None
    busy: float | None = None

    def __str__(self) -> str:
        cpu, wall = (1000 * each / max(self.pages, 1) for each in (self.cpu_s, self.wall_s))
        return f"{self.pages} pages, a page {cpu:.2f} ms of CPU, {wall:.2f} of the clock"

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Add what is done within."""
        cpu, wall = processor_seconds(), time.perf_counter()
        try:
            yield
        finally:
            self.cpu_s += processor_seconds() - cpu
            self.wall_s += time.perf_counter() - wall


def processor_seconds() -> float:
    """Of this process and of the children that it has waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def serve(connection: Connection[Any, Any], name: str, scans: ScanSet, boxes: dict[str, Box]) -> None:
    """The life of a contestant's process: one thread, as a reading process has it; answers with a Timing."""
    end_with_parent()
    os.environ["OMP_NUM_THREADS"] = "1"
    cv2.setNumThreads(1)
    connection.send(measure(name, scans, boxes))


def measure(name: str, scans: ScanSet, boxes: dict[str, Box]) -> Timing:
    """Time one contestant. boxes : of the fields, which the peers are given."""
    if name == DECODING:
        return decode_only(scans.files)
    return read_bare(scans) if name == PIPELINE else read_as_peer(name, scans, boxes)


def decode_only(files: Sequence[Path]) -> Timing:
    """`cv2.imdecode` to grey of every file; those that OpenCV cannot decode are not counted as pages."""
    timing = Timing()
    for file in files:
        data = np.frombuffer(file.read_bytes(), np.uint8)
        with timing.timed():
            image = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
        timing.pages += image is not None
    return timing


def read_bare(scans: ScanSet) -> Timing:
    """The pipeline in one process, in the chunks that a night reads, without ledger, results and Prefect."""
    reader = open_reader(scans.layout, scans.postal, None)
    list(reader.read([Page("", 1, np.full((64, 64), 255, np.uint8))]))  # everything is loaded then
    clock = StageClock()
    timing = Timing()
    with timing.timed(), clock.running():
        for start in range(0, len(scans.files), LARGEST_CHUNK):
            pages = _pages(scans, scans.files[start : start + LARGEST_CHUNK], timing)
            for reading in reader.read(clock.each(pages, DECODE)):
                _keep(timing, reading)
    timing.stages, timing.crops = clock.seconds, clock.crops
    return timing


def _pages(scans: ScanSet, files: Sequence[Path], timing: Timing) -> Iterator[Page]:
    for file in files:
        try:
            for page in decode(file, scans.key(file)):
                timing.pages += 1
                yield page
        except ScanError:
            continue  # a scan that cannot be read has no value


def _keep(timing: Timing, reading: Reading) -> None:
    if reading.page == 1 and reading.scan not in timing.values:
        timing.values[reading.scan] = reading.value
        if reading.box is not None:
            timing.boxes[reading.scan] = reading.box


def read_as_peer(name: str, scans: ScanSet, boxes: dict[str, Box]) -> Timing:
    """Another reader on the fields as Nightsort found them; the loop decodes the pages itself."""
    read = open_peer(name)
    timing = Timing()
    for start in range(0, len(scans.files), LARGEST_CHUNK):
        names, crops = [], []
        for file in scans.files[start : start + LARGEST_CHUNK]:
            key = scans.key(file)
            if key not in boxes:
                continue
            clock = Timing()
            with clock.timed():
                crop = cut_out(next(decode(file, key)).image, boxes[key])
            if name == LOOP:
                timing.cpu_s += clock.cpu_s
                timing.wall_s += clock.wall_s
            names.append(key)
            crops.append(crop)
        with timing.timed():
            timing.values |= dict(zip(names, read(crops), strict=True))
        timing.pages += len(crops)
    return timing


def cut_out(page: Image, box: Box) -> Image:
    """A field with a margin."""
    margin = round(MARGIN * box.height)
    top, left = max(0, box.y - margin), max(0, box.x - margin)
    return np.ascontiguousarray(page[top : box.y + box.height + margin, left : box.x + box.width + margin])
