"""Turning a described shape into curves that bend: allographs as linear maps of their control points.

A smooth curve through control points is linear in those points once its knots are fixed, so each
allograph is compiled once into a matrix; drawing one more variation of it is one product.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sample_scans.digit_shapes import DIGITS
from sample_scans.letter_shapes import LETTERS
from sample_scans.mark_shapes import MARKS

Points = NDArray[np.float32]

STEP = 0.04  # of the character's height, between two points of a finished stroke
ROUNDINGS = (0, 1, 2, 4)  # half widths, in steps, of the averages that a hurried hand takes of a shape
_WAVES = np.array([(0.5, 0), (0, 0.5), (0.5, 0.5), (0.5, -0.5), (0, 1), (1, 0)], np.float64)
BENDS = 2 * len(_WAVES)  # how many numbers, for x and y each, bend a shape


@dataclass(frozen=True, eq=False)
class Allograph:
    """One way of writing a character.

    points : (P, 2) float32 control points, in heights of a digit, y down, baseline 1.
    bends : (P, BENDS) float32, smooth fields over the plane: `points + bends @ (BENDS, 2)` is the
        same shape on bent paper.
    stroke_of : (P,) the stroke of each control point.
    ends : for each stroke its first and last control point, each with its inner neighbour.
    curves : per rounding of ROUNDINGS an (N, P) float32 matrix from control points to the curve.
    spans : the slice of the N curve points which each stroke takes.
    along : (N,) float32 from 0 at the start of each stroke to 1 at its end.
    """

    name: str
    weight: float
    points: Points
    bends: NDArray[np.float32]
    stroke_of: NDArray[np.intp]
    ends: tuple[tuple[int, int], ...]
    curves: tuple[NDArray[np.float32], ...]
    spans: tuple[slice, ...]
    along: NDArray[np.float32]


def _parse_stroke(text: str) -> tuple[NDArray[np.float64], list[int]]:
    """Points in heights, and which of them are corners (the two ends among them)."""
    words = text.split()
    points = np.array([[float(n) for n in w.rstrip("!").split(",")] for w in words]) / 100
    corners = [i for i, w in enumerate(words) if w.endswith("!")]
    return points, sorted({0, *corners, len(words) - 1})


def _smooth_piece(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Matrix (M, P) of a centripetal Catmull-Rom curve through P points (Yuksel et al., 2011).

    Evaluated by the pyramid of Barry and Goldman (1988) on unit vectors in place of points; beyond
    either end the curve goes on as if mirrored.
    """
    count = len(points)
    unit = np.eye(count)
    unit = np.vstack([2 * unit[0] - unit[1], unit, 2 * unit[-1] - unit[-2]])
    lengths = np.linalg.norm(np.diff(points, axis=0), axis=1)
    gaps = np.sqrt(np.maximum(lengths, 1e-3))
    knots = np.concatenate([[-gaps[0]], [0], np.cumsum(gaps), [gaps.sum() + gaps[-1]]])
    rows = [unit[1:2]]
    for i in range(count - 1):
        t0, t1, t2, t3 = knots[i : i + 4]
        p0, p1, p2, p3 = unit[i : i + 4]
        steps = max(1, round(lengths[i] / STEP))
        t = (t1 + (t2 - t1) * np.arange(1, steps + 1) / steps)[:, None]
        a1 = ((t1 - t) * p0 + (t - t0) * p1) / (t1 - t0)
        a2 = ((t2 - t) * p1 + (t - t1) * p2) / (t2 - t1)
        a3 = ((t3 - t) * p2 + (t - t2) * p3) / (t3 - t2)
        b1 = ((t2 - t) * a1 + (t - t0) * a2) / (t2 - t0)
        b2 = ((t3 - t) * a2 + (t - t1) * a3) / (t3 - t1)
        rows.append(((t2 - t) * b1 + (t - t1) * b2) / (t2 - t1))
    return np.vstack(rows)


