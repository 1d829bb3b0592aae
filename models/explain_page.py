"""The page that explains a reading: one HTML file that opens without a server."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import jinja2
import numpy as np
from numpy.typing import NDArray

from models.anatomy import Layer
from models.explain import Explanation
from models.explain_reading import Field
from models.labelled import CLASSES
from models.network import Network
from models.saliency import Saliency
from models.shades import data_uri, frames_picture, ink_picture, lead_picture, maps_picture

TEMPLATE = "explain.html.j2"


@dataclass(frozen=True)
class Spot:
    """The place of a map with the greatest change; row and column from 1, lead as it would be then."""

    row: int
    column: int
    change: float
    lead: float


@cache
def _template() -> jinja2.Template:
    loader = jinja2.PackageLoader("models")
    surroundings = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)
    surroundings.filters["thousands"] = lambda n: f"{n:,}"
    surroundings.filters["percent"] = lambda p: "under 0.01 %" if p < 1e-4 else f"{p:.2%}".replace("%", " %")
    surroundings.filters["signed"] = lambda v: f"{v:+.2f}".replace("-", "−")
    return surroundings.get_template(TEMPLATE)


def render_page(name: str, field: Field, explanations: list[Explanation], network: Network) -> str:
    """The page about the picture called `name`, as HTML."""
    return _template().render(
        name=name,
        field=field,
        network=network,
        parameters=network.card.get("parameters"),
        line=None if field.line is None else data_uri(ink_picture(field.line)),
        line_width=0 if field.line is None else min(960, 4 * field.line.shape[1]),
        frames=None if field.frames is None else data_uri(frames_picture(field.frames)),
        digits=[_digit(explanation, network) for explanation in explanations],
    )


def _digit(explanation: Explanation, network: Network) -> dict[str, Any]:
    """All that the template says of one digit."""
    e, crop = explanation, explanation.crop
    saliency, anatomy = e.saliency, e.anatomy
    shares = anatomy.shares(e.best, e.rival) / network.temperature
    bias = float(anatomy.bias[e.best] - anatomy.bias[e.rival]) / network.temperature
    known = len(anatomy.scores)
    order = [int(k) for k in np.argsort(-e.proba[:known], kind="stable") if k != e.best]
    greatest = max(float(np.abs(saliency.wiped).max()), float(np.abs(saliency.inked).max()))
    return {
        "best": e.best,
        "rival": e.rival,
        "probability": float(e.proba[e.best]),
        "odds": _odds(saliency.lead),
        "pixels": crop.tolist(),
        "picture": data_uri(ink_picture(crop)),
        "layers": [_layer(layer, number) for number, layer in enumerate(anatomy.layers, 1)],
        "scores": [(CLASSES[k], float(anatomy.scores[k]), float(e.proba[k])) for k in range(known)],
        "second": (CLASSES[order[0]], float(e.proba[order[0]])),
        "score_lead": float(anatomy.scores[e.best] - anatomy.scores[e.rival]),
        "entering": shares.size,
        "bends": sorted({layer.bend for layer in anatomy.layers}),
        "places": data_uri(lead_picture(shares.sum(axis=2), crop)) if shares.ndim == 3 else None,
        "places_side": shares.shape[0] if shares.ndim == 3 else 0,
        "units": _units(shares) if shares.ndim == 1 else [],
        "shares": float(shares.sum()),
        "bias": bias,
        "saliency": saliency,
        "part_sum": float(saliency.parts.sum()),
        "parts": data_uri(lead_picture(saliency.parts, crop)),
        "wiped": data_uri(lead_picture(saliency.wiped, crop, greatest)),
        "inked": data_uri(lead_picture(saliency.inked, crop, greatest)),
        "strokes": data_uri(lead_picture(saliency.strokes, crop)),
        "stroke": _stroke(saliency),
        "needed": _spot(saliency.wiped, saliency.lead),
        "swaying": _spot(-saliency.inked, saliency.lead),
    }


def _odds(lead: float) -> str:
    odds = math.exp(min(lead, 50.0))
    return "over a million" if odds > 1e6 else f"{odds:,.0f}" if odds >= 10 else f"{odds:.1f}"


def _layer(layer: Layer, number: int) -> dict[str, Any]:
    """A layer's maps as one picture; `width`: what the page enlarges it to, pixels."""
    told: dict[str, Any] = {"kind": layer.kind, "number": number}
    if layer.values.ndim == 1:
        count = layer.values.size
        columns = next(c for c in range(min(count, 16), 0, -1) if count % c == 0)
        picture, times = maps_picture(layer.values.reshape(1, 1, -1), columns), 10
    else:
        side, _, count = layer.values.shape
        picture, times = maps_picture(layer.values, 8 if side > 7 else 16), max(2, 56 // side)
        told |= {"side": side, "silent": int((layer.values.max(axis=(0, 1)) <= 0).sum())}
    return told | {"count": count, "picture": data_uri(picture), "width": times * picture.shape[1]}


def _units(shares: NDArray[np.float64]) -> list[tuple[int, float]]:
    """The eight values that matter most to the lead, by number from 1, greatest first."""
    first = np.argsort(-np.abs(shares))[:8]
    return [(int(unit) + 1, float(shares[unit])) for unit in first]


def _stroke(saliency: Saliency) -> Spot | None:
    """Where the stroke lies that the lead loses most with, or gains least; None where there is no stroke."""
    if not saliency.strokes.any():
        return None
    return _spot(np.where(saliency.strokes != 0.0, saliency.strokes, -np.inf), saliency.lead)


def _spot(loss: NDArray[np.float64], lead: float) -> Spot:
    """Where the lead loses most."""
    row, column = np.unravel_index(int(loss.argmax()), loss.shape)
    change = -float(loss[row, column])
    return Spot(int(row) + 1, int(column) + 1, change, lead + change)
