"""Output folders to review: drawn scans, and a ledger of what a machine may have read from them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from flows.chunk import ScanResult
from flows.ledger import FILE_NAME, Ledger
from flows.ledger_rows import Sighting
from flows.results import write_results
from pipeline.document import Box, Reading, Reason
from tests.flows.fakes import IDENTITY

THRESHOLD = 0.9


@dataclass(frozen=True)
class Written:
    """What stands on a page, and what the machine makes of it."""

    truth: str
    value: str
    confidence: float
    alternatives: tuple[tuple[str, float], ...] = ()
    reason: Reason | None = None
    field: str = "digits"


def doubtful(number: int) -> Written:
    """A reading that is not sure enough; every third one is wrong."""
    truth = f"{number * 7919 % 100_000:05d}"
    wrong = f"{(int(truth) + 1) % 100_000:05d}"
    value, other = (wrong, truth) if number % 3 == 0 else (truth, wrong)
    confidence = 0.2 + 0.6 * (number * 37 % 100) / 100
    return Written(truth, value, confidence, ((other, (1 - confidence) / 2),))


def certain(number: int) -> Written:
    """A reading that is accepted, and right."""
    truth = f"{number * 104_729 % 100_000:05d}"
    return Written(truth, truth, 0.995)


def draw(path: Path, text: str) -> Box:
    """A page with these digits printed on it; returns where."""
    page = np.full((360, 640), 245, np.uint8)
    cv2.putText(page, text, (220, 200), cv2.FONT_HERSHEY_SIMPLEX, 1.4, 40, 3)
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), page)
    return Box(210, 160, 30 * len(text) + 10, 50)


def make_night(folder: Path, pages: Sequence[Written], threshold: float = THRESHOLD) -> Path:
    """A night's output folder over drawn scans 0000.png and so on; returns OUT."""
    out = folder / "out"
    out.mkdir(parents=True)
    sightings, results = [], []
    for number, page in enumerate(pages):
        path = folder / "in" / f"{number:04}.png"
        box = draw(path, page.truth)
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        reading = Reading(
            "",
            1,
            page.field,
            value=page.value,
            confidence=page.confidence,
            alternatives=page.alternatives,
            box=box if page.value else None,
            reason=page.reason,
        )
        sightings.append(Sighting(path, folder / "in", path.name, content))
        results.append(ScanResult(content, 1, [reading]))
    with Ledger(out / FILE_NAME) as ledger:
        run = ledger.begin_run({"target_error": 0.01, "layout": "digits"})
        reader = ledger.register_reader(IDENTITY, threshold)
        ledger.register_scans(sightings, reader)
        ledger.write_results(run, reader, results)
        write_results(ledger, out)
        ledger.end_run(run, "finished")
    return out


def read_again(out: Path, readings: Mapping[str, tuple[str, float]]) -> None:
    """Another model reads the scans of these names as these values, so surely."""
    identity = replace(IDENTITY, model="learned", model_hash="9" * 16)
    with Ledger(out / FILE_NAME) as ledger:
        lines = {line.reading.scan: line for line in ledger.lines()}
        run = ledger.begin_run({"target_error": 0.01, "layout": "digits"})
        reader = ledger.register_reader(identity, THRESHOLD)
        for name, (value, confidence) in readings.items():
            line = lines[name]
            ledger.register_scans([Sighting(line.path, line.path.parent, name, line.sha256)], reader)
            reading = replace(line.reading, value=value, confidence=confidence, alternatives=())
            ledger.write_results(run, reader, [ScanResult(line.sha256, 1, [reading])])
        write_results(ledger, out)