def _stroke_matrix(points: NDArray[np.float64], corners: list[int]) -> NDArray[np.float64]:
    """Matrix (N, P) of a whole stroke: smooth between its corners, sharp at them."""
    rows = []
    for first, last in pairwise(corners):
        piece = _smooth_piece(points[first : last + 1])
        full = np.zeros((len(piece), len(points)))
        full[:, first : last + 1] = piece
        rows.append(full if first == 0 else full[1:])
    return np.vstack(rows)


def _averaging(count: int, half: int) -> NDArray[np.float64]:
    """Matrix (count, count) of a moving average that leaves both ends where they are."""
    i = np.arange(count)
    reach = np.minimum(half, np.minimum(i, count - 1 - i))[:, None]
    near = np.abs(i[None, :] - i[:, None]) <= reach
    return np.asarray(near / near.sum(axis=1, keepdims=True), np.float64)


def _bend_fields(points: NDArray[np.float64]) -> NDArray[np.float32]:
    phase = 2 * np.pi * (points - points.mean(axis=0)) @ _WAVES.T
    return np.hstack([np.cos(phase), np.sin(phase)]).astype(np.float32)


def compile_allograph(name: str, weight: float, description: str) -> Allograph:
    """An allograph from strokes as `digit_shapes` describes them."""
    strokes = [_parse_stroke(s) for s in description.split("/")]
    matrices = [_stroke_matrix(*s) for s in strokes]
    points = np.vstack([p for p, _ in strokes])
    sizes = [len(p) for p, _ in strokes]
    starts = np.concatenate([[0], np.cumsum(sizes)])
    lengths = np.concatenate([[0], np.cumsum([len(m) for m in matrices])])
    curves = []
    for half in ROUNDINGS:
        whole = np.zeros((lengths[-1], len(points)), np.float32)
        for k, matrix in enumerate(matrices):
            rounded = _averaging(len(matrix), half) @ matrix
            whole[lengths[k] : lengths[k + 1], starts[k] : starts[k + 1]] = rounded
        curves.append(whole)
    ends = [pair for a, b in pairwise(starts) for pair in ((a, a + 1), (b - 1, b - 2))]
    return Allograph(
        name=name,
        weight=weight,
        points=points.astype(np.float32),
        bends=_bend_fields(points),
        stroke_of=np.repeat(np.arange(len(sizes)), sizes),
        ends=tuple((int(a), int(b)) for a, b in ends),
        curves=tuple(curves),
        spans=tuple(slice(int(a), int(b)) for a, b in pairwise(lengths)),
        along=np.concatenate([np.linspace(0, 1, len(m)) for m in matrices]).astype(np.float32),
    )


@cache
def allographs(character: str) -> tuple[Allograph, ...]:
    """All ways of writing `character`, in the order of their descriptions; KeyError if there is none."""
    found = []
    for line in _description(character).strip().splitlines():
        head, _, strokes = line.partition(":")
        weight, _, name = head.strip().partition(" ")
        found.append(compile_allograph(name.strip(), float(weight), strokes))
    return tuple(found)


def _description(character: str) -> str:
    for table in (DIGITS, MARKS, LETTERS):
        if character in table:
            return table[character]
    raise KeyError(character)


@cache
def cumulative_weights(character: str, square: bool = False, careful: bool = False) -> NDArray[np.float64]:
    """(A,) float64, the weights of `allographs(character)` summed up, the last being 1.

    square : of a hand that writes along guide marks. It has shapes of its own (their names begin with
        `square`), which no other hand writes.
    careful : of a hand that prints for others to read: rare shapes are rarer still, the weights squared.
    """
    shapes = allographs(character)
    power = 2 if careful else 1
    own = [a.weight**power * (a.name.startswith("square") == square) for a in shapes]
    total = np.cumsum(own if any(own) else [a.weight for a in shapes])
    return np.asarray(total / total[-1], np.float64)
