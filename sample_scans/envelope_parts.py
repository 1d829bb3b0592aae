"""What the address side of any country's mail is made of: paper, hand, stamp, sender, lines of an address."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pipeline.document import Box
from pipeline.layouts import countries
from sample_scans.addresses import draw_address
from sample_scans.ink import around
from sample_scans.pen import Writer
from sample_scans.sheet import BLACK, Colour, Sheet
from sample_scans.stamps import postmark, stick_stamp

_WHITE: Colour = (250, 250, 250)
PAPERS: tuple[Colour, ...] = (
    _WHITE, _WHITE, _WHITE, (244, 248, 250), (238, 244, 248), (228, 240, 246), (240, 236, 230),
    (226, 226, 226), (186, 216, 234), (160, 190, 210),
)  # fmt: skip
_INKS: tuple[Colour, ...] = (BLACK, (50, 40, 38), (120, 50, 30), (150, 70, 40), (90, 40, 60))


@dataclass(frozen=True)
class Look:
    """What an envelope is to be like; a colour that is None is drawn at random.

    code : whether the destination's postal code is written. sender_code : whether the sender's is.
    large_sender : the sender's address stands there in the same hand and size as the destination's.
    boxes : whether boxes for the code are printed, where the country has them; None: on some pieces.
    """

    paper: Colour | None = None
    ink: Colour | None = None
    code: bool = True
    sender_code: bool = True
    large_sender: bool = False
    boxes: bool | None = None

    def prints_boxes(self, rng: np.random.Generator, share: float) -> bool:
        """Whether boxes are printed on a piece of which such a share has them."""
        return rng.random() < share if self.boxes is None else self.boxes


ANY_LOOK = Look()


@dataclass(frozen=True, eq=False)
class Hand:
    """Who writes on this envelope: hand, ink, and the height of a digit in millimetres."""

    writer: Writer
    colour: Colour
    size: float

    @classmethod
    def draw(cls, rng: np.random.Generator, look: Look) -> Hand:
        """A hand at random; the look may tell its ink."""
        writer = Writer.draw(rng)
        writer = replace(  # an address is written to be read
            writer,
            gap=min(0.3, max(0.03, writer.gap)),
            unrest=0.7 * writer.unrest,
            hang=0.5 * writer.hang,
            climb=0.4 * writer.climb,
            pen_width=min(0.14, writer.pen_width),
        )
        ink = _INKS[int(rng.integers(len(_INKS)))]
        return cls(writer, look.ink or ink, float(rng.uniform(3.6, 6.2)))


def take_paper(rng: np.random.Generator, width_mm: float, height_mm: float, dpi: int, look: Look) -> Sheet:
    """An empty address side of this size; its colour at random unless the look tells it."""
    paper = PAPERS[int(rng.integers(len(PAPERS)))]
    return Sheet(width_mm, height_mm, dpi, look.paper or paper)


def union(boxes: list[Box | None]) -> Box:
    """The box around those that there are; one of no size where there is none."""
    found = [b for b in boxes if b]
    if not found:
        return Box(0, 0, 0, 0)
    box = found[0]
    for other in found[1:]:
        box = around(box, other)
    return box


def frank(rng: np.random.Generator, sheet: Sheet) -> None:
    """Stamp and postmark in the upper right corner."""
    stamp = stick_stamp(rng, sheet, sheet.width - rng.uniform(5, 10) * sheet.mm, rng.uniform(5, 9) * sheet.mm)
    if rng.random() < 0.8:
        postmark(rng, sheet, stamp)


def print_sender(rng: np.random.Generator, sheet: Sheet, hand: Hand, country: str, look: Look) -> None:
    """Upper left: printed, handwritten small, or none."""
    sender = draw_address(rng, country)
    lines = [*sender.lines, *place_code(country, sender.town, sender.code if look.sender_code else "")]
    x, y = rng.uniform(7, 12) * sheet.mm, rng.uniform(6, 9) * sheet.mm
    kind = rng.random()
    if look.large_sender:
        size = 0.92 * hand.size * sheet.mm
        for i, line in enumerate(lines):
            at = (x, y + size * (1 + 1.5 * i))
            sheet.write(rng, line, hand.writer, size, at, hand.colour, room=0.42 * sheet.width)
        return
    if kind < 0.5:
        size = rng.uniform(3.0, 3.8) * sheet.mm
        for i, line in enumerate(lines):
            sheet.print_text(line, (x, y + 1.25 * size * i), size)
    elif kind < 0.85:
        size = 0.62 * hand.size * sheet.mm
        for i, line in enumerate(lines):
            at = (x, y + size * (1 + 1.55 * i))
            sheet.write(rng, line, hand.writer, size, at, hand.colour, room=0.38 * sheet.width)


def place_code(country: str, town: str, code: str) -> list[str]:
    """The last lines of an address, the code where its country has it."""
    where = countries()[country].where
    if where == "alone":
        return [town, code] if code else [town]
    return [join_words(code, town) if where == "start" else join_words(town, code)]


def join_words(*words: str) -> str:
    """Those that there are, a space between."""
    return " ".join(word for word in words if word)


def write_lines(
    rng: np.random.Generator,
    sheet: Sheet,
    hand: Hand,
    lines: tuple[str, ...] | list[str],
    at: tuple[float, float],
) -> list[list[Box | None]]:
    """Handwritten lines from `at` (left, first baseline) down; the boxes of each line's characters."""
    size = hand.size * sheet.mm
    pitch = size * rng.uniform(1.6, 2.1)
    room_below = sheet.height - at[1] - 0.09 * sheet.height
    pitch = min(pitch, room_below / max(1, len(lines) - 1))
    size = min(size, 0.66 * pitch)
    step = rng.normal(0, 0.25) * size if rng.random() < 0.5 else 0.0
    boxes = []
    for i, line in enumerate(lines):
        x = at[0] + step * i + rng.normal(0, 0.12) * size
        room = sheet.width - x - 6 * sheet.mm
        boxes.append(
            sheet.write(rng, line, hand.writer, size, (x, at[1] + pitch * i), hand.colour, room=room)
        )
    return boxes
